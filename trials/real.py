"""A bench of instruments round a real unit: its own router, gateway and tap on this host, the wall clock, one unit."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from captures.decode import Senders
from reports.run_folder import RunFolder
from rigs import guardian
from rigs.benchfile import required
from rigs.connect import connect
from rigs.drivers.clock import WallClock
from rigs.drivers.manual import ManualInstrument
from rigs.instruments import Instruments, MissingInstrumentError
from rigs.protocols import Adb, PowerSupply
from rigs.rigfile import Addresses, RealRig
from rigs.signs import UNBELIEVED, doubts, no_sign_of_life
from rigs.stimuli import Stimulator
from telltale.errors import InputError, RigError, TelltaleError
from telltale.identity import Identities
from telltale.timeline import Timeline
from telltale.times import SECOND, ClockMap, format_duration
from trials.keys import KeySources
from trials.observation import Control
from trials.places import look_into
from trials.progress import waiting
from trials.realwiring import RealWiring
from trials.recording import Stock
from trials.retrieval import Retrieval
from trials.scratch import scratch
from trials.setup import Setup

FROM_THE_UNIT = ("modem", "adb", "storage")
"""Instruments that are ports of the unit itself, or reached through one: they come and go with its power."""
ANY_SETTING = ("global", "device_name")
"""What an Android answers as soon as it has booted: a value, or that there is none."""
GLANCE = SECOND
"""Time between two looks at gateway and tap, and between two attempts to reach a unit that boots, ns."""
DEAD = 1.0
"""Volt at the supply's terminals, below which no unit runs."""


class RealBench:
    """Made once a session; serves one trial at a time. It holds the rig file locked, since instruments are not shared.

    :raises InputError: what the rig file names is not there, or it lacks what scenarios need
    :raises HostRefusedError: this host does not allow it
    :raises RigError: the rig is in use, or a part does not come up
    """

    def __init__(self, rig: RealRig) -> None:
        self.rig = rig
        self.identities = _identities(rig)
        with rig.blamed("accounts"):
            self.tokens = rig.bench.tokens()
        self._stack = ExitStack()
        try:
            self._lock(rig)
            folder = self._stack.enter_context(scratch())
            self.wiring = self._stack.enter_context(RealWiring.open(rig, folder))
        except BaseException:
            self._stack.close()
            raise

    def _lock(self, rig: RealRig) -> None:
        file = os.open(rig.path, os.O_RDONLY | os.O_CLOEXEC)
        self._stack.callback(os.close, file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RigError(
                f"{rig.path} is in use by another run; a real rig serves one at a time (with pytest's -n as well)"
            ) from None

    @property
    def usable(self) -> bool:
        """Whether another trial can be served."""
        return self.wiring.usable

    def serves(self, setup: Setup) -> bool:
        """Whether it is the bench of this very rig."""
        return isinstance(setup.rig, RealRig) and setup.rig.path == self.rig.path

    def begin(self, setup: Setup, folder: RunFolder) -> RealSession:
        """Take the unit, powered off if the rig has a supply, with the capture running.

        :raises InputError: an instrument is not where the rig file says
        :raises RigError: an instrument fails
        """
        return RealSession(self, setup, folder)

    def close(self) -> None:
        """Give the uplinks back."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RealSession:
    """One trial on the unit; see `trials.trial.Session`. Closing it leaves the bench in its safe state."""

    def __init__(self, bench: RealBench, setup: Setup, folder: RunFolder) -> None:
        self._rig = bench.rig
        self._wiring = bench.wiring
        self._folder = folder
        self._tokens = bench.tokens
        self._clock = WallClock()
        self._stack = ExitStack()
        self._keys = KeySources(bench.rig.access, adb=self._adb)
        self._ports: ExitStack | None = None
        """The unit's own ports, while it is on."""
        self._answered = self._on = False
        self._looked = 0
        self.vehicle = setup.vehicle
        self.identities = bench.identities
        self.uplinks: Mapping[str, str] = bench.wiring.uplinks
        self.units = bench.wiring.unit_addresses
        self.senders: Mapping[str, Senders] = bench.wiring.senders
        self.timeline = Timeline()
        try:
            self._wiring.begin(folder.file("traffic.pcapng"))
            self._stack.callback(self._seal)
            self._stack.enter_context(guardian.Guardian(_with_safe_states(bench.rig.addresses)))
            absent = dict.fromkeys(FROM_THE_UNIT)
            self._bench = self._stack.enter_context(self._connect(bench.rig.addresses.model_copy(update=absent)))
            self.instruments = self._bench
            owner = {"authorization": f"Bearer {self._tokens['owner']}"} if self._tokens else {}
            places = {i.item: i.value for i in self.identities if isinstance(i.value, tuple)}
            self.stimulator = Stimulator(self.vehicle, self._bench, self.timeline, owner=owner, places=places)
            self._stack.callback(self._unplug)
        except BaseException:
            self._stack.close()
            raise

    def _connect(self, addresses: Addresses) -> AbstractContextManager[Instruments]:
        return connect(self._rig, addresses, self.vehicle, self._clock, logs=self._folder.path)

    def _use(self, instruments: Instruments) -> None:
        self.instruments = instruments
        self.stimulator.use(instruments)

    def _adb(self) -> Adb:
        """The unit's ADB at this moment: it comes and goes with its power."""
        return self.instruments.needed_adb()

    @property
    def retrieval(self) -> Retrieval:
        """Asks the maker's cloud. :raises MissingInstrumentError: the rig has no probe or no accounts"""
        if not self._tokens:
            raise MissingInstrumentError(f"the rig {self._rig.name} names no `accounts` of the owner's app")
        return Retrieval(self.instruments.needed_probe(), self.vehicle.recordings, self._tokens)

    @property
    def awake(self) -> bool:
        """Whether the unit has come up and not been switched off since."""
        return self._on

    # --- power --------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Give power, and wait until the unit answers; a rig without a supply has a unit that is on.

        The rest of the car is on the bus before, so its facts hold from the moment of power; and so do the switches as
        they are read back later, since the unit brought them along.

        :raises InputError: one of the unit's ports never was where the rig file says
        :raises RigError: the unit does not come up in time
        """
        if self._bench.can is not None:
            self._bench.can.start_rest_bus()
        moment = self._clock.now()
        if self._bench.power is not None:
            self._bench.power.on()
        self._boot()
        self._on = True
        self._tell(moment)
        if self.instruments.storage is not None:
            self.instruments.storage.remember()
        if (stick := self.instruments.stick) is not None:
            self.timeline.record(moment, "usb_stick", "plugged" if stick.plugged else "absent", "bench")

    def restarted(self) -> None:
        """Its system restarted: its ports are connected anew, and it is told how the car stands."""
        self._unplug()
        self._boot()
        self._on = True
        self._tell(self._clock.now())

    def _tell(self, moment: int) -> None:
        self.stimulator.power_up(moment)
        known = next((i.value for i in self.identities if i.item == "position"), None)
        position = self.stimulator.whereabouts or known
        if self.instruments.gnss is not None and isinstance(position, tuple):
            self.stimulator.place(*position)

    def power_off(self) -> None:
        """Cut the power. :raises MissingInstrumentError: the rig has no supply"""
        power = self._bench.needed_power()
        self._keys.fetch()  # the last moment at which the unit can be asked
        if self._bench.can is not None:
            self._bench.can.stop_rest_bus()
        self._unplug()
        power.off()
        self.stimulator.life.look()

    def heard(self) -> str | None:
        """What shows that the unit is not off yet; None: nothing has been heard of it since the last call."""
        if self._wiring.has_grown():
            return "packets pass its uplinks"
        ports, asked = self._unit_ports()
        if not asked or self._plug(ports) is not None:
            return None
        self._unplug()
        return "it answers"

    def _unit_ports(self) -> tuple[Addresses, bool]:
        """The ports that lead into the unit, and whether there is anything to ask it by."""
        addresses = self._rig.addresses
        ports = Addresses(**{name: getattr(addresses, name) for name in FROM_THE_UNIT})
        asked = self._bench.diagnosis is not None or any(getattr(ports, name) is not None for name in FROM_THE_UNIT)
        return ports, asked

    def _boot(self) -> None:
        """Until every port of the unit's answers; with none, for as long as the rig file says that it takes."""
        ports, asked = self._unit_ports()
        began, allowed = time.monotonic_ns(), self._rig.bench.boot
        with waiting("the unit boots", allowed) as tell:
            while True:
                problem = self._plug(ports) if asked else None
                passed = time.monotonic_ns() - began
                if problem is None and (asked or passed >= allowed):
                    return
                if passed >= allowed and problem is not None:
                    raise self._not_up(problem)
                tell(passed, allowed)
                self._clock.advance(min(GLANCE, allowed))

    def _not_up(self, problem: TelltaleError) -> TelltaleError:
        if isinstance(problem, InputError) and not self._answered:
            return problem  # an address that never was right
        return RigError(f"the unit did not come up within {format_duration(self._rig.bench.boot)}: {problem}")

    def _plug(self, addresses: Addresses) -> TelltaleError | None:
        """Connect the unit's ports and ask each; why that failed, if it did."""
        with ExitStack() as ports:
            try:
                unit = ports.enter_context(self._connect(addresses))
            except (InputError, RigError) as error:
                return error
            plugged = {name: port for name in FROM_THE_UNIT if (port := getattr(unit, name)) is not None}
            present = replace(self._bench, **plugged)  # what is not plugged in may be a person
            if (silence := _silence(present)) is not None:
                return RigError(silence)
            self._ports, self._answered = ports.pop_all(), True
            self._use(present)
        return None

    def _unplug(self) -> None:
        self._on = False
        self._use(self._bench)
        if self._ports is not None:
            self._ports.close()
            self._ports = None

    # --- time ---------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Bench time, ns: the wall clock's."""
        return self._clock.now()

    def advance(self, duration: int) -> None:
        """Wait, with a bar on the terminal.

        :raises RigError: gateway or tap failed meanwhile; what the unit does unseen shows nothing
        """
        self._look_after()
        with waiting("time passes", duration) as tell:

            def glance(passed: int, asked: int) -> None:
                tell(passed, asked)
                self.stimulator.life.progress(passed, asked)
                if time.monotonic_ns() - self._looked >= GLANCE:
                    self._look_after()

            self._clock.advance(duration, glance)

    def _look_after(self) -> None:
        self._wiring.look_after()
        if self._on and self.instruments.gnss is not None:
            with suppress(RigError):  # a dead line is told when stock is taken
                self.instruments.gnss.repeat(self._clock.now())
        self._looked = time.monotonic_ns()

    def steps(self) -> ClockMap:
        """The bench clock is the wall clock."""
        return ClockMap()

    # --- what is seen -------------------------------------------------------------------------------------------

    def control(self, uplink: str) -> Control:
        """Send a control transmission."""
        return self._wiring.control(uplink)

    @property
    def has_screen(self) -> bool:
        """Whether the unit has a screen that can be looked at now."""
        return self.instruments.adb is not None

    def take_stock(self) -> Stock:
        """The capture as it stands, with every cause to distrust it."""
        stock = self._wiring.take_stock()
        held, unseen = look_into(self.instruments, self._folder)
        fetched = self._keys.fetch()
        return replace(
            stock,
            causes=(*stock.causes, *self._wiring.uncontrolled, *self._causes(), *unseen),
            keylog=b"\n".join((stock.keylog, fetched.keylog)),
            key_state=fetched.state,
            held=held,
        )

    def _causes(self) -> Iterator[str]:
        if not self._on:
            yield "the unit is off"
            return
        bench = self.instruments
        if bench.can is not None and bench.can.error:
            yield f"the CAN bus failed: {bench.can.error}"
        if bench.gnss is not None and bench.gnss.error:
            yield f"the GNSS line failed: {bench.gnss.error}"
        if bench.power is not None:
            yield from _no_power(bench.power)
        tunnel = bench.coverage is not None and bool(bench.coverage.away)
        if not self.stimulator.life.asleep and (silence := _silence(bench, without_coverage=tunnel)) is not None:
            yield f"the unit gave no sign of life: {silence}"
        codes = self.vehicle.diagnosis.bus_faults if self.vehicle.diagnosis else ()
        yield from (f"{UNBELIEVED}: {code}" for code in doubts(bench, codes))

    def close(self) -> None:
        """Leave the bench in its safe state, then end the capture."""
        try:
            if self._on:
                self._keys.fetch()
        finally:
            self._stack.close()

    def _seal(self) -> None:
        keys = b"\n".join((self._wiring.keys(), self._keys.held))
        self._folder.file("keys.log").write_bytes(keys)
        self._wiring.seal(keys)


def _with_safe_states(addresses: Addresses) -> dict[str, object]:
    """Instruments that must not be left as they are, as plain data."""
    present = {kind: getattr(addresses, kind) for kind in guardian.KINDS}
    return {kind: address.model_dump(mode="json") for kind, address in present.items() if address is not None}


def _silence(unit: Instruments, *, without_coverage: bool = False) -> str | None:
    """Why the unit is not known to be up; None if all that can be asked of it answers."""
    if unit.adb is not None and not isinstance(unit.adb, ManualInstrument):
        try:
            unit.adb.get_setting(*ANY_SETTING)
        except RigError as error:
            return str(error)
        if unit.modem is None and unit.diagnosis is None:
            return None
    return no_sign_of_life(unit, without_coverage=without_coverage)


def _no_power(power: PowerSupply) -> Iterator[str]:
    try:
        if (volt := power.measure().voltage) < DEAD:
            yield f"the supply gives {volt:g} V, so the unit has no power"
    except MissingInstrumentError:
        return  # it is switched by hand, and measures nothing
    except RigError as error:
        yield f"the supply failed: {error}"


def _identities(rig: RealRig) -> Identities:
    """:raises InputError: the rig file names none, or they are not as they should be"""
    path: Path = required(
        rig.bench.identities, "identities", "a file with what the unit is known by, such as `vin: LSV…`", file=rig.path
    )
    return Identities.load(path)
