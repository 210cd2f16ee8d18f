"""Vehicle files: how people's words become stimuli, and which facts of the unit's state they set.

A stimulus is a list of actions in order; a switch is a setting of the unit's Android that is read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from rigs.diagnosis import Diagnosis
from rigs.drivers.messages import MessageSet, load_dbc
from rigs.protocols import LineState
from rigs.route import PlaceRow, Point
from telltale.errors import InputError, near_miss
from telltale.items import taxonomy
from telltale.timeline import Fact
from telltale.times import SECOND
from telltale.yamlfile import Duration, Location, Strict, check, line_of, read_whole

Position = Literal["on", "off"]
"""How a switch stands."""


def _url(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("expected a URL, `https://host/path`")
    return text.rstrip("/")


def _manufacturer(text: str) -> str:
    if len(text) != 3 or not text.isalnum() or not text.isupper():
        raise ValueError("expected the three capitals and digits that a VIN starts with (ISO 3780)")
    return text


class AppAction(Strict):
    """Something the owner asks for in the app."""

    post: str
    """Below the vehicle's ``owner's app``."""


class Action(Strict):
    """One thing done; exactly one of its keys is given."""

    can: dict[str, dict[str, float | str]] | None = None
    """Message to signal to value, sent once as one frame each; the rest bus goes on with these values."""
    rest_bus: Literal["silent"] | None = None
    """The other ECUs send no cyclic frames any more, so that the bus can sleep; the next ``can`` wakes it."""
    io: dict[str, LineState] | None = None
    """Digital lines and how they stand from now on; a ``wait`` and the opposite make a pulse."""
    facts: dict[str, Fact] | None = None
    """What the unit's state is from now on."""
    switch: dict[str, Position] | None = None
    """Switches and how they are set, as their user would."""
    place: str | None = None
    """The car is where this item of the run is: ``home_position``."""
    start: str | None = None
    """Open an app over ADB: ``package/.Activity``."""
    on_phone: str | None = None
    """Open an app, or a page of it, on the owner's phone: ``package/.Activity``."""
    app: AppAction | None = None
    manual: str | None = None
    """What the engineer is to do by hand, in words."""
    sms: str | None = None
    """Send the unit a text message."""
    wait: Duration | None = None
    """Let this much bench time pass."""

    @model_validator(mode="after")
    def _one(self) -> Action:
        if len(self.model_fields_set) != 1:
            known = (info.alias or name for name, info in type(self).model_fields.items())
            raise ValueError(f"expected exactly one of {', '.join(known)}")
        return self


class AdbSetting(Strict):
    """A setting of the unit's Android and the values that mean on and off."""

    namespace: Literal["global", "secure", "system"]
    key: str
    on: str
    off: str


class Switch(Strict):
    """Something the driver can turn on and off."""

    adb_setting: AdbSetting
    fact: str
    device: Literal["car", "phone"] = "car"
    """Whose Android keeps the setting."""

    def value(self, position: Position) -> str:
        """The setting's value for *position*."""
        return self.adb_setting.on if position == "on" else self.adb_setting.off

    def position(self, value: str | None) -> Position | None:
        """What a setting's *value* means; None if it is neither on nor off."""
        meanings: dict[str | None, Position] = {self.adb_setting.on: "on", self.adb_setting.off: "off"}
        return meanings.get(value)


class NetworkRow(Strict):
    """The unit's own network-management message."""

    message: str
    """Its name in the DBC."""
    silent_after: Annotated[Duration, Field(gt=0)]
    """Once it has not been heard for so long the unit no longer needs the bus; longer than its cycle time."""


class ModemRow(Strict):
    """What the AT console of a sleeping unit shows."""

    ask: str
    """A command that wakes nobody: ``AT``, ``AT+CFUN?``."""
    asleep: str
    """The answer that means sleep, such as ``+CFUN: 4``; or ``no answer``."""


class LifeRow(Strict):
    """When the unit sleeps, and how a bench sees it and wakes it."""

    asleep_below: Annotated[float, Field(gt=0)] | None = None
    """Ampere from the supply; more is drawn by a unit that is awake."""
    network_management: NetworkRow | None = None
    modem: ModemRow | None = None
    signs_agree_within: Duration = 30 * SECOND
    """For how long one sign may lag behind another before they contradict each other."""
    kept_awake: list[dict[str, Fact | list[Fact]]] = Field(default_factory=list)
    """Any of these facts of the timeline keeps it awake."""
    falls_asleep: list[Action] = Field(min_length=1)
    """What the rest of the car does to let it sleep."""
    falls_asleep_within: Duration
    woken_by: dict[Literal["door", "sms", "can"], list[Action]] = Field(default_factory=dict)
    timer: Duration | None = None
    """The longest that it sleeps before it wakes by itself; None: it does not."""
    wakes_within: Duration = 30 * SECOND
    backup_battery: Duration = 0
    """How long it runs on without its supply, as its maker says."""
    silent_for: Duration = 60 * SECOND
    """For how long it may still be heard once its supply is off and its battery should be empty."""

    @model_validator(mode="after")
    def _has_a_sign(self) -> LifeRow:
        if self.asleep_below is None and self.network_management is None and self.modem is None:
            raise ValueError("expected a sign of sleep: `asleep below`, `network management` or `modem`")
        return self


class SoftwareRow(Strict):
    """Which version the unit runs, and how it gets another."""

    property: str
    """The Android property that says it."""
    install: str
    """A command line for the unit's shell that installs ``{version}`` for the next boot."""

    @model_validator(mode="after")
    def _names_the_version(self) -> SoftwareRow:
        if "{version}" not in self.install:
            raise ValueError("`install` names no `{version}`")
        return self


_KNOWN_STIMULI: set[str] = set()


def known_stimuli() -> frozenset[str]:
    """Names of the stimuli of every vehicle file read so far: the words that a scenario may use after When."""
    return frozenset(_KNOWN_STIMULI)


class _VehicleFile(Strict):
    vehicle: str
    called: list[str] = Field(min_length=1)
    dbc: Path
    manufacturer_code: Annotated[str, AfterValidator(_manufacturer)] = "LNB"
    owners_app: Annotated[str, AfterValidator(_url)] | None = Field(None, alias="owner's app")
    recordings: dict[str, str] = Field(default_factory=dict)
    requests: dict[str, str] = Field(default_factory=dict)
    diagnosis: Diagnosis | None = None
    initial: dict[str, Fact] = Field(default_factory=dict)
    stimuli: dict[str, list[Action]] = Field(default_factory=dict)
    switches: dict[str, Switch] = Field(default_factory=dict)
    places: dict[str, PlaceRow] = Field(default_factory=dict)
    routes: dict[str, Annotated[list[str | Point], Field(min_length=2)]] = Field(default_factory=dict)
    under_way: dict[str, Fact] = Field(default_factory=dict)
    speedometer: Annotated[str, Field(pattern=r"^\w+\.\w+$")] | None = None
    life: LifeRow | None = None
    software: SoftwareRow | None = None


def _acted(file: _VehicleFile) -> Iterator[tuple[Location, list[Action]]]:
    """Everything that is done, with its place in the file."""
    for name, actions in file.stimuli.items():
        yield ("stimuli", name), actions
    if file.life:
        yield ("life", "falls asleep"), file.life.falls_asleep
        for cause, actions in file.life.woken_by.items():
            yield ("life", "woken by", cause), actions


class Vehicle:
    """A vehicle file and its DBC, each checked against the other."""

    def __init__(self, file: _VehicleFile, path: Path, lines: Mapping[Location, int]) -> None:
        self._file = file
        self._lines = lines
        self.path = path
        self.dbc = path.parent / file.dbc
        try:
            self.database = load_dbc(self.dbc)
            messages = MessageSet(self.database)
        except InputError as error:
            raise self._fault(("dbc",), f"`dbc` is `{file.dbc}`: {error.message}") from None
        for key, rows in (("recordings", file.recordings), ("requests", file.requests)):
            if rows and not file.owners_app:
                raise self._fault((key,), f"`owner's app` is missing, which `{key}` needs")
        for item in file.recordings:
            if item not in taxonomy():
                raise self._fault(("recordings", item), f"unknown item `{item}`" + near_miss(item, taxonomy()))
        self._check_network(messages)
        _KNOWN_STIMULI.update(file.stimuli)
        self._check_actions(file, messages)
        self._check_ways(file, messages)

    def _check_actions(self, file: _VehicleFile, messages: MessageSet) -> None:
        for place, actions in _acted(file):
            for index, action in enumerate(actions):
                if fault := messages.check(action.can or {}):
                    raise self._fault((*place, index, "can", *fault[0]), fault[1])
                for switch in action.switch or {}:
                    if switch not in file.switches:
                        problem = f"unknown switch `{switch}`" + near_miss(switch, file.switches)
                        raise self._fault((*place, index, "switch", switch), problem)
                if action.place:
                    self._check_place(action.place, (*place, index, "place"))
                if action.app and not file.owners_app:
                    raise self._fault((*place, index, "app"), "`owner's app` is missing, which `app` needs")

    def _check_network(self, messages: MessageSet) -> None:
        row = self._file.life.network_management if self._file.life else None
        if row is not None and row.message not in messages.names:
            problem = f"the DBC has no message `{row.message}`" + near_miss(row.message, messages.names)
            raise self._fault(("life", "network management", "message"), problem)

    def _check_ways(self, file: _VehicleFile, messages: MessageSet) -> None:
        for name, row in file.places.items():
            if isinstance(row.at, str):
                self._check_place(row.at, ("places", name, "at"))
        for name, points in file.routes.items():
            for index, point in enumerate(points):
                if isinstance(point, str) and point not in file.places:
                    problem = f"`{point}` is no place of this file" + near_miss(point, file.places)
                    raise self._fault(("routes", name, index), problem)
        if file.speedometer:
            message, signal = file.speedometer.split(".")
            if fault := messages.check({message: {signal: 0.0}}):
                raise self._fault(("speedometer",), fault[1])

    def _check_place(self, item: str, place: Location) -> None:
        known = [item.name for item in taxonomy().values() if item.kind == "position"]
        if item not in known:
            raise self._fault(place, f"`{item}` is no place" + near_miss(item, known))

    @classmethod
    def load(cls, path: Path) -> Vehicle:
        """The vehicle file at *path*.

        :raises InputError: with file, line and near-misses, for the first thing that is wrong
        """
        data, lines = read_whole(path)
        return cls(check(data, _VehicleFile, path, lines), path, lines)

    @property
    def name(self) -> str:
        """What the vehicle is, for reports."""
        return self._file.vehicle

    @property
    def called(self) -> tuple[str, ...]:
        """Words that mean this vehicle in a scenario."""
        return tuple(self._file.called)

    @property
    def manufacturer_code(self) -> str:
        """The first three characters of its VIN."""
        return self._file.manufacturer_code

    @property
    def owners_app(self) -> str | None:
        """Where the owner's app asks, without a slash at the end."""
        return self._file.owners_app

    @property
    def recordings(self) -> Mapping[str, str]:
        """Media item to the URL at which the owner's app lists recordings of it."""
        return {item: f"{self.owners_app}/{path.strip('/')}" for item, path in self._file.recordings.items()}

    def request(self, name: str) -> str:
        """Where the owner makes the request *name*. :raises InputError: it knows none of that name"""
        if name not in self._file.requests:
            raise self._unknown("request", "requests", name, self._file.requests)
        return f"{self.owners_app}/{self._file.requests[name].strip('/')}"

    @property
    def diagnosis(self) -> Diagnosis | None:
        """How the unit is spoken to by a tester; None if nobody knows."""
        return self._file.diagnosis

    @property
    def initial(self) -> Mapping[str, Fact]:
        """Facts after power-up, as the start values of the DBC make them."""
        return self._file.initial

    @property
    def stimuli(self) -> tuple[str, ...]:
        """Names of what can be done to it."""
        return tuple(self._file.stimuli)

    @property
    def switches(self) -> Mapping[str, Switch]:
        """What can be turned on and off."""
        return self._file.switches

    @property
    def life(self) -> LifeRow | None:
        """When it sleeps; None: the file does not say."""
        return self._file.life

    @property
    def network_message(self) -> tuple[int, bool] | None:
        """Identifier of the unit's own network-management message, and whether it is an extended one."""
        if self.life is None or self.life.network_management is None:
            return None
        message = self.database.get_message_by_name(self.life.network_management.message)
        return message.frame_id, message.is_extended_frame

    @property
    def software(self) -> SoftwareRow | None:
        """How its version is read and changed; None: the file does not say."""
        return self._file.software

    @property
    def under_way(self) -> Mapping[str, Fact]:
        """Facts while it is on a route, between its places."""
        return self._file.under_way

    @property
    def speedometer(self) -> tuple[str, str] | None:
        """Message and signal that tell the speed, km/h; None: the file does not say."""
        message, _, signal = (self._file.speedometer or "").partition(".")
        return (message, signal) if signal else None

    def place(self, name: str) -> PlaceRow:
        """The place called *name*. :raises InputError: it knows none of that name; near-misses are shown"""
        if name not in self._file.places:
            raise self._unknown("place", "places", name, self._file.places)
        return self._file.places[name]

    def route(self, name: str) -> Sequence[str | Point]:
        """Places and points of the route *name*. :raises InputError: it knows none of that name"""
        if name not in self._file.routes:
            raise self._unknown("route", "routes", name, self._file.routes)
        return self._file.routes[name]

    def is_called(self, words: str) -> bool:
        """Whether *words* of a scenario mean this vehicle."""
        return words.strip().casefold() in {name.casefold() for name in (self.name, *self.called)}

    def stimulus(self, name: str) -> list[Action]:
        """What to do for *name*. :raises InputError: it has no such stimulus; near-misses are shown"""
        if name not in self._file.stimuli:
            raise self._unknown("stimulus", "stimuli", name, self._file.stimuli)
        return self._file.stimuli[name]

    def switch(self, name: str) -> Switch:
        """The switch called *name*. :raises InputError: it has none of that name; near-misses are shown"""
        if name not in self._file.switches:
            raise self._unknown("switch", "switches", name, self._file.switches)
        return self._file.switches[name]

    def _unknown(self, kind: str, section: str, name: str, known: Mapping[str, object]) -> InputError:
        return self._fault((section,), f"{self.name} has no {kind} `{name}`" + near_miss(name, known))

    def _fault(self, place: Location, message: str) -> InputError:
        return InputError(message, file=self.path, line=line_of(place, self._lines))
