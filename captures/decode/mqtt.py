"""MQTT 3.1, 3.1.1 (OASIS 2014) and 5.0 (OASIS 2019; its sections are cited)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from captures.decode import fallback
from captures.decode.model import Exchange, Message, Reading, Side, discreet
from telltale.transmission import Part

_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 1, 2, 3, 8, 10
_NAMES = {
    1: "connect", 2: "connack", 3: "publish", 4: "puback", 5: "pubrec", 6: "pubrel", 7: "pubcomp", 8: "subscribe",
    9: "suback", 10: "unsubscribe", 11: "unsuback", 12: "pingreq", 13: "pingresp", 14: "disconnect", 15: "auth",
}  # fmt: skip
"""Section 2.1.2."""
_TOPIC_ALIAS = 35
_PROPERTY_SIZES = dict.fromkeys((1, 23, 25, 36, 37, 40, 41, 42), 1) | dict.fromkeys((19, 33, 34, _TOPIC_ALIAS), 2)
_PROPERTY_SIZES |= dict.fromkeys((2, 17, 24, 39), 4)
_PROPERTY_PAIR, _PROPERTY_VARIABLE = 38, 11
"""Section 2.2.2.2: by identifier the bytes of a fixed value; a pair of strings; a variable integer; else a string."""


class _Cut(Exception):  # noqa: N818 - control flow within this module
    """The packet holds less than it should."""


def looks_like(client: bytes, _server: bytes) -> bool:
    """A CONNECT packet: its type, a length, the protocol's name."""
    if client[:1] != b"\x10":
        return False
    _, place = _variable(client, 1)
    return place > 0 and client[place : place + 6] in (b"\0\4MQTT", b"\0\6MQIs")


class _Packet(NamedTuple):
    start: int
    end: int
    first: int
    body: bytes
    whole: bool

    @property
    def kind(self) -> int:
        return self.first >> 4


def _variable(data: bytes, place: int) -> tuple[int, int]:
    """A variable byte integer (section 1.5.5) and where it ends; ends at 0 if it is cut off, at -1 if it is none."""
    value = 0
    for index in range(4):
        if place + index >= len(data):
            return 0, 0
        byte = data[place + index]
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, place + index + 1
    return 0, -1


def _read(data: bytes, start: int) -> _Packet | None:
    """The packet at *start*, perhaps cut off; None if there is none."""
    size, place = _variable(data, start + 1)
    if place < 0 or data[start] >> 4 == 0:
        return None
    if place == 0:
        return _Packet(start, len(data), data[start], b"", whole=False)
    end = place + size
    return _Packet(start, min(end, len(data)), data[start], data[place:end], end <= len(data))


@dataclass(slots=True)
class _Session:
    """What later packets depend on."""

    version: int = 4
    aliases: tuple[dict[int, bytes], dict[int, bytes]] = field(default_factory=lambda: ({}, {}))
    """Topic aliases (section 3.3.2.3.4), by side."""
    connects: deque[Message] = field(default_factory=deque)
    """The unit's CONNECT packets that were not answered yet …"""
    results: deque[int] = field(default_factory=deque)
    """… and the answers that wait for theirs."""


def parse(exchange: Exchange) -> Reading:
    """Every packet of the unit's side by its name; of a slice, those that are whole."""
    server = exchange.streams[Side.SERVER]
    if not (len(server) or exchange.memory.state or exchange.over(Side.SERVER)):
        return Reading(consumed=(0, 0))  # the answer to CONNECT is its status
    session: _Session = exchange.memory.state or _Session()
    exchange.memory.state = session
    reading = Reading()
    # the client's first: its CONNECT tells the version
    done = [_side(exchange, reading, session, side) for side in Side]
    while session.connects and session.results:
        session.connects.popleft().status = session.results.popleft()
    if not exchange.final:
        reading.consumed = (done[0], done[1])
    return reading


def _side(exchange: Exchange, reading: Reading, session: _Session, side: Side) -> int:
    """The packets of one side; how far they were read."""
    stream, place = exchange.streams[side], 0
    while place < len(stream):
        packet = _read(stream.data, place)
        if packet is None:
            fallback.rest(exchange, reading, side, place, "not an MQTT packet")
            return len(stream)
        if not packet.whole and not exchange.over(side):
            break
        reading.tallies[side].decoded += packet.end - place
        place = packet.end
        if packet.kind == _CONNACK and len(packet.body) >= 2:
            session.results.append(packet.body[1])
        if packet.kind == _CONNECT:
            level = 2 + int.from_bytes(packet.body[:2])  # section 3.1.2.2: after the protocol's name
            session.version = int.from_bytes(packet.body[level : level + 1]) or session.version
        if side is exchange.unit:
            message = _message(exchange, packet, session)
            reading.messages.append(message)
            if packet.kind == _CONNECT:
                session.connects.append(message)
    return place


def _message(exchange: Exchange, packet: _Packet, session: _Session) -> Message:
    stream = exchange.streams[exchange.unit]
    name = _NAMES[packet.kind]
    body = _Body(packet.body)
    malformed = None
    try:
        _READERS.get(packet.kind, _other)(body, packet, session, exchange.unit)
    except _Cut:
        if packet.whole:
            malformed = "packet shorter than its fields"
        if packet.body[body.place :]:
            body.parts.append(Part(name="payload", data=packet.body[body.place :]))
    topic = next((part.data for part in body.parts if part.name == "topic"), b"") or body.alias
    path = topic.decode("utf-8", "replace")
    return Message(
        channel="mqtt",
        first=stream.at(packet.start),
        last=stream.at(packet.end - 1),
        summary=f"{name.upper()} {discreet(path)}".strip(),
        kind=name,
        path=path,
        host=exchange.host,
        parts=tuple(body.parts),
        complete=packet.whole,
        malformed=malformed,
    )


class _Body:
    """The variable header and payload of a packet, read from front to end into parts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0
        self.parts: list[Part] = []
        self.alias = b""
        """The topic that an alias stands for."""

    def take(self, size: int) -> bytes:
        """:raises _Cut: fewer bytes are left"""
        if self.place + size > len(self.data):
            raise _Cut
        self.place += size
        return self.data[self.place - size : self.place]

    def number(self, size: int = 2) -> int:
        return int.from_bytes(self.take(size))

    def string(self) -> bytes:
        """Section 1.5.4: two bytes of length, then the bytes."""
        return self.take(self.number())

    def keep(self, name: str, data: bytes) -> None:
        if data:
            self.parts.append(Part(name=name, data=data))

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.place)

    def properties(self, session: _Session) -> int:
        """Version 5: keep the properties as a part; the topic alias among them, or 0."""
        if session.version < 5:
            return 0
        size, place = _variable(self.data, self.place)
        if place <= 0:
            raise _Cut
        self.place = place
        inner = _Body(self.take(size))
        self.keep("properties", inner.data)
        alias = 0
        while inner.place < size:
            kind = inner.number(1)
            if kind == _TOPIC_ALIAS:
                alias = inner.number()
            elif kind in _PROPERTY_SIZES:
                inner.take(_PROPERTY_SIZES[kind])
            elif kind == _PROPERTY_VARIABLE:
                _, inner.place = _variable(inner.data, inner.place)
                if inner.place <= 0:
                    raise _Cut
            else:
                inner.string()
                if kind == _PROPERTY_PAIR:
                    inner.string()
        return alias


def _connect(body: _Body, _packet: _Packet, session: _Session, _side: Side) -> None:
    """Section 3.1."""
    body.string()
    body.take(1)
    flags = body.number(1)
    body.take(2)
    body.properties(session)
    body.keep("client_id", body.string())
    if flags & 4:
        body.properties(session)
        body.keep("will_topic", body.string())
        body.keep("will_payload", body.string())
    if flags & 128:
        body.keep("user_name", body.string())
    if flags & 64:
        body.keep("password", body.string())


def _publish(body: _Body, packet: _Packet, session: _Session, side: Side) -> None:
    """Section 3.3."""
    topic = body.string()
    body.keep("topic", topic)
    if packet.first & 6:
        body.take(2)
    alias = body.properties(session)
    if alias and topic:
        session.aliases[side][alias] = topic
    elif alias:
        body.alias = session.aliases[side].get(alias, b"")
    body.keep("payload", body.rest())


def _subscribe(body: _Body, packet: _Packet, session: _Session, _side: Side) -> None:
    """Sections 3.8 and 3.10: topic filters, each with options in SUBSCRIBE."""
    body.take(2)
    body.properties(session)
    while body.place < len(body.data):
        body.keep("topic", body.string())
        if packet.kind == _SUBSCRIBE:
            body.take(1)


def _other(body: _Body, _packet: _Packet, _session: _Session, _side: Side) -> None:
    """Acknowledgements and the like: what goes beyond a packet identifier and a reason is kept."""
    if len(body.data) > 3:
        body.keep("payload", body.rest())


_READERS: dict[int, Callable[[_Body, _Packet, _Session, Side], None]] = {
    _CONNECT: _connect,
    _PUBLISH: _publish,
    _SUBSCRIBE: _subscribe,
    _UNSUBSCRIBE: _subscribe,
}
