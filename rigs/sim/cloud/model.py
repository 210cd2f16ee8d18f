"""The shape of a cloud file."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from rigs.sim.source import Source
from telltale.errors import near_miss
from telltale.hosts import checked_pattern
from telltale.yamlfile import Duration, Strict


def _url(text: str) -> str:
    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected a URL, `https://host/path`")
    return text


def _socket_url(text: str) -> str:
    if not text.startswith(("wss://", "ws://")):
        raise ValueError("expected a URL, `wss://host/path`")
    return _url(text.replace("ws", "http", 1)) and text


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("expected `host:port`")
    return text


def _segment(text: str) -> str:
    if not text or "/" in text:
        raise ValueError("expected one word of a path, without `/`")
    return text


Url = Annotated[str, AfterValidator(_url)]
SocketUrl = Annotated[str, AfterValidator(_socket_url)]
HostPort = Annotated[str, AfterValidator(_address)]
Segment = Annotated[str, AfterValidator(_segment)]


class Answer(Strict):
    """What a sink answers."""

    status: Annotated[int, Field(ge=100, le=599)] = 200
    json_: Any = None


class Sink(Strict):
    """Takes everything at and below a URL, or on a port."""

    at: Url | None = None
    ws: SocketUrl | None = None
    """WebSocket: messages come back as they came."""
    mqtt: HostPort | None = None
    """A broker over TLS: what is published is acknowledged, and goes nowhere."""
    ntp: HostPort | None = None
    """Tells bench time."""
    tcp: HostPort | None = None
    udp: HostPort | None = None
    answer: Answer = Answer()
    """HTTP only."""

    @model_validator(mode="after")
    def _one_place(self) -> Sink:
        if sum(place is not None for place in (self.at, self.ws, *self.ports)) != 1:
            raise ValueError("a sink has one of at, ws, mqtt, ntp, tcp, udp")
        return self

    @property
    def ports(self) -> tuple[str | None, ...]:
        """The places that are a ``host:port``."""
        return self.mqtt, self.ntp, self.tcp, self.udp


class Platform(Strict):
    """A GB/T 32960 monitoring platform."""

    gbt32960: HostPort


class App(Strict):
    """What the owner's phone talks to.

    Every request carries ``Authorization: Bearer TOKEN``: an unknown token is answered 401, another account's 403.
    """

    at: Url
    commands: list[str] = Field(default_factory=list)
    """What the owner can ask of the car."""
    serves: Literal["owner", "any account"] = "owner"


class DirectAddress(Strict):
    """A place where a recording can be fetched with a signed URL alone."""

    at: Url
    valid_for: Duration
    """How long a signature lasts; longer than the recording is kept, or a probe could not tell gone from expired."""
    keep: Duration | None = None
    """How long this place hands the recording out; as long as the store if None."""
    emptied: bool = True
    """Whether it goes with what is deleted at the store; a cache may keep it."""


class Summary(Strict):
    """What the cloud makes of a recording and tells the owner."""

    after: Duration
    text: str


class Store(Strict):
    """Keeps what is uploaded for a time, or until a DELETE at the same URL empties it."""

    upload: Url
    keep: Duration
    app: str
    listed_as: Segment
    """Below the app's address: ``recordings`` is ``GET {app}/recordings`` and ``GET {app}/recordings/{id}``."""
    shows_others: list[str] = Field(default_factory=list)
    """Where the app serves any account: the JSON fields of an upload that others get to see, all of it if empty."""
    addresses: dict[str, DirectAddress] = Field(default_factory=dict)
    notice: str | None = None
    """Told to the owner at once."""
    summary: Summary | None = None


class RequestRow(Strict):
    """Something that an owner may ask of the maker, and that is answered later."""

    app: str
    asked_as: Segment
    """Below the app's address: ``copy`` is ``POST {app}/requests/copy``."""
    answered_after: Duration | None = None
    """From when it is asked; never if None."""
    answer: str = "done"
    """What the owner is told then."""
    empties: list[str] = Field(default_factory=list)
    """Stores whose recordings go with the answer."""


class Link(Strict):
    """Where the car waits for commands, see `rigs.sim.unit.link`."""

    mqtt: HostPort
    topic: str


class Tls(Strict):
    """What a host asks of those who connect with TLS."""

    client_certificate: Literal["required", "not asked"] = "not asked"
    """One that the maker's authority for units has signed; who has none is answered 400, or hung up on."""


class Cloud(Strict):
    """A cloud file."""

    cloud: str
    operated_by: str
    sinks: dict[str, Sink] = Field(default_factory=dict)
    platforms: dict[str, Platform] = Field(default_factory=dict)
    apps: dict[str, App] = Field(default_factory=dict)
    stores: dict[str, Store] = Field(default_factory=dict)
    requests: dict[str, RequestRow] = Field(default_factory=dict)
    link: Link | None = None
    tls: dict[Annotated[str, AfterValidator(checked_pattern)], Tls] = Field(default_factory=dict)
    """By host or ``*.ending``; the most specific row counts."""

    def plain(self) -> dict[str, Any]:
        """As JSON data in the file's own words, for the cloud's process."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def hosts(self) -> list[str]:
        """Every host name, in order of appearance: the names that the bench must be able to resolve."""
        names = [urllib.parse.urlsplit(url).hostname or "" for url in self._urls()]
        names += [address.rpartition(":")[0] for address in self._addresses()]
        return list(dict.fromkeys(names))

    def _urls(self) -> Iterator[str]:
        yield from (url for sink in self.sinks.values() for url in (sink.at, sink.ws) if url)
        yield from (app.at for app in self.apps.values())
        for store in self.stores.values():
            yield store.upload
            yield from (address.at for address in store.addresses.values())

    def _addresses(self) -> Iterator[str]:
        yield from (platform.gbt32960 for platform in self.platforms.values())
        if self.link:
            yield self.link.mqtt
        for sink in self.sinks.values():
            yield from (place for place in sink.ports if place)


def load_cloud(path: Path) -> Cloud:
    """The cloud file at *path*.

    :raises InputError: with file and line, for the first thing that is wrong
    """
    return checked(Source.read(path))


def checked(source: Source) -> Cloud:
    """A cloud file that has been read, and perhaps patched, as a model; raises as `load_cloud` does."""
    cloud = source.check(Cloud)
    for name, store in cloud.stores.items():
        if store.app not in cloud.apps:
            raise source.fault(
                ("stores", name, "app"), f"`{store.app}` is no app of this cloud" + near_miss(store.app, cloud.apps)
            )
        for label, address in store.addresses.items():
            if address.valid_for <= (address.keep or store.keep):
                raise source.fault(
                    ("stores", name, "addresses", label, "valid for"),
                    "the signature ends before the recording does, so that nobody could tell gone from expired",
                )
    for name, row in cloud.requests.items():
        if row.app not in cloud.apps:
            problem = f"`{row.app}` is no app of this cloud" + near_miss(row.app, cloud.apps)
            raise source.fault(("requests", name, "app"), problem)
        for number, emptied in enumerate(row.empties):
            if emptied not in cloud.stores:
                problem = f"`{emptied}` is no store of this cloud" + near_miss(emptied, cloud.stores)
                raise source.fault(("requests", name, "empties", number), problem)
    return cloud
