"""Datums: where WGS-84, GCJ-02 and BD-09 put the same place.

Maps of mainland China are drawn in GCJ-02, some 100 to 700 m away from WGS-84; Baidu's are moved once more, into
BD-09. Neither transformation was published by those who made it. The formulas below are the ones that have been in
use everywhere since 2010 (EvilTransform, coordtransform); they agree with the map services to about a metre.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import atan2, cos, hypot, pi, radians, sin, sqrt

from telltale.identity import Position

_A = 6378245.0  # m, semi-major axis of Krasovsky 1940
_E2 = 0.00669342162296594323  # its first eccentricity, squared
_ORIGIN = (35.0, 105.0)
_TURN = pi * 3000 / 180
_NORTH, _SOUTH, _EAST, _WEST = 55.8271, 0.8293, 137.8347, 72.004
"""Degrees. Outside this rectangle the two are WGS-84."""


def datums(position: Position) -> Iterator[tuple[str, Position]]:
    """A WGS-84 *position* as ``wgs84``, and in and round China as ``gcj02`` and ``bd09``."""
    yield "wgs84", position
    latitude, longitude = position
    if _SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST:
        shifted = gcj02(position)
        yield "gcj02", shifted
        yield "bd09", bd09(shifted)


def gcj02(position: Position) -> Position:
    """A WGS-84 position in GCJ-02, degrees."""
    latitude, longitude = position
    y, x = latitude - _ORIGIN[0], longitude - _ORIGIN[1]
    shared = 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (shared + _waves(y, 160, 320)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (shared + _waves(x, 150, 300)) * 2 / 3
    angle = radians(latitude)
    curve = 1 - _E2 * sin(angle) ** 2
    meridian = _A * (1 - _E2) / (curve * sqrt(curve))
    parallel = _A / sqrt(curve) * cos(angle)
    return latitude + north * 180 / (meridian * pi), longitude + east * 180 / (parallel * pi)


def bd09(position: Position) -> Position:
    """A GCJ-02 position in BD-09, degrees."""
    latitude, longitude = position
    radius = hypot(longitude, latitude) + 0.00002 * sin(latitude * _TURN)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * _TURN)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065


def _waves(at: float, twelfth: float, thirtieth: float) -> float:
    short = 20 * sin(pi * at) + 40 * sin(pi / 3 * at)
    return short + twelfth * sin(pi / 12 * at) + thirtieth * sin(pi / 30 * at)
