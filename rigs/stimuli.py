"""Does to the unit what a vehicle file says, and records in the timeline what the unit's state is from then on."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rigs.instruments import Instruments
from rigs.lifewatch import LifeWatch
from rigs.protocols import Adb, LineState, Signals
from rigs.route import Fix
from rigs.vehicle import Action, Switch, Vehicle
from rigs.vehicle import Position as Stand
from telltale.errors import InputError, RigError, near_miss
from telltale.identity import Position
from telltale.timeline import Fact, Timeline


class Moved(NamedTuple):
    """A switch that stands elsewhere than its user left it."""

    name: str
    left: Stand
    """How its user left it; one that nobody ever touched is off."""
    found: Stand | None
    """How it stands; None: it can no longer be read."""
    bench: int
    """When that was found, ns."""


class Stimulator:
    """One vehicle on one rig.

    After each action it waits until the unit has received it and has come to rest, so that nothing due to it is later
    taken for something else.

    :param owner: headers that make a request to the cloud the owner's, e.g. ``{"authorization": "Bearer …"}``
    :param places: position item of the run to degrees, WGS-84
    """

    def __init__(
        self,
        vehicle: Vehicle,
        instruments: Instruments,
        timeline: Timeline,
        *,
        owner: Mapping[str, str] | None = None,
        places: Mapping[str, Position] | None = None,
    ) -> None:
        self.vehicle = vehicle
        self.timeline = timeline
        self._instruments = instruments
        self._clock = instruments.clock
        self.life = LifeWatch(vehicle, instruments, timeline)
        self.moved: list[Moved] = []
        """Switches that were found elsewhere than their user had left them."""
        self._known: dict[str, Stand | None] = {}
        self._begun = False
        self._owner = dict(owner or {})
        self._places = dict(places or {})
        self.whereabouts: Position | None = None
        """Where the car is, degrees, WGS-84, whatever its receiver sees of the sky; None: it was never placed."""
        self.sees_satellites = True

    def power_up(self, moment: int | None = None) -> None:
        """Tell a unit that has just booted how the car stands, and read back how its switches do.

        The first time, the facts that the vehicle file begins with are recorded; later boots find the car as it is.

        :param moment: bench time from which that holds, ns; now if None
        :raises RigError: an instrument failed
        """
        if self._instruments.can is not None:
            self._instruments.can.send_all()
        self._instruments.delivered()
        self._clock.settle()
        if not self._begun:
            self._record(self.vehicle.initial, "power-up", moment)
            self._begun = True
        if self._instruments.adb is not None:
            self.read_software(moment)
            self.read_switches(moment)
        self.life.look()

    def use(self, instruments: Instruments) -> None:
        """Go on with other instruments: a unit's own ports come and go with its power."""
        self._instruments = instruments
        self.life.use(instruments)

    def cut_supply(self) -> None:
        """Switch the supply off and see nothing; from any thread. :raises RigError: it did not switch"""
        self._instruments.needed_power().off()

    def shell(self, line: str) -> None:
        """Run a command line on the unit's Android. :raises RigError: it fails, or nobody answers"""
        self._instruments.needed_adb().shell(line)

    def reboot(self) -> None:
        """Restart the unit's system over ADB, without waiting for it."""
        self._instruments.needed_adb().reboot()

    def factory_reset(self) -> None:
        """Take the unit back to its factory state, without waiting for it.

        What its user had chosen is withdrawn by that, so every switch that the bench knows of is off from now on.
        """
        self._instruments.needed_adb().reset()
        for name, switch in self.vehicle.switches.items():
            if switch.device == "car" and name in self._known:
                self._known[name] = "off"
                self._record({switch.fact: "off"}, "reset")
        self.moved.clear()

    def read_software(self, moment: int | None = None) -> str | None:
        """The version that the unit says it runs, recorded; None if the vehicle file does not say where it stands."""
        row = self.vehicle.software
        if row is None:
            return None
        version = self._instruments.needed_adb().shell(shlex.join(["getprop", row.property])).strip()
        self._record({"software": version}, "adb", moment)
        return version

    def read_switches(self, moment: int | None = None) -> dict[str, Stand]:
        """How each switch stands, read over ADB; one that was never set is not known and left out.

        What is read is recorded, but for a switch that moved without its user: what nobody chose is nobody's consent,
        so the timeline keeps what the user chose, and `moved` tells the rest.

        :param moment: bench time from which that holds, ns; now if None
        """
        found: dict[str, Stand] = {}
        for name, switch in self.vehicle.switches.items():
            if switch.device == "phone" and self._instruments.phone is None:
                continue  # a bench without a phone says nothing of it
            value = self._android(switch).get_setting(switch.adb_setting.namespace, switch.adb_setting.key)
            if (position := switch.position(value)) is not None:
                found[name] = position
            if name in self._known and (position or "off") != (self._known[name] or "off"):
                self.moved.append(Moved(name, self._known[name] or "off", position, self._clock.now()))
                continue
            self._known.setdefault(name, position)
            if position is not None:
                self._record({switch.fact: position}, "adb", moment)
        return found

    def do(self, name: str) -> None:
        """Carry out the stimulus *name*.

        :raises InputError: the vehicle has no such stimulus
        :raises MissingInstrumentError: the rig lacks what it takes
        :raises RigError: an instrument failed
        """
        self.perform(self.vehicle.stimulus(name))

    def perform(self, actions: Sequence[Action]) -> None:
        """Carry out *actions* in order; raises as `do` does."""
        # Facts count from before the frames that bring them about: what the unit sends at once belongs to the new state
        moment = self._clock.now()
        for action in actions:
            if action.facts is not None:
                self._record(action.facts, "stimulus", moment)
            else:
                self._act(action)
            # Time has passed, or a person took theirs, which is in the timeline by now
            if action.wait is not None or self.timeline.latest > moment:
                moment = self._clock.now()

    def switch(self, name: str, position: str) -> None:
        """Turn the switch *name* ``on`` or ``off``; recorded only once the unit says that it took it.

        :raises InputError: the vehicle has no such switch, or *position* is neither
        :raises RigError: the unit did not take it
        """
        switch = self.vehicle.switch(name)
        if position not in ("on", "off"):
            raise InputError(f"the switch `{name}` cannot be `{position}`, expected on or off")
        wanted: Stand = "on" if position == "on" else "off"
        adb, setting = self._android(switch), switch.adb_setting
        adb.put_setting(setting.namespace, setting.key, switch.value(wanted))
        self._settled()
        found = adb.get_setting(setting.namespace, setting.key)
        if switch.position(found) != wanted:
            raise RigError(
                f"the switch `{name}` did not take: {setting.namespace}/{setting.key} is `{found}`, "
                f"not `{switch.value(wanted)}`, after it was turned {wanted}"
            )
        self._known[name] = wanted
        self._record({switch.fact: wanted}, "adb")

    def _android(self, switch: Switch) -> Adb:
        needed = self._instruments
        return needed.needed_phone() if switch.device == "phone" else needed.needed_adb()

    def write(self, name: str, value: str) -> None:
        """Write a data identifier over diagnosis, as a workshop does, and read it back.

        :raises RigError: the unit did not take it
        """
        self._instruments.needed_diagnosis().write(name, value)
        self._settled()

    def clear_faults(self) -> None:
        """Empty the fault memory. :raises RigError: it holds something afterwards, or the unit does not answer"""
        diagnosis = self._instruments.needed_diagnosis()
        diagnosis.clear_faults()
        if left := [fault.code for fault in diagnosis.faults() if fault.confirmed]:
            raise RigError(f"the fault memory was cleared and still holds {', '.join(left)}")
        self._settled()

    def reset(self) -> None:
        """Restart the unit over diagnosis; then it is told how the car stands, as after power-up."""
        self._instruments.needed_diagnosis().reset()
        self.power_up()

    def place(self, latitude: float, longitude: float) -> None:
        """Put the car at a place, degrees, WGS-84; the position itself is an identity and is not recorded."""
        self.whereabouts = latitude, longitude
        if self.sees_satellites:
            self._instruments.needed_gnss().place(latitude, longitude, self._clock.now())
        self._settled()

    def move(self, fix: Fix) -> None:
        """The car is somewhere else on its way; without satellites it is not told where."""
        self.whereabouts = fix.position
        if self.sees_satellites:
            self._instruments.needed_gnss().move(fix, self._clock.now())
        self._settled()

    def lose_satellites(self) -> None:
        """The receiver has no fix from now on. :raises MissingInstrumentError: the rig has no GNSS input"""
        self._record({"satellites": "lost"}, "bench")
        self.sees_satellites = False
        self._instruments.needed_gnss().lose(self._clock.now())
        self._settled()

    def find_satellites(self) -> None:
        """The receiver has a fix again, of where the car is by now; raises as `lose_satellites` does."""
        self._record({"satellites": "in view"}, "bench")
        self.sees_satellites = True
        if self.whereabouts is not None:
            self._instruments.needed_gnss().place(*self.whereabouts, self._clock.now())
        self._settled()

    def position_of(self, place: str) -> Position:
        """Degrees of an item of the run, ``home_position``. :raises InputError: the run has none"""
        if place not in self._places:
            raise InputError(f"this run has no `{place}`" + near_miss(place, self._places))
        return self._places[place]

    def note(self, facts: Mapping[str, Fact], moment: int | None = None) -> None:
        """Record what the car's state is from *moment* on, bench ns; now if None."""
        self._record(facts, "stimulus", moment)

    def send(self, signals: Signals) -> None:
        """Send CAN messages that no stimulus names."""
        self._instruments.needed_can().send(signals)
        self._settled()

    def _act(self, action: Action) -> None:
        does: dict[str, Callable[[Any], object]] = {
            "can": self._speak,
            "io": self._set_lines,
            "switch": self._set_switches,
            "place": self._go_to,
            "manual": lambda words: self._instruments.needed_engineer().ask(words),
            "start": lambda component: self._instruments.needed_adb().start(component),
            "on_phone": lambda component: self._instruments.needed_phone().start(component),
            "sms": lambda text: self._instruments.needed_sms().send(text),
            "app": lambda asked: self._ask(asked.post),
            "rest_bus": lambda _silent: self._instruments.needed_can().pause_rest_bus(),
            "wait": lambda duration: self._clock.advance(duration, self.life.progress),
        }
        for key in action.model_fields_set:
            does[key](getattr(action, key))
        self._settled()

    def _speak(self, signals: Signals) -> None:
        can = self._instruments.needed_can()
        can.resume_rest_bus()  # no control unit speaks alone: a frame wakes the bus
        can.send(signals)

    def _set_lines(self, lines: Mapping[str, LineState]) -> None:
        for line, state in lines.items():
            self._instruments.needed_digital().set(line, state)

    def _set_switches(self, switches: Mapping[str, Stand]) -> None:
        for name, position in switches.items():
            self.switch(name, position)

    def _go_to(self, place: str) -> None:
        self.place(*self.position_of(place))

    def _ask(self, path: str) -> None:
        url = f"{self.vehicle.owners_app}/{path.lstrip('/')}"
        headers = {**self._owner, "content-length": "0"}
        answer = self._instruments.needed_probe().fetch(url, headers, method="POST")
        if not 200 <= answer.status < 300:
            raise RigError(f"the owner's app was refused: POST {url} answered {answer.status}")

    def note_asked(self) -> None:
        """Record what the engineer has been asked since the last time, at the present moment."""
        for entry in self._instruments.engineer.news() if self._instruments.engineer else ():
            said = f"{entry.answer} ({entry.note})" if entry.note else entry.answer
            self._record({f"by hand: {entry.prompt}": said}, "manual")

    def _settled(self) -> None:
        self.note_asked()
        self._instruments.delivered()
        self._clock.settle()
        self.life.look()

    def _record(self, facts: Mapping[str, Fact], source: str, moment: int | None = None) -> None:
        for fact, value in facts.items():
            self.timeline.record(self._clock.now() if moment is None else moment, fact, value, source)
