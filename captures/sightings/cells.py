"""Cells: codes that name a rectangle of the Earth, the longer the smaller.

=============  =====================================================================================================
geohash        base 32 without a, i, l and o; bits of longitude and latitude in turn (Niemeyer 2008; CTA-5009, annex)
plus code      Open Location Code, full codes of 2 to 15 digits (specification 1.0, google/open-location-code)
=============  =====================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, floor, radians

from telltale.identity import Position

METRES_PER_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator (WGS-84, rounded)."""

_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"
_PLUS = "23456789CFGHJMPQRVWX"
_PAIRS = 5
_PLUS_DIGITS = 15
_ROWS, _COLUMNS = 5, 4  # of the grid that each digit behind the tenth divides a cell into


@dataclass(frozen=True, kw_only=True, slots=True)
class Cells:
    """One kind of code."""

    name: str
    """Link in a chain."""
    encode: Callable[[Position], str]
    """The longest code of a position."""
    shape: str
    """A code of any length, as a regular expression of text in lower case."""
    digits: Callable[[str], str]
    """The digits of a written code that say where the cell is."""
    sides: Callable[[int], tuple[float, float]]
    """Height and width of a cell with so many digits, degrees."""
    alone: int
    """Fewest digits that can be told from chance without a name before them."""

    def precision(self, digits: int, latitude: float) -> float:
        """The shorter side of a cell with so many digits, metres."""
        height, width = self.sides(digits)
        return min(height, width * cos(radians(latitude))) * METRES_PER_DEGREE


def geohash(position: Position, length: int = 12) -> str:
    """The geohash of a position in degrees, *length* characters long."""
    bounds = [[-90.0, 90.0], [-180.0, 180.0]]
    text, digit = "", 0
    for bit in range(5 * length):
        axis = 1 - bit % 2
        middle = sum(bounds[axis]) / 2
        above = position[axis] >= middle
        bounds[axis][0 if above else 1] = middle
        digit = digit << 1 | above
        if bit % 5 == 4:
            text += _GEOHASH[digit]
            digit = 0
    return text


def _geohash_sides(digits: int) -> tuple[float, float]:
    bits = 5 * digits
    return 180 / 2 ** (bits // 2), 360 / 2 ** (bits - bits // 2)


def plus_code(position: Position) -> str:
    """The digits of the longest Open Location Code of a position in degrees, without its separator."""
    rows, columns = _ROWS**_PAIRS, _COLUMNS**_PAIRS
    south = min(max(floor(round((position[0] + 90) * 8000 * rows, 3)), 0), 180 * 8000 * rows - 1)
    west = floor(round((position[1] + 180) * 8000 * columns, 3)) % (360 * 8000 * columns)
    fine = ""
    for _ in range(_PLUS_DIGITS - 2 * _PAIRS):
        fine = _PLUS[south % _ROWS * _COLUMNS + west % _COLUMNS] + fine
        south, west = south // _ROWS, west // _COLUMNS
    pairs = ""
    for _ in range(_PAIRS):
        pairs = _PLUS[south % 20] + _PLUS[west % 20] + pairs
        south, west = south // 20, west // 20
    return pairs + fine


def _plus_sides(digits: int) -> tuple[float, float]:
    pairs = min(digits, 2 * _PAIRS) // 2
    side, fine = 20.0 ** (2 - pairs), max(0, digits - 2 * _PAIRS)
    return side / _ROWS**fine, side / _COLUMNS**fine


def _plus_digits(code: str) -> str:
    return code.replace("+", "").rstrip("0")


CELLS: Mapping[str, Cells] = {
    cells.name: cells
    for cells in (
        Cells(
            name="geohash",
            encode=geohash,
            shape=f"[{_GEOHASH}]{{3,12}}",
            digits=lambda code: code,
            sides=_geohash_sides,
            alone=7,
        ),
        Cells(
            name="plus-code",
            encode=plus_code,
            shape=f"(?=[{_PLUS.lower()}0]{{8}}\\+)(?:[{_PLUS.lower()}]{{2}}){{1,4}}0*\\+(?:[{_PLUS.lower()}]{{2,7}})?",
            digits=_plus_digits,
            sides=_plus_sides,
            alone=8,
        ),
    )
}
"""Every kind of code, by name."""
