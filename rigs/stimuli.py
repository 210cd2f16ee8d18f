"""Does to the unit what a vehicle file says, and records in the timeline what the unit's state is from then on."""

from __future__ import annotations

from collections.abc import Mapping

from rigs.instruments import Instruments
from rigs.protocols import Adb, LineState, Signals
from rigs.vehicle import Action, Position, Switch, Vehicle
from telltale.errors import InputError, RigError, near_miss
from telltale.timeline import Fact, Timeline


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
        places: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.vehicle = vehicle
        self.timeline = timeline
        self._instruments = instruments
        self._clock = instruments.clock
        self._owner = dict(owner or {})
        self._places = dict(places or {})

    def power_up(self, moment: int | None = None) -> None:
        """Tell a unit that has just booted how the car stands, and record it: initial facts, and switches as read back.

        :param moment: bench time from which that holds, ns; now if None
        :raises RigError: an instrument failed
        """
        if self._instruments.can is not None:
            self._instruments.can.send_all()
        self._settled()
        self._record(self.vehicle.initial, "power-up", moment)
        if self._instruments.adb is not None:
            self.read_switches(moment)

    def read_switches(self, moment: int | None = None) -> dict[str, Position]:
        """How each switch stands, read over ADB and recorded; one that was never set is not known and left out."""
        found: dict[str, Position] = {}
        for name, switch in self.vehicle.switches.items():
            if switch.device == "phone" and self._instruments.phone is None:
                continue  # a bench without a phone says nothing of it
            value = self._android(switch).get_setting(switch.adb_setting.namespace, switch.adb_setting.key)
            if (position := switch.position(value)) is not None:
                found[name] = position
                self._record({switch.fact: position}, "adb", moment)
        return found

    def do(self, name: str) -> None:
        """Carry out the stimulus *name*.

        :raises InputError: the vehicle has no such stimulus
        :raises MissingInstrumentError: the rig lacks what it takes
        :raises RigError: an instrument failed
        """
        # Facts count from before the frames that bring them about: what the unit sends at once belongs to the new state
        moment = self._clock.now()
        for action in self.vehicle.stimulus(name):
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
        wanted: Position = "on" if position == "on" else "off"
        adb, setting = self._android(switch), switch.adb_setting
        adb.put_setting(setting.namespace, setting.key, switch.value(wanted))
        self._settled()
        found = adb.get_setting(setting.namespace, setting.key)
        if switch.position(found) != wanted:
            raise RigError(
                f"the switch `{name}` did not take: {setting.namespace}/{setting.key} is `{found}`, "
                f"not `{switch.value(wanted)}`, after it was turned {wanted}"
            )
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
        self._instruments.needed_gnss().place(latitude, longitude, self._clock.now())
        self._settled()

    def send(self, signals: Signals) -> None:
        """Send CAN messages that no stimulus names."""
        self._instruments.needed_can().send(signals)
        self._settled()

    def _act(self, action: Action) -> None:
        if action.can is not None:
            self.send(action.can)
        elif action.io is not None:
            self._set_lines(action.io)
        elif action.place is not None:
            if action.place not in self._places:
                raise InputError(f"this run has no `{action.place}`" + near_miss(action.place, self._places))
            self.place(*self._places[action.place])
        elif action.manual is not None:
            self._instruments.needed_engineer().ask(action.manual)
            self._settled()
        elif action.start is not None:
            self._instruments.needed_adb().start(action.start)
            self._settled()
        elif action.on_phone is not None:
            self._instruments.needed_phone().start(action.on_phone)
            self._settled()
        elif action.wait is not None:
            self._clock.advance(action.wait)
        elif action.app is not None:
            self._ask(action.app.post)

    def _set_lines(self, lines: Mapping[str, LineState]) -> None:
        for line, state in lines.items():
            self._instruments.needed_digital().set(line, state)
        self._settled()

    def _ask(self, path: str) -> None:
        url = f"{self.vehicle.owners_app}/{path.lstrip('/')}"
        headers = {**self._owner, "content-length": "0"}
        answer = self._instruments.needed_probe().fetch(url, headers, method="POST")
        if not 200 <= answer.status < 300:
            raise RigError(f"the owner's app was refused: POST {url} answered {answer.status}")
        self._settled()

    def note_asked(self) -> None:
        """Record what the engineer has been asked since the last time, at the present moment."""
        for entry in self._instruments.engineer.news() if self._instruments.engineer else ():
            said = f"{entry.answer} ({entry.note})" if entry.note else entry.answer
            self._record({f"by hand: {entry.prompt}": said}, "manual")

    def _settled(self) -> None:
        self.note_asked()
        self._instruments.delivered()
        self._clock.settle()

    def _record(self, facts: Mapping[str, Fact], source: str, moment: int | None = None) -> None:
        for fact, value in facts.items():
            self.timeline.record(self._clock.now() if moment is None else moment, fact, value, source)
