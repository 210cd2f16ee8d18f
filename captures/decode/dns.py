"""DNS (RFC 1035) over UDP and TCP, and multicast DNS (RFC 6762): what the unit asks, which address has which name."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from captures.decode import fallback
from captures.decode.flows import Datagram, ip_text
from captures.decode.model import Exchange, Message, NameSeen, Place, Reading, Scene, Side, discreet
from telltale.transmission import Part

_HEADER = Struct("!HHHHHH").unpack_from
_FIXED = Struct("!HHIH").unpack_from
_TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 41: "OPT", 47: "NSEC",
    64: "SVCB", 65: "HTTPS", 255: "ANY",
}  # fmt: skip
"""RFC 1035 section 3.2.2 and the IANA registry."""
_RESPONSE = 0x8000


class Record(NamedTuple):
    """A resource record."""

    name: str
    kind: int
    data: bytes


@dataclass(slots=True)
class DnsMessage:
    """A query or response."""

    ident: int
    response: bool
    rcode: int
    questions: list[tuple[str, int]] = field(default_factory=list)
    answers: list[Record] = field(default_factory=list)
    """Of all sections after the question."""

    @property
    def plain(self) -> bool:
        """Whether it says no more than its questions (an empty OPT record says nothing)."""
        return all(record.kind == 41 and not record.data for record in self.answers)


def parse_message(data: bytes) -> DnsMessage | None:
    """The message; None if *data* is none, to its last byte."""
    try:
        ident, flags, questions, *counts = _HEADER(data)
        if questions + sum(counts) > len(data) or not questions + sum(counts) or flags & 0x0040:
            return None
        message = DnsMessage(ident, bool(flags & _RESPONSE), flags & 15)
        place = 12
        for _ in range(questions):
            name, place = _name(data, place)
            message.questions.append((name, int.from_bytes(data[place : place + 2])))
            place += 4
        for _ in range(sum(counts)):
            name, place = _name(data, place)
            kind, _, _, size = _FIXED(data, place)
            place += 10
            message.answers.append(Record(name, kind, data[place : place + size]))
            place += size
    except (struct.error, IndexError):
        return None
    return message if place == len(data) else None


def _name(data: bytes, place: int) -> tuple[str, int]:
    """A name and where it ends; pointers (RFC 1035 section 4.1.4) only lead back, so they end."""
    labels: list[str] = []
    end = 0
    while size := data[place]:
        if size >= 0xC0:
            target = (size & 0x3F) << 8 | data[place + 1]
            end = end or place + 2
            if target >= place:
                raise IndexError
            place = target
        elif size >= 0x40 or place + size >= len(data):
            raise IndexError
        else:
            labels.append(data[place + 1 : place + 1 + size].decode("latin-1"))
            place += 1 + size
    return ".".join(labels), end or place + 1


def looks_like_datagram(data: bytes) -> bool:
    """Whether a datagram is a DNS message."""
    return len(data) >= 12 and data[2] & 0x78 in (0, 0x20, 0x28) and parse_message(data) is not None


def looks_like(client: bytes, _server: bytes) -> bool:
    """Over TCP: two bytes of length in front (RFC 1035 section 4.2.2)."""
    size = int.from_bytes(client[:2])
    return 12 <= size <= len(client) - 2 and looks_like_datagram(client[2 : 2 + size])


class _Spoken(NamedTuple):
    side: Side
    data: bytes
    first: Place
    last: Place


def parse_datagrams(datagrams: list[Datagram], unit: Side, _scene: Scene) -> Reading:
    """Queries and responses of a UDP flow."""
    spoken = [
        _Spoken(datagram.side, bytes(datagram.data), place, place)
        for datagram in datagrams
        for place in (Place(datagram.wall, datagram.packet),)
    ]
    return _parse(spoken, unit)


def parse(exchange: Exchange) -> Reading:
    """DNS over TCP, also in TLS (RFC 7858)."""
    spoken: list[_Spoken] = []
    ends = [0, 0]
    for side in Side:
        stream, place = exchange.streams[side], 0
        while place + 2 <= len(stream):
            size = int.from_bytes(stream.data[place : place + 2])
            data = stream.data[place + 2 : place + 2 + size]
            if len(data) < size or parse_message(data) is None:
                break
            spoken.append(_Spoken(side, data, stream.at(place), stream.at(place + 1 + size)))
            place += 2 + size
        ends[side] = place
    reading = _parse(sorted(spoken, key=lambda one: one.first), exchange.unit)
    for one in spoken:
        reading.tallies[one.side].decoded += 2
    for side in Side:
        fallback.rest(exchange, reading, side, ends[side], "not a DNS message")
    return reading


def _parse(spoken: list[_Spoken], unit: Side) -> Reading:
    reading = Reading()
    waiting: dict[int, Message] = {}
    for one in spoken:
        reading.tallies[one.side].decoded += len(one.data)
        message = parse_message(one.data)
        if message is None:
            reading.notes.append(f"{len(one.data)} bytes among DNS messages are none")
            if one.side is unit:
                reading.messages.append(_raw(one))
            continue
        if message.response:
            reading.names += _names(message, one.first.wall)
        if one.side is unit:
            kept = _message(message, one)
            reading.messages.append(kept)
            if not message.response:
                waiting[message.ident] = kept
        elif message.response and message.ident in waiting:
            waiting.pop(message.ident).status = message.rcode
    return reading


def _message(message: DnsMessage, one: _Spoken) -> Message:
    names = [name for name, _ in message.questions]
    asked = ", ".join(f"{_TYPES.get(kind, f'TYPE{kind}')}? {discreet(name)}" for name, kind in message.questions)
    parts = [Part(name="name", data=name.encode("latin-1")) for name in names]
    if not message.plain or not parts:
        parts.append(Part(name="payload", data=one.data))
    return Message(
        channel="dns",
        first=one.first,
        last=one.last,
        summary=asked if not message.response else f"DNS response, {len(message.answers)} records",
        kind="response" if message.response else "query",
        path=names[0] if names else "",
        parts=tuple(parts),
    )


def _raw(one: _Spoken) -> Message:
    return Message(
        channel="dns",
        first=one.first,
        last=one.last,
        summary="malformed DNS message",
        parts=(Part(name="payload", data=one.data),),
        malformed="not a DNS message",
    )


def _names(message: DnsMessage, wall: int) -> Iterator[NameSeen]:
    """Which addresses the name asked for has; through CNAMEs, so the question's name counts."""
    for record in message.answers:
        if (record.kind, len(record.data)) in ((1, 4), (28, 16)):
            name = message.questions[0][0] if message.questions else record.name
            yield NameSeen(wall, ip_text(record.data), name.lower().rstrip("."))
