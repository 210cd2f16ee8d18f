"""JT/T 808, the protocol of positioning terminals, in its editions of 2011, 2013 and 2019: frames, headers and answers.

A frame lies between two bytes 0x7e; what would be mistaken for one is escaped (2013, section 4.4.2). The part
``payload`` is a frame with flags and escapes taken off: header, body, checksum; of a message in several packets the
first header and all bodies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import reduce
from operator import xor

from captures.decode.flows import Datagram
from captures.decode.jt808_messages import MESSAGES, TABLES, Kind
from captures.decode.layout import Ill, Reader
from captures.decode.model import Ending, Exchange, Message, Place, Reading, Scene, Side, Stream
from telltale.times import SECOND
from telltale.transmission import Field, Part

_FLAG = b"\x7e"
_FLAGS = re.compile(rb"\x7e+")
_LENGTH, _ENCRYPTION, _PACKETS, _EDITION = 0x03FF, 0x1C00, 0x2000, 0x4000
"""Bits of the message properties, section 4.4.3 (2013) and 4.4.3.2 (2019)."""
_RSA = 0x0400
_BEIJING = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR = 2011
"""The first edition's; a clock that shows an earlier year was never set."""
_TERMINAL_ANSWER, _PLATFORM_ANSWER, _REGISTER_ANSWER = 0x0001, 0x8001, 0x8100
_SHORTEST = 13
"""Header and checksum of a frame of 2013 with no body."""
_MOST_PACKETS = 4096
"""Packets of one message that are put together; the standard's field would allow 65,535."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A frame with flags and escapes taken off."""

    data: bytes
    ident: int
    newer: bool
    """The edition of 2019."""
    encrypted: int
    """Of the properties, shifted down: 1 is RSA."""
    phone: str
    """Digits, without the zeros that fill up the field."""
    phone_at: tuple[int, int]
    """Offset and length."""
    serial: int
    packet: tuple[int, int]
    """Number of packets and which one this is; 1, 1 where the message is whole."""
    body: int
    """Offset."""
    malformed: str | None

    @property
    def kind(self) -> Kind:
        """Its row in the table of messages."""
        return MESSAGES.get(self.ident) or Kind(f"message 0x{self.ident:04x}", "data:x")


def unescaped(data: bytes) -> bytes:
    """Section 4.4.2: 7d 02 stands for 7e, 7d 01 for 7d."""
    return data.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d") if b"\x7d" in data else data


def read_frame(data: bytes) -> Frame | None:
    """The frame of these unescaped bytes, as sound as they are; None if there is not even a header."""
    properties = int.from_bytes(data[2:4])
    newer = bool(properties & _EDITION)
    start = 5 if newer else 4
    place = start + (10 if newer else 6)
    phone = data[start:place].hex()
    head = place + 2 + (4 if properties & _PACKETS else 0)
    if len(data) < (_SHORTEST + 5 if newer else _SHORTEST):
        return None
    malformed = None
    if reduce(xor, data[:-1]) != data[-1]:
        malformed = "bad checksum"
    elif len(data) != head + (properties & _LENGTH) + 1:
        malformed = "length does not fit"
    elif not phone.isdecimal():
        malformed = "terminal number is not BCD"
    packet = (1, 1)
    if properties & _PACKETS and not malformed:
        packet = (int.from_bytes(data[place + 2 : place + 4]), int.from_bytes(data[place + 4 : place + 6]))
        if not 1 <= packet[1] <= packet[0]:
            malformed, packet = "packet number does not fit", (1, 1)
    return Frame(
        data=data,
        ident=int.from_bytes(data[:2]),
        newer=newer,
        encrypted=(properties & _ENCRYPTION) // _RSA,
        phone=phone.lstrip("0") if phone.isdecimal() else "",
        phone_at=(start, place - start),
        serial=int.from_bytes(data[place : place + 2]),
        packet=packet,
        body=head,
        malformed=malformed,
    )


def looks_like(client: bytes, server: bytes) -> bool:
    """Whether the first frame of either side is a sound one."""
    return any(_begins(data) for data in (client, server))


def looks_like_datagram(data: bytes) -> bool:
    """Over UDP: the same, to the last byte."""
    return data[-1:] == _FLAG and _begins(data)


def _begins(data: bytes) -> bool:
    if data[:1] != _FLAG:
        return False
    first = next(_spans(data), None)
    found = read_frame(unescaped(data[first[0] + 1 : first[1] - 1])) if first and first[2] else None
    return found is not None and (found.malformed is None or found.malformed == "length does not fit")


def _spans(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """From flag to flag; what lies between two frames, or after the last, is not *whole*."""
    place, size = 0, len(data)
    while place < size:
        flags = _FLAGS.match(data, place)
        if flags is None:
            end = data.find(_FLAG, place)
            end = size if end < 0 else end
            yield place, end, False
        else:
            start = flags.end() - 1
            end = data.find(_FLAG, start + 1) + 1
            if not end:
                yield start, size, False
                return
            yield start, end, True
        place = end


def _pieces(data: bytes) -> Iterator[tuple[int, int, Frame | None]]:
    """Frames, and what is none in as few pieces as can be; a frame that is cut off at the end is a piece of its own."""
    junk: tuple[int, int] | None = None
    for start, end, whole in _spans(data):
        frame = read_frame(unescaped(data[start + 1 : end - 1])) if whole else None
        last = not whole and end == len(data) and data[start : start + 1] == _FLAG
        if frame is None and not last:
            junk = (junk[0] if junk else start, end)
            continue
        if junk:
            yield *junk, None
            junk = None
        yield start, end, frame
    if junk:
        yield *junk, None


@dataclass(slots=True)
class _Said:
    """A frame and where it lies."""

    frame: Frame | None
    raw: bytes
    first: Place
    last: Place
    cut: bool = False


def parse(exchange: Exchange) -> Reading:
    """Every message of the unit's side; the result that its peer answers becomes its status."""
    reading = Reading()
    spoken: list[list[_Said]] = []
    for side in Side:
        stream = exchange.streams[side]
        reading.tallies[side].decoded += len(stream)
        spoken.append([_said(stream, *piece) for piece in _pieces(stream.data)])
    _converse(reading, spoken[exchange.unit], spoken[exchange.unit.other], exchange.unit, exchange.host)
    return reading


def parse_datagrams(datagrams: list[Datagram], unit: Side, _scene: Scene) -> Reading:
    """The same over UDP."""
    reading = Reading()
    spoken: tuple[list[_Said], list[_Said]] = ([], [])
    for one in datagrams:
        data, place = bytes(one.data), Place(one.wall, one.packet)
        reading.tallies[one.side].decoded += len(data)
        for start, end, frame in _pieces(data):
            spoken[one.side].append(_Said(frame, data[start:end], place, place, cut=bool(one.missing)))
    _converse(reading, spoken[unit], spoken[unit.other], unit, None)
    return reading


def _said(stream: Stream, start: int, end: int, frame: Frame | None) -> _Said:
    raw = stream.data[start:end]
    cut = frame is None and end == len(stream) and raw[:1] == _FLAG and stream.ending is not Ending.CLOSED
    return _Said(frame, raw, stream.at(start), stream.at(end - 1), cut)


def _converse(reading: Reading, mine: list[_Said], peers: list[_Said], unit: Side, host: str | None) -> None:
    results = dict(_results(peers))
    for group in _grouped(mine):
        message = _message(group, host)
        frame = group[0].frame
        if frame:
            message.status = results.get(frame.serial)
        closed = sum(len(part.data) for part in message.parts if part.opaque)
        if closed:
            tally = reading.tallies[unit]
            closed = min(closed, tally.decoded)
            tally.decoded -= closed
            tally.opaque[next(part.opaque for part in message.parts if part.opaque) or ""] += closed
        if message.malformed:
            reading.notes.append(f"JT/T 808 {message.summary}: {message.malformed}")
        reading.messages.append(message)


def _results(said: list[_Said]) -> Iterator[tuple[int, int]]:
    """Serial number and result of what the peer acknowledges."""
    for one in said:
        frame = one.frame
        if frame and not frame.malformed and frame.ident in (_TERMINAL_ANSWER, _PLATFORM_ANSWER, _REGISTER_ANSWER):
            body = frame.data[frame.body : -1]
            place = 2 if frame.ident == _REGISTER_ANSWER else 4
            if len(body) > place:
                yield int.from_bytes(body[:2]), body[place]


def _grouped(said: list[_Said]) -> Iterator[list[_Said]]:
    """Messages: the packets of one together if all are there, in order of their number; else each by itself."""
    sets: dict[tuple[int, int, int], dict[int, _Said]] = {}
    for one in said:
        if one.frame and 1 < one.frame.packet[0] <= _MOST_PACKETS:
            sets.setdefault(_group_of(one.frame), {}).setdefault(one.frame.packet[1], one)
    for one in said:
        frame = one.frame
        group = sets.get(_group_of(frame)) if frame and frame.packet[0] > 1 else None
        if frame is None or group is None or len(group) < frame.packet[0] or group[frame.packet[1]] is not one:
            yield [one]
        elif frame.packet[1] == 1:
            yield [group[number] for number in sorted(group)]


def _group_of(frame: Frame) -> tuple[int, int, int]:
    """The serial numbers of packets follow one another (section 4.4.3)."""
    return frame.ident, frame.packet[0], (frame.serial - frame.packet[1]) & 0xFFFF


def _message(group: list[_Said], host: str | None) -> Message:
    one, frame = group[0], group[0].frame
    first, last = min(said.first for said in group), max(said.last for said in group)
    if frame is None:
        return Message(
            channel="jt808",
            first=first,
            last=last,
            summary="frame cut off" if one.cut else f"{len(one.raw)} bytes that are no frame",
            host=host,
            parts=(Part(name="payload", data=one.raw),),
            complete=not one.cut,
            malformed=None if one.cut else "not a JT/T 808 frame",
        )
    data = frame.data
    if len(group) > 1:
        data = (
            data[:-1] + b"".join(said.frame.data[said.frame.body : -1] for said in group[1:] if said.frame) + data[-1:]
        )
    alone = frame.packet[0] > 1 and len(group) == 1
    parts = [Part(name="payload", data=data)]
    fields: list[Field] = []
    malformed = frame.malformed
    if not malformed:
        fields = _fields(frame)
        if frame.encrypted:
            why = "encrypted with RSA" if frame.encrypted == 1 else f"encrypted (method {frame.encrypted})"
            parts = [Part(name="payload", data=data[: frame.body] + data[-1:])]
            if data[frame.body : -1]:
                parts.append(Part(name="data", data=data[frame.body : -1], opaque=why))
        elif not alone:
            found, fits = read_body(frame, data)
            fields += found
            malformed = None if fits else "body does not fit the message"
    part_of = f", packet {frame.packet[1]} of {frame.packet[0]}" if alone else ""
    return Message(
        channel="jt808",
        first=first,
        last=last,
        summary=frame.kind.name + part_of,
        kind=frame.kind.name,
        host=host,
        parts=tuple(parts),
        fields=tuple(fields),
        generated=_generated(fields),
        complete=not alone,
        malformed=malformed,
    )


def _fields(frame: Frame) -> list[Field]:
    """Of the header: the number of the terminal's SIM card."""
    if not frame.phone:
        return []
    offset, length = frame.phone_at
    return [Field(name="phone_number", value=frame.phone, part="payload", offset=offset, length=length)]


def read_body(frame: Frame, data: bytes) -> tuple[list[Field], bool]:
    """The fields of the body, and whether it could be read by its layout."""
    reader = Reader(data, "payload", frame.newer, TABLES)
    if not frame.kind.layout:
        return [], True
    try:
        reader.read(frame.kind.layout, frame.body, len(data) - 1)
    except Ill:
        return reader.fields, False
    return reader.fields, True


def _generated(fields: list[Field]) -> int | None:
    """The time of the first position, UTC, ns."""
    for one in fields:
        if one.name == "device_time" and isinstance(one.value, str):
            moment = datetime.fromisoformat(one.value).replace(tzinfo=_BEIJING)
            return int((moment - _EPOCH).total_seconds()) * SECOND if moment.year >= _FIRST_YEAR else None
    return None
