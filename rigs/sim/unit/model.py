"""The shape of a unit file; `rigs.sim.unit.checks` reads one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from rigs.sim.network.layout import UplinkName
from rigs.sim.unit.compose import CONTENTS, METHODS, OTHERS, PLACES, address
from rigs.sim.unit.lifefile import Life
from rigs.sim.unit.places import item_of
from rigs.sim.unit.speech import Host, OwnClock, Tls
from rigs.sim.unit.templates import ENCODINGS, names, parse
from rigs.sim.unit.terms import Facts, Interval, Value
from rigs.sim.unit.whereabouts import NAMES as POSITION
from rigs.sim.unit.workshop import Diagnosis
from telltale.errors import near_miss
from telltale.items import taxonomy
from telltale.yamlfile import Duration, Location, Strict

Uplink = UplinkName
Ecu = Literal["T-Box", "IVI"]
BUILT_IN = ("now", "now.unix", "now.ms", *POSITION, "app.token", "boot.id")
"""Names in templates beside facts and items; ``app.token`` is what signs the owner's app in at the maker's cloud,
``boot.id`` is drawn anew at each start."""
TRIGGERS = ("every", "at", "when", "on app", "on command", "follows")
_DESTINATIONS = (*METHODS, *OTHERS, "tcp", "udp", "gbt32960", "bluetooth", *PLACES, "show", "flush", "drop")
_NAMESPACES = ("global", "secure", "system")


def _template(text: str) -> str:
    parse(text)
    return text


def _url(text: str) -> str:
    scheme, _, rest = _template(text).partition("://")
    if scheme not in ("https", "http") or not rest:
        raise ValueError("expected a URL, `https://host/path`")
    return text


def _socket_url(text: str) -> str:
    scheme, _, rest = _template(text).partition("://")
    if scheme not in ("wss", "ws") or not rest:
        raise ValueError("expected a URL, `wss://host/path`")
    return text


def _address(text: str) -> str:
    address(_template(text))
    return text


def _signal(text: str) -> str:
    if text.count(".") != 1 or not all(text.split(".")):
        raise ValueError("expected a CAN signal, `Message.Signal`")
    return text


def _line(text: str) -> str:
    if not text.strip():
        raise ValueError("expected the name of a digital line, `SOS`")
    return text


def _device(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{2}(:[0-9a-f]{2}){5}", text):
        raise ValueError(f"`{text}` is no Bluetooth address, `02:00:5e:10:00:02`")
    return text


def _path(text: str) -> str:
    if not _template(text).startswith("/") or text.endswith("/"):
        raise ValueError("expected the path of a file, `/folder/name`")
    return text


def _setting(text: str) -> str:
    namespace, _, key = text.partition("/")
    if namespace not in _NAMESPACES or not key:
        raise ValueError(f"expected a setting, `namespace/key`, namespace being {', '.join(_NAMESPACES)}")
    return text


def _encoding(text: str) -> str:
    if text not in ENCODINGS:
        raise ValueError("unknown encoding" + near_miss(text, ENCODINGS))
    return text


Template = Annotated[str, AfterValidator(_template)]
Url = Annotated[str, AfterValidator(_url)]
SocketUrl = Annotated[str, AfterValidator(_socket_url)]
HostPort = Annotated[str, AfterValidator(_address)]
FilePath = Annotated[str, AfterValidator(_path)]
Kept = bool | Literal["over reset"]


class FactSource(Strict):
    """Something the car knows about itself, and what tells it."""

    default: Value | None = None
    """At power-up; None: unknown until it is told, so that no condition on it holds."""
    can: Annotated[str, AfterValidator(_signal)] | None = None
    io: Annotated[str, AfterValidator(_line)] | None = None
    """A digital line; it is ``open`` or ``closed``."""
    setting: Annotated[str, AfterValidator(_setting)] | None = None
    """An Android setting, ``global/experience_plan``."""
    command: bool = False
    """Set by commands that the cloud hands over: ``values`` says which command means what."""
    app: bool = False
    """Set by pages of apps: ``values`` says which page, ``package/.Activity``, means what."""
    diagnosis: Literal["session"] | None = None
    """What a tester does: ``session`` is ``default`` or ``extended``."""
    usb: Literal["stick"] | None = None
    """What is in the USB socket: ``plugged`` or ``absent``."""
    near: Annotated[list[str], Field(min_length=1)] | None = None
    """Places, items of the run: ``near`` one of them, or ``away``."""
    gnss: Literal["fix"] | None = None
    """What the GNSS receiver tells: a ``valid`` fix, or that it is ``lost``."""
    within: Annotated[float, Field(gt=0)] = 200
    """Metres, for ``near``."""
    values: dict[str, Value] = Field(default_factory=dict)
    """The value of signal, setting, socket or place to the fact's; others are taken as they are."""
    kept: Kept = False
    """Kept over power-off (settings, commands and apps only), or even over a reset to the factory state."""

    @model_validator(mode="after")
    def _one_source(self) -> FactSource:
        sources = [
            name
            for name in ("can", "io", "setting", "command", "app", "usb", "near", "gnss", "diagnosis")
            if getattr(self, name)
        ]
        if len(sources) > 1:
            raise ValueError(f"has {' and '.join(f'`{name}`' for name in sources)}; a fact has one source")
        if self.kept and not (self.setting or self.command or self.app):
            raise ValueError("is `kept`, which only a fact with a `setting`, a `command` or an `app` can be")
        if (told := "command" if self.command else "app" if self.app else None) and not self.values:
            raise ValueError(f"has `{told}` without `values`, which say which {told} means what")
        return self


class OnFailure(Strict):
    """What the car does when a send does not arrive; without it, the message is lost."""

    retry_after: Interval | None = None
    times: Annotated[int, Field(ge=1)] = 3
    queue: str | None = None
    """Where it waits once it has been retried often enough."""


class Send(Strict):
    """One message of a function: a trigger, a destination and a content; or the emptying of a queue."""

    every: Interval | None = None
    """While the function is active."""
    first: Duration | None = None
    """From the function's start to the first of ``every``; one interval if None."""
    at: Literal["start", "end", "power-up", "wake"] | None = None
    """The moment the function becomes active or ceases to be, the unit has booted, or has been woken from sleep."""
    when: Facts = Field(default_factory=dict)
    """The moment these facts come true while the function is active."""
    on_app: str | None = None
    """The user opens this app: ``package``, or one page of it alone, ``package/.Activity``."""
    on_command: str | None = None
    """The cloud hands over this command."""
    follows: str | None = None
    """Another send of the function has arrived."""

    while_: Facts = Field(default_factory=dict)
    """Facts that must hold as well at that moment."""
    after: Duration = 0
    """From the trigger to the send; it happens whatever changes in between."""

    get: Url | None = None
    post: Url | None = None
    put: Url | None = None
    delete: Url | None = None
    ws: SocketUrl | None = None
    """A message on a WebSocket."""
    mqtt: HostPort | None = None
    """A message published over TLS, under ``topic``."""
    topic: Template | None = None
    client_id: Template | None = None
    """What the MQTT connection calls the car; the unit's name if None."""
    ntp: HostPort | None = None
    """Ask for the time."""
    tcp: HostPort | None = None
    udp: HostPort | None = None
    usb: FilePath | None = None
    """A file on the USB stick."""
    store: FilePath | None = None
    """A file in the car."""
    wipe: FilePath | None = None
    """A folder of the car's: every file below it is deleted."""
    bluetooth: Annotated[str, AfterValidator(_device)] | None = None
    """A device near by, by its address; with ``rfcomm`` or ``att``."""
    rfcomm: Annotated[int, Field(ge=1, le=30)] | None = None
    """Channel of a stream."""
    att: Annotated[int, Field(ge=1, le=0xFFFF)] | None = None
    """Handle of the attribute whose new value the device is told."""
    show: Template | None = None
    """A notice on the unit's screen."""
    over: Interval | None = None
    """A file: how long it takes to be written, piece by piece."""
    keep: Interval | None = None
    """A file: deleted after this time."""
    keep_last: Annotated[int, Field(ge=1)] | None = None
    """A file: of all that this send writes, so many are kept, the oldest go."""
    gbt32960: Literal["login", "realtime", "reissue", "logout", "control"] | None = None
    to: HostPort | None = None
    """The platform, for ``gbt32960``."""
    uplink: Uplink | None = None
    """The unit's own if None."""
    ecu: Ecu | None = None
    """The control unit that it leaves from; the T-Box, which has the uplinks, if None."""
    http: Literal[1, 2, 3] = 1
    """3 falls back to 2 where QUIC does not get through."""
    query: dict[str, Template] = Field(default_factory=dict)
    headers: dict[str, Template] = Field(default_factory=dict)
    content_type: str | None = None

    json_: Any = None
    form: dict[str, Template] | None = None
    text: Template | None = None
    media: str | None = None
    """An item, and what it passes: ``sentry_video|blurred``."""
    exif: dict[Literal["lat", "lon", "taken"], Template] = Field(default_factory=dict)
    """What is written into the metadata of a picture, the ``media``."""
    multipart: dict[str, Template] | None = None
    encode: list[Annotated[str, AfterValidator(_encoding)]] = Field(default_factory=list)
    """What the whole body passes, in order."""

    queue: str | None = None
    """Keep the message in this queue instead of sending it."""
    flush: str | None = None
    """Send what this queue holds, the oldest first."""
    drop: str | None = None
    """Forget what this queue holds."""
    if_it_fails: OnFailure | None = None

    @model_validator(mode="after")
    def _complete(self) -> Send:
        given = {(info.alias or name) for name, info in type(self).model_fields.items() if getattr(self, name)}
        _exactly_one("trigger", given, TRIGGERS)
        _exactly_one("destination", given, _DESTINATIONS)
        if len(contents := given & set(CONTENTS)) > 1:
            raise ValueError(f"has {' and '.join(sorted(contents))}; a message has one content")
        if ("gbt32960" in given) != ("to" in given):
            raise ValueError("needs both `gbt32960` and `to`, the platform's `host:port`")
        if bool(self.mqtt) != bool(self.topic):
            raise ValueError("needs both `mqtt`, the broker's `host:port`, and `topic`")
        if self.client_id and not self.mqtt:
            raise ValueError("has `client id`, which belongs to `mqtt`")
        if self.ntp and given & set(CONTENTS):
            raise ValueError("has content, which `ntp` does not take")
        if (misplaced := given & {"over", "keep", "keep last"}) and not given & {"usb", "store"}:
            raise ValueError(f"has `{min(misplaced)}`, which belongs to a file, `usb` or `store`")
        if len(given & {"rfcomm", "att"}) != int("bluetooth" in given):
            raise ValueError("needs `bluetooth`, the device's address, with one of `rfcomm` and `att`")
        if self.first is not None and not self.every:
            raise ValueError("has `first`, which belongs to `every`")
        if self.gbt32960 == "reissue":
            raise ValueError("`reissue` is what a queued `realtime` becomes; write `flush: QUEUE`")
        return self

    @model_validator(mode="after")
    def _marked(self) -> Send:
        if self.exif and not (self.media and {"lat", "lon"} & set(self.exif) in (set(), {"lat", "lon"})):
            raise ValueError("has `exif`, which belongs to `media`, a picture, and has `lat` and `lon` or neither")
        return self


def _exactly_one(what: str, given: set[str], choices: tuple[str, ...]) -> None:
    chosen = [choice for choice in choices if choice in given]
    if len(chosen) != 1:
        has = " and ".join(f"`{choice}`" for choice in chosen) or "none"
        raise ValueError(f"has {has}; a send has one {what} of {', '.join(choices)}")


class Function(Strict):
    """What the car does for somebody; active while its facts hold."""

    while_: Facts = Field(default_factory=dict)
    """No facts: always."""
    unless: Facts = Field(default_factory=dict)
    """Not while all of these hold."""
    regardless: bool = False
    """Active whatever the unit's ``gate`` says."""
    sends: dict[str, Send] = Field(min_length=1)


class Queue(Strict):
    """Messages made at one time and sent at another."""

    kept: Kept = False
    """Kept over power-off, or even over a reset to the factory state."""


class CommandLink(Strict):
    """Where the car waits for commands, see `rigs.sim.unit.link`."""

    mqtt: HostPort
    topic: str
    uplink: Uplink | None = None


class Unit(Strict):
    """A unit file."""

    unit: str
    made_by: str
    uplink: Uplink
    """The uplink of everything that names no other."""
    state: dict[str, FactSource]
    tls: dict[Host, Tls] = Field(default_factory=dict)
    """By host, ``*.ending`` or ``*``; the most specific row counts, a host without one has every default."""
    queues: dict[str, Queue] = Field(default_factory=dict)
    command_link: CommandLink | None = None
    diagnosis: Diagnosis | None = None
    clock: OwnClock = OwnClock()
    life: Life | None = None
    """None: it never sleeps, and dies with its supply."""
    software: str = "1.0.0"
    """What it says of itself as the version that it leaves the factory with."""
    versions: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Later versions: a merge patch on this file each; in a checked unit, what comes out of it."""
    gate: Facts = Field(default_factory=dict)
    """Facts under which functions are active at all, but for those that are so ``regardless``."""
    functions: dict[str, Function] = Field(min_length=1)

    def plain(self) -> dict[str, Any]:
        """As JSON data in the file's own words, for the unit's process."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def lines(self) -> tuple[str, ...]:
        """Digital lines that lead into the unit, in the order of the file."""
        return tuple(dict.fromkeys(fact.io for fact in self.state.values() if fact.io))

    @property
    def needs(self) -> set[str]:
        """Items whose values the run must give to the unit."""
        wanted = {name for _, text in templates_of(self) for name in names(text)}
        for _, _, send in sends_of(self):
            if send.gbt32960:
                wanted |= {"vin"} | ({"iccid"} if send.gbt32960 == "login" else set())
        wanted |= {item for fact in self.state.values() for item in fact.near or ()}
        wanted |= self.diagnosis.held if self.diagnosis else set()
        own = {item_of(name) for name in wanted} & set(taxonomy())
        return (own - set(self.state)).union(*(Unit.model_validate(data).needs for data in self.versions.values()))


def sends_of(unit: Unit) -> Iterator[tuple[Location, Function, Send]]:
    """Every send with its place in the file and the function that it belongs to."""
    for name, function in unit.functions.items():
        for send_name, send in function.sends.items():
            yield ("functions", name, "sends", send_name), function, send


def templates_of(unit: Unit) -> Iterator[tuple[Location, str]]:
    """Every text with places for values, with its own place in the file."""
    for place, _, send in sends_of(unit):
        for key in (*METHODS, *OTHERS, "topic", "client_id", "tcp", "udp", *PLACES, "show", "text"):
            if text := getattr(send, key):
                yield (*place, key.replace("_", " ")), text
        if send.media:
            yield (*place, "media"), f"{{{send.media}}}"
        for key in ("query", "headers", "form", "multipart", "exif"):
            for name, text in (getattr(send, key) or {}).items():
                yield (*place, key, name), text
        yield from _texts((*place, "json"), send.json_)


def _texts(place: Location, data: Any) -> Iterator[tuple[Location, str]]:
    if isinstance(data, str):
        yield place, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield (*place, key), str(key)
            yield from _texts((*place, key), value)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts((*place, index), value)
