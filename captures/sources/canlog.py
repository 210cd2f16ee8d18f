"""CAN logs as sources: BLF and ASC (Vector), TRC (PEAK), candump (can-utils).

Messages of ISO-TP become transmissions of channel ``uds`` (or ``isotp`` where they are none of that standard's). All
other frames of one identifier are one stretch of bytes after the other, of channel ``can``: a value that is broadcast
in several frames is found there, once with all bytes (part ``payload``), once without the first of each frame, which is
a counter in many such messages (part ``multiplexed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import can

from captures.decode import KeyLog, Setting, isotp, uds
from captures.sources import blf
from captures.sources.canlines import FORMS, read_lines
from captures.sources.damage import Damage
from captures.sources.file import FileSource, SourceFile
from telltale.transmission import Address, Field, Part, Transmission

STRETCH = 1 << 16
"""Bytes of one identifier that make a transmission."""
_OVERLAP = 256
"""Bytes of a stretch that begin the next one too, so that no value is cut in two."""
_ANY = Setting()
_Key = tuple[object, int]
"""Bus and identifier."""
_DIAGNOSTIC = range(0x700, 0x800)
_FIXED = (0x18DA, 0x18DB)
"""ISO 15765-4: identifiers of legislated diagnostics, and normal fixed addressing (upper half of 29 bits)."""
_END_OF_TIME = 253_402_300_800
"""Seconds until the year 10000, beyond which there is no date."""


class _Told(NamedTuple):
    """Something that was on the bus, before index and bus are put to it."""

    channel: str
    first: int
    last: int
    frame: int
    summary: str
    parts: tuple[Part, ...]
    kind: str = ""
    fields: tuple[Field, ...] = ()
    complete: bool = True


class _Identifier:
    """What is sent with one identifier on one bus."""

    def __init__(self, number: int, *, diagnostic: bool) -> None:
        self._number = number
        self._diagnostic = diagnostic
        self._assembler = isotp.Assembler() if diagnostic else None
        self._first = self._last = self._frame = 0
        self._whole = bytearray()
        self._rest = bytearray()
        self._before = b""

    def feed(self, data: bytes, wall: int, frame: int) -> Iterator[_Told]:
        """What ends with this frame."""
        if self._assembler is None and isotp.looks_like_first(data):
            self._assembler = isotp.Assembler()
        if self._assembler is not None:
            yield from map(self._carried, self._assembler.feed(data, wall, frame))
        if self._diagnostic or data == self._before:
            return  # put together already; or a cyclic message that says the same again
        self._before = data
        if not self._whole:
            self._first, self._frame = wall, frame
        self._last = wall
        self._whole += data
        self._rest += data[1:]
        if len(self._whole) >= STRETCH:
            yield self._stretch()
            self._whole, self._rest = self._whole[-_OVERLAP:], self._rest[-_OVERLAP:]
            self._first, self._frame = wall, frame

    def close(self) -> Iterator[_Told]:
        """What the end of the log ends."""
        if self._assembler is not None:
            yield from map(self._carried, self._assembler.close())
        if self._whole:
            yield self._stretch()

    def _stretch(self) -> _Told:
        parts = (Part(name="payload", data=bytes(self._whole)), Part(name="multiplexed", data=bytes(self._rest)))
        return _Told("can", self._first, self._last, self._frame, f"frames 0x{self._number:X}", parts)

    def _carried(self, carried: isotp.Carried) -> _Told:
        said = uds.read(carried.data)
        summary = said.summary if said else f"{len(carried.data)} bytes from 0x{self._number:X}"
        told = _Told(
            "uds" if said else "isotp",
            carried.first,
            carried.last,
            carried.frame,
            summary,
            (Part(name="payload", data=carried.data),),
            complete=carried.complete,
        )
        return told._replace(kind=said.kind, fields=said.fields if carried.complete else ()) if said else told


class CanLog(FileSource):
    """A log of frames."""

    def __init__(self, file: SourceFile, kind: str) -> None:
        super().__init__(file, kind)
        self._damage = Damage("byte", blf.EXPECTED) if kind == "blf" else Damage("line", FORMS[kind].expected)
        self._made = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read and why."""
        return tuple(why for why in (self._damage.told, self._file.damage) if why)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What keeps silence from meaning anything."""
        return self.notes

    def transmissions(self, setting: Setting = _ANY) -> Iterator[Transmission]:
        """What was on the bus, message by message as they end."""
        heard: dict[_Key, _Identifier] = {}
        for number, message in enumerate(self._frames()):
            if message.is_error_frame or message.is_remote_frame or not message.data:
                continue
            key: _Key = (message.channel, message.arbitration_id)
            if key not in heard:
                heard[key] = _Identifier(message.arbitration_id, diagnostic=_is_diagnostic(message))
            for told in heard[key].feed(bytes(message.data), _wall(message), number):
                yield self._transmission(key, told, setting)
        for key, identifier in heard.items():
            for told in identifier.close():
                yield self._transmission(key, told, setting)

    def _frames(self) -> Iterator[can.Message]:
        with self._file.open() as raw:
            read = (
                blf.read_blf(raw, self._damage)
                if self.kind == "blf"
                else read_lines(raw, FORMS[self.kind], self._damage)
            )
            for place, message in read:
                if abs(message.timestamp) < _END_OF_TIME:  # which nothing is that is not a number
                    yield message
                else:
                    self._damage.add(place, f"its time is {message.timestamp:g} s")

    def _transmission(self, key: _Key, told: _Told, setting: Setting) -> Transmission:
        bus, identifier = key
        index, self._made = self._made, self._made + 1
        where = "CAN" if bus is None else f"CAN {bus}"
        return Transmission(
            index=index,
            channel=told.channel,
            uplink=setting.uplinks.get(str(bus)),
            sent=told.first,
            ended=told.last,
            bench=setting.clock.bench_at(told.first) if setting.clock else None,
            source=Address(ip=f"0x{identifier:X}", port=0),
            destination=Address(ip=where, port=0),
            summary=told.summary,
            kind=told.kind,
            parts=told.parts,
            fields=told.fields,
            complete=told.complete,
            frames=(told.frame, told.frame),
        )


def _is_diagnostic(message: can.Message) -> bool:
    if message.is_extended_id:
        return message.arbitration_id >> 16 in _FIXED
    return message.arbitration_id in _DIAGNOSTIC


def _wall(message: can.Message) -> int:
    return round(message.timestamp * 1_000_000) * 1000  # python-can's seconds hold no more than microseconds


def open_file(file: SourceFile, keylog: KeyLog, kind: str) -> CanLog:
    """The log in *file*."""
    del keylog  # nothing on a CAN bus is TLS
    return CanLog(file, kind)
