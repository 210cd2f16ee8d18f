"""One trial on the simulated bench: a fresh car, its cloud and its owner's phone."""

from __future__ import annotations

import copy
import secrets
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from captures.decode import Senders
from reports.run_folder import RunFolder
from rigs.addresses import (
    DigitalAddress,
)
from rigs.connect import connect
from rigs.protocols import Adb
from rigs.rigfile import Addresses, SimulatedRig
from rigs.signs import UNBELIEVED, doubts, no_sign_of_life
from rigs.sim.clock import VirtualClock
from rigs.sim.overlay import apply
from rigs.sim.parts import Failure, SimulatedCloud, SimulatedUnit, UnitBoot
from rigs.sim.peers.host import PeerHost
from rigs.sim.source import Source
from rigs.sim.stick import SimulatedStick
from rigs.sim.unit.model import Unit
from rigs.stimuli import Stimulator
from telltale.errors import InputError, RigError
from telltale.fidelity import Fidelity
from telltale.identity import Identities
from telltale.timeline import Timeline
from telltale.times import ClockMap
from telltale.transmission import PHONE
from trials import byhand
from trials.observation import CONTROL_HOST, Control
from trials.opening import Opening
from trials.places import look_into
from trials.recording import Stock
from trials.retrieval import Retrieval
from trials.setup import Setup
from trials.way import CapturedWay

MODEM_SILENCE = 0.5
"""Seconds of the host's time after which a modem that has not answered AT does not answer."""
GLANCE = 0.5
"""Seconds of the host's time between two looks at gateway and tap while bench time passes."""


class SimulatedSession:
    """One trial's car and cloud; see `trials.session.Session`."""

    def __init__(
        self,
        wiring: CapturedWay,
        peers: PeerHost,
        addresses: Addresses,
        setup: Setup,
        folder: RunFolder,
        *,
        identities: Identities,
    ) -> None:
        self._wiring = wiring
        self._peers = peers
        self._known = addresses
        self._folder = folder
        self._stack = ExitStack()
        self._looked = 0.0
        self.vehicle = setup.vehicle
        self.identities = identities
        self.uplinks: Mapping[str, str] = wiring.uplinks
        self.units = wiring.unit_addresses
        self.senders: Mapping[str, Senders] = wiring.senders
        self.timeline = Timeline()
        try:
            self._build(setup)
        except BaseException:
            self._stack.close()
            raise

    def _build(self, setup: Setup) -> None:
        if setup.unit is None or setup.cloud is None or not isinstance(setup.rig, SimulatedRig):
            raise InputError("a simulated bench needs a simulated rig", file=setup.rig.path)
        unit, cloud, phone = apply(
            setup.unit, _with_control(setup.cloud), setup.defects, phone=setup.phone, dbc=self.vehicle.dbc
        )
        tokens: dict[str, str] = {"owner": secrets.token_urlsafe(24), "other": secrets.token_urlsafe(24)}
        self._peers.air.clear()
        self._clock = VirtualClock(self._folder.file("clock.bin"))
        self._stack.callback(self._clock.close)
        self._opening = Opening(
            setup.rig.access,
            unit,
            secrets=self._wiring.authority.certificate.parent,
            tap=self._folder.file("backend-keys.log"),
            adb=self._adb,
        )
        self._wiring.begin(self._folder.file("traffic.pcapng"))
        self._stack.callback(self._seal)
        self._opening.grant(self._wiring.gateway)
        self._cloud = SimulatedCloud(
            cloud,
            clock=self._clock,
            spawner=self._wiring.spawner("cloud"),
            log=self._folder.file("cloud.log"),
            authority=self._wiring.authority,
            tokens=tokens,
            loopback=self._wiring.fidelity is Fidelity.LOOPBACK,
            clients=self._opening.clients,
            keylog=self._opening.tap,
        )
        self._cloud.start()
        self._stack.callback(self._cloud.stop)
        self._wiring.serve(self._cloud)
        socket_folder = self._folder.file("usb socket")
        socket_folder.mkdir(mode=0o700)
        boot = UnitBoot(
            unit=unit,
            identities=self.identities,
            flash=self._folder.file("flash"),
            authorities=self._wiring.gateway.ca_certificate,
            interfaces={name: at for name, at in self._wiring.interfaces.items() if name != PHONE},
            proxies=self._wiring.proxies,
            behind=self._wiring.behind,
            maker_authorities=self._wiring.authority.certificate,
            client_keys=self._opening.client_keys,
            addresses=self._wiring.addresses,
            dbc=self.vehicle.dbc,
            footage=self._footage(),
            usb=socket_folder,
        )
        self._relays = dict(enumerate(unit.lines, start=1))
        self._unit = SimulatedUnit(
            boot,
            clock=self._clock,
            spawner=self._wiring.spawner("unit"),
            log=self._folder.file("unit.log"),
        )
        self._stack.callback(self._unit.power_off)
        self.wire(self._peers.relays.closed)
        self._phone = self._boot_phone(phone, tokens["owner"]) if phone else None
        before, told = self._peers.can.received, self._peers.can.told  # the hub counts all frames of the session
        addresses, engineer = self._stack.enter_context(
            byhand.engineer(
                setup.rig,
                self._addresses(),
                self.vehicle,
                self._clock,
                logs=self._folder.path,
                bench=lambda: self.instruments,
            )
        )
        self.instruments = self._stack.enter_context(
            connect(
                setup.rig,
                addresses,
                self.vehicle,
                self._clock,
                logs=self._folder.path,
                delivered=lambda sent: self._peers.settle(before + sent),
                dial=self._wiring.dial,
                engineer=engineer,
            )
        )
        stick = SimulatedStick(self._folder.path, socket_folder, self._unit, self._clock)
        self._coverage = self._wiring.coverage(self._clock)
        if self._coverage is not None:
            self._stack.callback(self._coverage.restore)
        can = self.instruments.needed_can()
        self.instruments = replace(
            self.instruments,
            stick=stick,
            coverage=self._coverage,
            arrived=lambda: self._peers.arrive(told, lambda: can.received),
        )
        owner = {"authorization": f"Bearer {tokens['owner']}"}
        self.stimulator = Stimulator(self.vehicle, self.instruments, self.timeline, owner=owner, places=self._places())
        self.retrieval = Retrieval(self.instruments.needed_probe(), self.vehicle.recordings, tokens)

    def _places(self) -> dict[str, tuple[float, float]]:
        return {i.item: i.value for i in self.identities if isinstance(i.value, tuple)}

    def _addresses(self) -> Addresses:
        """Where this car's instruments are; what it has no use for is left out."""
        known = self._known
        return known.model_copy(
            update={"digital": self._digital(), "phone": known.phone if self._phone is not None else None}
        )

    def _digital(self) -> DigitalAddress | None:
        """A relay for each digital line of this unit, in the order of its file."""
        if not self._relays:
            return None
        lines = {line: channel for channel, line in self._relays.items()}
        return DigitalAddress(visa=self._peers.relays.address, lines=lines)

    def wire(self, closed: frozenset[int]) -> None:
        """The relays have changed: their contacts are the unit's digital lines."""
        self._unit.wire({line: "closed" if n in closed else "open" for n, line in self._relays.items()})

    def _boot_phone(self, phone: Unit, token: str) -> SimulatedUnit:
        """The owner's phone, signed in to the maker's app; it is on before the car is."""
        boot = UnitBoot(
            unit=phone,
            identities=self.identities,
            flash=self._folder.file("phone"),
            authorities=self._wiring.gateway.ca_certificate,
            maker_authorities=self._wiring.authority.certificate,
            client_keys=self._opening.client_keys,
            interfaces={PHONE: self._wiring.interfaces[PHONE]},
            proxies=self._wiring.proxies,
            addresses=self._wiring.addresses,
            token=token,
            role="phone",
        )
        booted = SimulatedUnit(
            boot,
            clock=self._clock,
            spawner=self._wiring.spawner("phone"),
            log=self._folder.file("phone.log"),
        )
        self._stack.callback(booted.power_off)
        booted.power_on({"adb": self._peers.phone.socket.fileno()})
        return booted

    def _adb(self) -> Adb:
        return self.instruments.needed_adb()

    def _footage(self) -> dict[str, Path]:
        """What the cameras see: the run's own media, on disk for the unit."""
        films = self._folder.file("footage")
        films.mkdir(mode=0o700)
        found: dict[str, Path] = {}
        for identity in self.identities:
            if isinstance(identity.value, bytes) and identity.item not in found:  # the first is what the camera takes
                found[identity.item] = films / identity.item
                found[identity.item].write_bytes(identity.value)
        return found

    # --- power --------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Switch the supply on and wait until the unit has booted, knows where it is and how the car stands."""
        self.instruments.needed_power().on()
        self.restarted()
        self.instruments.needed_storage().remember()
        self.timeline.record(
            self.now(), "usb_stick", "plugged" if self.instruments.needed_stick().plugged else "absent", "bench"
        )

    def restarted(self) -> None:
        """Tell a unit that has booted where it is and how the car stands, and read what it kept."""
        self.stimulator.power_up()
        position = self.stimulator.whereabouts or self.identities.first("position").value
        if not self.stimulator.sees_satellites:
            self.stimulator.lose_satellites()
        elif isinstance(position, tuple):
            self.stimulator.place(*position)
            self._unit.settle(position=position)

    @property
    def awake(self) -> bool:
        """Whether the unit runs, so that it can be asked."""
        return self._unit.alive and not self.stimulator.life.asleep

    def power_off(self) -> None:
        """Switch the supply off, which takes the unit down in the midst of what it does, unless it has a battery."""
        self.instruments.needed_power().off()
        self.stimulator.life.look()

    def heard(self) -> str | None:
        """What shows that the unit is not off yet; None: nothing is heard of it."""
        if self._wiring.has_grown():
            return "packets pass its uplinks"
        try:
            self.instruments.needed_modem().command("AT", timeout=MODEM_SILENCE)
        except RigError:
            return None
        return "its modem answers"

    def output(self, *, on: bool) -> None:
        """The supply's output changed: boot a unit from its flash, or cut its power; one with a battery runs on."""
        peers = self._peers
        if not on and self._unit.alive and self._unit.battery:
            peers.terminals.supply(on=False)
        elif not on:
            self._unit.power_off()
            peers.terminals.unplug()
        elif self._unit.alive:
            peers.terminals.supply(on=True)
        else:
            with ExitStack() as plugged:
                can, power = (plugged.enter_context(plug()) for plug in (peers.plug_can, peers.terminals.plug))
                behind = self._wiring.plug_behind()
                self._unit.power_on(
                    {
                        **({"behind": plugged.enter_context(behind).fileno()} if behind else {}),
                        "can": can.fileno(),
                        "adb": peers.adb.socket.fileno(),
                        "modem": peers.modem.unit_end,
                        "gnss": peers.gnss.unit_end,
                        "power": power.fileno(),
                        "radio": peers.air.unit_end.fileno(),
                    }
                )

    # --- time ---------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Bench time, ns."""
        return self._clock.now()

    def advance(self, duration: int) -> None:
        """Let bench time pass, ns.

        :raises RigError: a part of the bench failed meanwhile; what the unit does unseen shows nothing
        """
        self._look_after()
        self._clock.advance(duration, self._glance)

    def _glance(self, passed: int, asked: int) -> None:
        self.stimulator.life.progress(passed, asked)
        if time.monotonic() - self._looked > GLANCE:
            self._look_after()

    def _look_after(self) -> None:
        self._wiring.look_after()
        self._looked = time.monotonic()

    def steps(self) -> ClockMap:
        """Bench time of any wall time."""
        return self._clock.steps()

    # --- what is seen -------------------------------------------------------------------------------------------

    def control(self, uplink: str) -> Control:
        """Send a control transmission."""
        return self._wiring.control(uplink)

    @property
    def has_screen(self) -> bool:
        """Whether the unit has a screen that can be looked at now."""
        return self._unit.alive and not self.stimulator.life.asleep

    def take_stock(self) -> Stock:
        """The capture as it stands, with every cause to distrust it."""
        stock = self._wiring.take_stock()
        held, unseen = look_into(self.instruments, self._folder)
        fetched = self._opening.fetch()
        return replace(
            stock,
            causes=(*stock.causes, *self._causes(), *unseen, *self._opening.causes),
            keylog=b"\n".join((stock.keylog, fetched.keylog)),
            key_state=fetched.state,
            held=held,
        )

    def _causes(self) -> list[str]:
        causes = []
        if (died := self._unit.cause_of_death) is not None:
            causes.append(f"the unit died: {died}")
        elif not self._unit.alive:
            causes.append("the unit is off")
        elif not self.stimulator.life.asleep:
            causes += self._from_the_unit()
        if self._phone is not None and (died := self._phone.cause_of_death) is not None:
            causes.append(f"the owner's phone died: {died}")
        if (died := self._cloud.cause_of_death) is not None:
            causes.append(f"the cloud died: {died}")
        if self.instruments.can is not None and self.instruments.can.error:
            causes.append(f"the CAN bus failed: {self.instruments.can.error}")
        causes += [f"{UNBELIEVED}: {which}" for which in self._unit.disbelieved]
        causes += [
            f"the unit could not deliver {failure.send} of {failure.function}: {failure.reason}"
            for failure in (*self._unit.failures, *(self._phone.failures if self._phone else ()))
            if failure.then in ("lost", "not composed") and not self._was_without_coverage(failure)
        ]
        return causes

    def _was_without_coverage(self, failure: Failure) -> bool:
        """Whether the bench itself had taken the way from it: then it is no failure of the bench's."""
        if self._coverage is None or failure.uplink is None:
            return False
        return self._coverage.was_lost(failure.uplink, failure.bench)

    def _from_the_unit(self) -> list[str]:
        tunnel = self._coverage is not None and self._coverage.was_lost("cellular", self.now())
        if (missing := no_sign_of_life(self.instruments, without_coverage=tunnel)) is not None:
            return [f"the unit gave no sign of life: {missing}"]
        diagnosis = self.vehicle.diagnosis
        doubted = doubts(self.instruments, diagnosis.bus_faults if diagnosis else ())
        return [f"{UNBELIEVED}: {code}" for code in doubted]

    def close(self) -> None:
        """End the capture and take the car off the bench."""
        if self._unit.alive:
            self._opening.fetch()  # the last moment at which the unit can be asked
        self._stack.close()

    def _seal(self) -> None:
        keys = b"\n".join((self._wiring.keys(), self._opening.held))
        self._folder.file("keys.log").write_bytes(keys)
        self._wiring.seal(keys)


def _with_control(cloud: Source) -> Source:
    """The cloud file with a place for the bench's own control transmissions."""
    data = copy.deepcopy(cloud.data)
    data.setdefault("sinks", {})["bench control"] = {"at": f"https://{CONTROL_HOST}"}
    return replace(cloud, data=data)
