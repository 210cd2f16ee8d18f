"""Geohash: a place as the code of the cell that it lies in; who keeps fewer characters tells a larger cell.

Longitude and latitude are halved by turns, five halvings a character (G. Niemeyer, geohash.org, 2008). Three characters
are a province, four a large city, five a district.
"""

from __future__ import annotations

_LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz"
LENGTH = 12


def geohash(latitude: float, longitude: float) -> str:
    """The code of a place in degrees, WGS-84, `LENGTH` characters long."""
    bits = 5 * LENGTH // 2
    east = _halvings((longitude + 180) / 360, bits)
    north = _halvings((latitude + 90) / 180, bits)
    woven = "".join(f"{x}{y}" for x, y in zip(east, north, strict=True))
    return "".join(_LETTERS[int(woven[at : at + 5], 2)] for at in range(0, 5 * LENGTH, 5))


def _halvings(share: float, count: int) -> str:
    """Which half it is in, again and again: *share* of the whole as *count* binary digits."""
    return f"{min(int(share * 2**count), 2**count - 1):0{count}b}"
