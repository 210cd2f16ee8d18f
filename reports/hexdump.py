"""Bytes in lines of sixteen, with marked ones hidden and identities that nobody marked hidden as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.masking import DOT, mask_bytes

WIDTH = 16
LONGEST_MARK = 64
"""Marked bytes in a row that are shown; of more, the first and last lines stay."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One byte: its two hex digits, the character it stands for, and whether it belongs to a sighting."""

    pair: str
    character: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Up to sixteen bytes from *offset* on, or *skipped* marked bytes that are not shown."""

    offset: int
    cells: tuple[Cell, ...] = ()
    skipped: int = 0


def dump(
    data: bytes, start: int, stop: int, *, marks: Sequence[tuple[int, int]] = (), secrets: Iterable[str] = ()
) -> Iterator[Line]:
    """Lines for the bytes in [start, stop).

    :param marks: half-open byte ranges of sightings, from the beginning of *data*
    :param secrets: identities; their bytes are hidden wherever they stand in *data*
    """
    hidden = _hidden(data, marks, secrets)
    skipping = 0
    for offset in range(start, stop, WIDTH):
        end = min(offset + WIDTH, stop)
        if _inside_long_mark(offset, end, marks):
            skipping += end - offset
            continue
        if skipping:
            yield Line(offset=offset - skipping, skipped=skipping)
            skipping = 0
        yield Line(offset=offset, cells=tuple(_cell(data, place, hidden, marks) for place in range(offset, end)))
    if skipping:
        yield Line(offset=stop - skipping, skipped=skipping)


def _inside_long_mark(offset: int, end: int, marks: Sequence[tuple[int, int]]) -> bool:
    """Whether the line lies inside a long mark, away from both of its ends."""
    return any(right - left > LONGEST_MARK and left + WIDTH <= offset and end + WIDTH <= right for left, right in marks)


def _hidden(data: bytes, marks: Sequence[tuple[int, int]], secrets: Iterable[str]) -> dict[int, str]:
    """The hex digits to show instead, by place, for each byte of a mark or of a secret."""
    ranges = list(marks)
    for secret in secrets:
        needle = secret.encode()
        place = data.find(needle) if needle else -1
        while place >= 0:
            ranges.append((place, place + len(needle)))
            place = data.find(needle, place + 1)
    shown: dict[int, str] = {}
    for left, right in sorted(ranges, key=lambda r: r[0] - r[1]):
        for place, pair in enumerate(mask_bytes(data[left:right]), left):
            if DOT in pair or place not in shown:
                shown[place] = pair
    return shown


def _cell(data: bytes, place: int, hidden: dict[int, str], marks: Sequence[tuple[int, int]]) -> Cell:
    pair = hidden.get(place, f"{data[place]:02x}")
    character = DOT if DOT in pair else chr(data[place]) if 0x20 <= data[place] < 0x7F else "."
    return Cell(pair=pair, character=character, marked=any(left <= place < right for left, right in marks))
