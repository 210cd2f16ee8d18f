"""GB/T 32960.3: the report of electric vehicles to the supervision platforms.

2016 edition in full (frames begin ``##``). Of the 2025 edition (``$$``) the header, the times and the login are read;
its data items stay searchable in the payload. Section numbers are those of GB/T 32960.3-2016.
"""

from __future__ import annotations

import struct
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import reduce
from operator import xor
from struct import Struct

from captures.decode import fallback
from captures.decode.model import Ending, Exchange, Message, Reading, Side, Stream
from telltale.times import SECOND
from telltale.transmission import Field, Part

_HEADER = 24
_EDITIONS = (b"##", b"$$")
_COMMANDS = {
    1: ("login", "vehicle login"),
    2: ("realtime", "real-time report"),
    3: ("reissue", "reissued report"),
    4: ("logout", "vehicle logout"),
    5: ("platform_login", "platform login"),
    6: ("platform_logout", "platform logout"),
    7: ("heartbeat", "heartbeat"),
    8: ("time_sync", "terminal time check"),
    0x80: ("query", "answer to a query"),
    0x81: ("setting", "answer to a setting"),
    0x82: ("control", "answer to a control command"),
}
"""Section 6.3.2, table 3."""
_COMMAND = 0xFE
"""Response flag of a frame that is no answer, table 4."""
_ENCRYPTION = {2: "RSA", 3: "AES-128", 4: "SM2", 5: "SM4"}
_BEIJING = timezone(timedelta(hours=8))
_VEHICLE = Struct("!BBBHIHHBBBH").unpack_from
_LAYOUTS = ((6, 20), (6, 18), (0, 20), (0, 18))
"""Bytes before the first item, and of the vehicle item: by the standard; without the time; without the pedals."""
_FIRST_YEAR = 16
"""The edition's; a clock that shows an earlier one was never set."""
_POSITION = Struct("!BII").unpack_from


def looks_like(client: bytes, server: bytes) -> bool:
    """A frame's start, a known command and a known encryption."""
    return any(
        data[:2] in _EDITIONS
        and len(data) >= _HEADER
        and (data[2] in _COMMANDS or data[2] >= 0x80)
        and data[21] <= 0xFE
        for data in (client, server)
    )


def parse(exchange: Exchange) -> Reading:
    """Every frame of both directions; an answer's response flag becomes the status of the frame it answers."""
    reading = Reading()
    answers: defaultdict[int, deque[int]] = defaultdict(deque)
    peer = exchange.streams[exchange.unit.other]
    _walk(
        exchange,
        reading,
        exchange.unit.other,
        lambda start, _: answers[peer.data[start + 2]].append(peer.data[start + 3]),
    )

    def keep(start: int, end: int) -> None:
        message = frame(exchange.streams[exchange.unit], start, end, exchange.host)
        waiting = answers[exchange.streams[exchange.unit].data[start + 2]]
        if message.kind != "answer" and waiting:
            message.status = waiting.popleft()
        closed = sum(len(part.data) for part in message.parts if part.opaque)
        if closed:
            tally = reading.tallies[exchange.unit]
            tally.decoded -= closed
            tally.opaque[next(part.opaque for part in message.parts if part.opaque) or ""] += closed
        if message.malformed:
            reading.notes.append(f"GB/T 32960 {message.summary}: {message.malformed}")
        reading.messages.append(message)

    _walk(exchange, reading, exchange.unit, keep)
    return reading


def _walk(exchange: Exchange, reading: Reading, side: Side, found: Callable[[int, int], None]) -> None:
    """Call *found* with the place of every frame of one side, and count its bytes."""
    stream = exchange.streams[side]
    data, size, place = stream.data, len(stream), 0
    while place < size:
        if data[place : place + 2] not in _EDITIONS:
            after = min((at for mark in _EDITIONS if (at := data.find(mark, place)) >= 0), default=size)
            _skipped(exchange, reading, side, place, after)
            place = after
            continue
        end = place + _HEADER + int.from_bytes(data[place + 22 : place + 24]) + 1
        if end > size:
            # cut off; unless its length is wrong and another frame follows
            after = data.find(data[place : place + 2], place + 2)
            end = after if after > place + _HEADER and after + _HEADER < size else size
        reading.tallies[side].decoded += end - place
        if end - place >= _HEADER:
            found(place, end)
        elif side is exchange.unit:
            reading.messages.append(_cut(exchange, stream, place, end))
        place = end


def _skipped(exchange: Exchange, reading: Reading, side: Side, start: int, end: int) -> None:
    stream = exchange.streams[side]
    message = fallback.raw(exchange, stream, start, end, "not a GB/T 32960 frame")
    opaque = message.parts[0].opaque
    if opaque:
        reading.tallies[side].opaque[opaque] += end - start
    else:
        reading.tallies[side].decoded += end - start
    reading.notes.append(f"{end - start} bytes between GB/T 32960 frames")
    if side is exchange.unit:
        reading.messages.append(message)


def _cut(exchange: Exchange, stream: Stream, start: int, end: int) -> Message:
    message = fallback.raw(exchange, stream, start, end)
    message.channel, message.summary, message.complete = "gbt32960", "frame cut off in its header", False
    return message


def frame(stream: Stream, start: int, end: int, host: str | None = None) -> Message:
    """The frame that lies from *start* to *end* (whole, or cut off after its header)."""
    data = stream.data[start:end]
    kind, name = _COMMANDS.get(data[2], ("other", f"command 0x{data[2]:02x}"))
    length = int.from_bytes(data[22:24])
    whole = len(data) == _HEADER + length + 1
    malformed = None
    if whole and reduce(xor, data[2:-1]) != data[-1]:
        malformed = "bad checksum"
    elif not whole and (end < len(stream) or stream.ending is Ending.CLOSED):
        malformed = "length does not fit"
    fields = list(_vin(data))
    generated: int | None = None
    parts = [Part(name="payload", data=data)]
    if data[3] != _COMMAND and data[2] not in (0x80, 0x81, 0x82):
        kind, name = "answer", f"answer to {name}"
    if data[21] in _ENCRYPTION:
        body = data[_HEADER : _HEADER + length]
        parts = [
            Part(name="payload", data=data[:_HEADER] + data[_HEADER + length :]),
            Part(name="data", data=body, opaque=f"encrypted with {_ENCRYPTION[data[21]]}"),
        ]
        parts = [part for part in parts if part.data]
    elif malformed is None:
        body = data[: _HEADER + length]
        try:
            generated = _moment(body)
            for step in _FIELDS.get((data[:2], data[2]), ()):
                fields += step(body)
        except (struct.error, IndexError):
            malformed = "data item cut off" if whole else None
        except ValueError:
            malformed = "no valid time"
    return Message(
        channel="gbt32960",
        first=stream.at(start),
        last=stream.at(end - 1),
        summary=name,
        kind=kind,
        host=host,
        parts=tuple(parts),
        fields=tuple(fields),
        generated=generated,
        complete=whole,
        malformed=malformed,
    )


def _text(name: str, data: bytes, offset: int, length: int) -> Field | None:
    text = data[offset : offset + length].strip(b"\0 \xff")
    if not text or not text.isascii():
        return None
    return Field(name=name, value=text.decode(), part="payload", offset=offset, length=length)


def _vin(data: bytes) -> list[Field]:
    found = _text("vin", data, 4, 17)
    return [found] if found else []


def _moment(data: bytes) -> int | None:
    """The time that data units begin with, section 6.4: year from 2000, month, day, hour, minute, second, in UTC+8.

    :raises ValueError: the six bytes are no time
    """
    if data[2] in (7, 8) or len(data) < _HEADER + 6:
        return None
    year, month, day, hour, minute, second = data[_HEADER : _HEADER + 6]
    if year < _FIRST_YEAR:
        return None
    moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_BEIJING)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND


def _login(data: bytes) -> list[Field]:
    """Section 7.1, table 6: time, serial number, ICCID, energy storage codes."""
    found = _text("iccid", data, _HEADER + 8, 20)
    return [found] if found else []


def _platform_login(data: bytes) -> list[Field]:
    """Section 7.5: time, serial number, user name (12), password (20), encryption."""
    found = _text("user_name", data, _HEADER + 8, 12)
    return [found] if found else []


def _report(data: bytes) -> list[Field]:
    """Section 7.2.2, or the nearest layout under which every byte of the data unit falls into place."""
    tried: list[list[Field]] = []
    fault: struct.error | IndexError | None = None
    for start, vehicle in _LAYOUTS:
        try:
            found, whole = _items(data, _HEADER + start, vehicle)
        except (struct.error, IndexError) as error:
            fault = fault or error
            continue
        if whole:
            return found
        tried.append(found)
    if fault and not any(tried):
        raise fault
    return max(tried, key=len, default=[])


def _items(data: bytes, place: int, vehicle: int) -> tuple[list[Field], bool]:
    """Type, then content, until the data unit ends (then True) or a type is unknown."""
    found: list[Field] = []
    while place < len(data):
        kind = data[place]
        place += 1
        if kind == 1:
            found += _vehicle(data, place)
            size: int | None = vehicle
        elif kind in _SIZES:
            size = _SIZES[kind](data, place)
        else:
            size = _own_size(data, place) if kind >= 0x80 else None
        if kind == 5:
            found += _position(data, place)
        if size is None:
            return found, False
        place += size
        if place > len(data):
            raise IndexError
    return found, True


def _vehicle(data: bytes, place: int) -> list[Field]:
    """Table 9; all ones and all ones less one mean invalid and abnormal."""
    _, _, _, speed, odometer, _, _, soc, *_ = _VEHICLE(data, place)
    rows = (
        ("speed", speed, 10, place + 3, 2),
        ("odometer", odometer, 10, place + 5, 4),
        ("soc", soc, 1, place + 13, 1),
    )
    return [
        Field(name=name, value=value / scale if scale > 1 else value, part="payload", offset=offset, length=size)
        for name, value, scale, offset, size in rows
        if value < (1 << 8 * size) - 2
    ]


def _position(data: bytes, place: int) -> list[Field]:
    """Table 15, in millionths of a degree; status bit 0 invalid (the last valid one is sent), 1 south, 2 west."""
    status, longitude, latitude = _POSITION(data, place)
    if longitude > 180_000_000 or latitude > 90_000_000:
        return []
    value = (
        latitude / 1e6 * (-1 if status & 2 else 1),
        longitude / 1e6 * (-1 if status & 4 else 1),
    )
    return [Field(name="position", value=value, part="payload", offset=place + 1, length=8)]


def _own_size(data: bytes, place: int) -> int:
    """Section 7.2.4: an own item tells its length in two bytes."""
    return 2 + _u16(data, place)


def _u16(data: bytes, place: int) -> int:
    if place + 2 > len(data):
        raise IndexError
    return int.from_bytes(data[place : place + 2])


def _alarms(data: bytes, place: int) -> int:
    """Table 17: level, flags, and four lists of 4-byte codes."""
    end = place + 5
    for _ in range(4):
        end += 1 + 4 * data[end]
    return end - place


def _voltages(data: bytes, place: int) -> int:
    """Table 19: for each battery pack ten bytes and two for each cell of this frame."""
    end = place + 1
    for _ in range(data[place]):
        end += 10 + 2 * data[end + 9]
    return end - place


def _temperatures(data: bytes, place: int) -> int:
    """Table 21: for each battery pack its number, the number of probes, and a byte for each."""
    end = place + 1
    for _ in range(data[place]):
        end += 3 + _u16(data, end + 1)
    return end - place


_SIZES: dict[int, Callable[[bytes, int], int]] = {
    2: lambda data, place: 1 + 12 * data[place],
    3: lambda data, place: 18 + _u16(data, place + 6),
    4: lambda _data, _place: 5,
    5: lambda _data, _place: 9,
    6: lambda _data, _place: 14,
    7: _alarms,
    8: _voltages,
    9: _temperatures,
}
"""Length of each item's content but the vehicle's, tables 9 to 21."""

_FIELDS: dict[tuple[bytes, int], tuple[Callable[[bytes], list[Field]], ...]] = {
    (b"##", 1): (_login,),
    (b"$$", 1): (_login,),
    (b"##", 2): (_report,),
    (b"##", 3): (_report,),
    (b"##", 5): (_platform_login,),
}
