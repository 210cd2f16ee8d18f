"""TIFF directories (TIFF 6.0, section 2), as far as EXIF is read (CIPA DC-008, 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from telltale.identity import Position

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8, 13: 4}
"""Bytes of a value, by field type."""
_MOST_ENTRIES = 512
_LONGEST = 256
_RATIONAL = 5


class Entry(NamedTuple):
    """A field: its type, how many values it has, and where they stand."""

    type: int
    number: int
    start: int
    end: int


class Tiff:
    """A TIFF header at *start* in *data*, what belongs to it ends by *high*. Whatever points elsewhere is not there."""

    def __init__(self, data: bytes, start: int, high: int) -> None:
        self._data = data
        self._start = start
        self._high = high
        self._order: Literal["little", "big"] = "little" if data[start : start + 2] == b"II" else "big"

    @property
    def first(self) -> int:
        """Offset of the first directory, from the header."""
        return self._integer(self._start + 4, 4)

    def directory(self, offset: int) -> Mapping[int, Entry]:
        """Fields by tag; empty for a directory that is not there (offset 0)."""
        at = self._start + offset
        if offset < 8 or at + 2 > self._high:
            return {}
        entries: dict[int, Entry] = {}
        for place in range(at + 2, at + 2 + 12 * min(self._integer(at, 2), _MOST_ENTRIES), 12):
            if place + 12 > self._high:
                break
            kind, count = self._integer(place + 2, 2), self._integer(place + 4, 4)
            length = _SIZES.get(kind, 0) * count
            begin = place + 8 if length <= 4 else self._start + self._integer(place + 8, 4)
            if length and begin + length <= self._high:
                entries[self._integer(place, 2)] = Entry(kind, count, begin, begin + length)
        return entries

    def number(self, entry: Entry | None) -> int:
        """A whole number; 0 where there is none."""
        return self._integer(entry.start, _SIZES[entry.type]) if entry and entry.type in (3, 4, 13) else 0

    def text(self, entry: Entry | None) -> tuple[str, int, int] | None:
        """Printable text with its place; None where there is none."""
        if entry is None or entry.type != 2 or entry.number > _LONGEST:
            return None
        raw = self._data[entry.start : entry.end].partition(b"\0")[0]
        text = raw.decode("ascii", "replace").strip()
        return (text, entry.start, entry.start + len(raw)) if text and text.isascii() and text.isprintable() else None

    def place(self, gps: Mapping[int, Entry]) -> tuple[Position, float, int, int] | None:
        """The position in a GPS directory (4.6.6), the degrees between it and the next, and where it stands."""
        latitude, longitude = self._angle(gps, 1, b"S"), self._angle(gps, 3, b"W")
        if latitude is None or longitude is None:
            return None
        position = latitude[0], longitude[0]
        if abs(position[0]) > 90 or abs(position[1]) > 180 or position == (0, 0):
            return None  # zeros stand for no fix
        places = [gps[tag] for tag in (2, 4)]
        start, end = min(entry.start for entry in places), max(entry.end for entry in places)
        return position, max(latitude[1], longitude[1]), start, end

    def _angle(self, gps: Mapping[int, Entry], side: int, negative: bytes) -> tuple[float, float] | None:
        """Degrees, minutes and seconds as fractions, by the hemisphere that the field before names."""
        entry, hemisphere = gps.get(side + 1), gps.get(side)
        if entry is None or entry.type != _RATIONAL or entry.number != 3 or hemisphere is None:
            return None
        degrees, step = 0.0, 1.0
        for index, unit in enumerate((1, 60, 3600)):
            above, below = (self._integer(entry.start + 8 * index + n, 4) for n in (0, 4))
            if below == 0:
                if above:
                    return None
                continue  # written by some for what is not told
            degrees += above / below / unit
            # zero seconds behind minutes with a fraction say nothing
            if above or (index == 2 and step == 1 / 60):
                step = 1 / below / unit
        away = self._data[hemisphere.start : hemisphere.start + 1].upper() == negative
        return (-degrees if away else degrees), step

    def _integer(self, at: int, size: int) -> int:
        return int.from_bytes(self._data[at : min(at + size, self._high)], self._order)
