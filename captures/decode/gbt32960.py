"""GB/T 32960.3: the report of electric vehicles to the supervision platforms.

The editions of 2016 (frames begin ``##``) and of 2025 (``$$``); `gbt32960_items` knows the data items of both. Section
numbers are those of GB/T 32960.3-2016 where no year is told.
"""

from __future__ import annotations

import struct
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial, reduce
from operator import xor

from captures.decode import fallback
from captures.decode import gbt32960_items as items
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
    9: ("activation", "activation of the security chip"),
    10: ("activation_answer", "answer to an activation"),
    11: ("key_sync", "exchange of the data's key"),
    0x80: ("query", "answer to a query"),
    0x81: ("setting", "answer to a setting"),
    0x82: ("control", "answer to a control command"),
}
"""Section 6.3.1, table 3; 9 to 11 are new in 2025."""
_COMMAND = 0xFE
"""Response flag of a frame that is no answer, table 4."""
_ENCRYPTION = {2: "RSA", 3: "AES-128", 4: "SM2", 5: "SM4"}
_CODE = 24
"""Bytes of a battery pack's code (2025): that of GB/T 34014."""
_BEIJING = timezone(timedelta(hours=8))
_TIMELESS = (7, 8, 10, 11)
"""Commands whose data unit does not begin with a time."""
_FIRST_YEAR = 16
"""The edition's; a clock that shows an earlier one was never set."""


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
    """A text field; of one that is cut off, what there is."""
    held = data[offset : offset + length]
    text = held.strip(b"\0 \xff")
    if not text or not text.isascii():
        return None
    return Field(name=name, value=text.decode(), part="payload", offset=offset, length=len(held))


def _vin(data: bytes) -> list[Field]:
    found = _text("vin", data, 4, 17)
    return [found] if found else []


def _moment(data: bytes) -> int | None:
    """The time that data units begin with, section 6.4: year from 2000, month, day, hour, minute, second, in UTC+8.

    :raises ValueError: the six bytes are no time
    """
    if data[2] in _TIMELESS or len(data) < _HEADER + 6:
        return None
    year, month, day, hour, minute, second = data[_HEADER : _HEADER + 6]
    if year < _FIRST_YEAR:
        return None
    moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_BEIJING)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND


def _login(data: bytes) -> list[Field]:
    """Section 7.1, table 6: time, serial number, ICCID, and codes of so many batteries, all of one length."""
    found = _text("iccid", data, _HEADER + 8, 20)
    number, length = data[_HEADER + 28 : _HEADER + 30].ljust(2, b"\0")
    return ([found] if found else []) + _codes(data, number, length)


def _login_2025(data: bytes) -> list[Field]:
    """Section 7.1 (2025), table 6: the number of packs of each battery system, then their codes."""
    found = _text("iccid", data, _HEADER + 8, 20)
    systems = data[_HEADER + 28] if len(data) > _HEADER + 28 else 0
    packs = sum(data[_HEADER + 29 : _HEADER + 29 + systems])
    return ([found] if found else []) + _codes(data, packs, _CODE, after=systems - 1)


def _codes(data: bytes, number: int, length: int, after: int = 0) -> list[Field]:
    start = _HEADER + 30 + after
    codes = (_text("battery_code", data, start + index * length, length) for index in range(number if length else 0))
    return [code for code in codes if code]


def _activation(data: bytes) -> list[Field]:
    """Annex B.3.5.5 (2025), table B.3: time, the chip's number, its public key behind its length, VIN, signature."""
    vin = _HEADER + 24 + int.from_bytes(data[_HEADER + 22 : _HEADER + 24])
    found = (_text("security_chip_id", data, _HEADER + 6, 16), _text("vin", data, vin, 17))
    return [one for one in found if one]


def _platform_login(data: bytes) -> list[Field]:
    """Section 7.5: time, serial number, user name (12), password (20), encryption."""
    found = _text("user_name", data, _HEADER + 8, 12)
    return [found] if found else []


_report = partial(items.report, start=_HEADER, edition=items.EDITION_2016)
_report_2025 = partial(items.report, start=_HEADER, edition=items.EDITION_2025)

_FIELDS: dict[tuple[bytes, int], tuple[Callable[[bytes], list[Field]], ...]] = {
    (b"##", 1): (_login,),
    (b"$$", 1): (_login_2025,),
    (b"##", 2): (_report,),
    (b"##", 3): (_report,),
    (b"$$", 2): (_report_2025,),
    (b"$$", 3): (_report_2025,),
    (b"##", 5): (_platform_login,),
    (b"$$", 5): (_platform_login,),
    (b"$$", 9): (_activation,),
}
