"""Routes: the ways that a car is driven, and the fixes that a GNSS receiver would have on them.

Between two points a route is the great circle on a sphere, and it is driven at one speed from end to end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Annotated

from pydantic import Field

from telltale.identity import Position
from telltale.timeline import Fact
from telltale.times import SECOND
from telltale.yamlfile import Strict

EARTH = 6_371_008.8
"""Metres: the mean radius R1 of the GRS 80 ellipsoid (IUGG, H. Moritz, Geodetic Reference System 1980)."""
MOST_FIXES = 40
"""Of a drive. Each is an identity of the run, and what the search costs grows with their number."""
_DECIMALS = 6
"""Of a degree: a tenth of a metre, and what NMEA's minutes carry without loss."""

BESIDE = 60.0
"""Metres from a place at which a car stands that is driven there: the street is not the house, and what leaves tells
the one from the other."""

_Vector = tuple[float, float, float]


class Point(Strict):
    """A point of a route."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    """Degrees, WGS-84."""
    lon: Annotated[float, Field(ge=-180, le=180)]


class PlaceRow(Strict):
    """A place that scenarios may name."""

    at: str | Point
    """The item of the run that is its position, ``home_position``; or a point on the map, the same in every run."""
    facts: dict[str, Fact] = Field(default_factory=dict)
    """What the unit's state is at this place."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What a receiver tells: where the car is, and how it moves."""

    latitude: float
    """Degrees, WGS-84."""
    longitude: float
    speed: float = 0.0
    """Metres a second, over ground."""
    course: float = 0.0
    """Degrees from true north, clockwise, 0 to 360."""

    @property
    def position(self) -> Position:
        """Latitude and longitude."""
        return self.latitude, self.longitude


class Route:
    """A way along *points*, degrees, WGS-84.

    :raises ValueError: fewer than two points, or no way between them
    """

    def __init__(self, points: Sequence[Position]) -> None:
        self._points = [_vector(point) for point in points]
        legs = [_angle(one, other) for one, other in pairwise(self._points)]
        if not sum(legs):
            raise ValueError("a route leads from one point to another")
        self._ends = list(accumulate(legs))

    @property
    def length(self) -> float:
        """Metres."""
        return self._ends[-1] * EARTH

    def fix(self, passed: int, duration: int) -> Fix:
        """The fix once *passed* of *duration*, both ns, is over: on the way, or standing at its end."""
        share = min(1.0, max(0.0, passed / duration))
        done = share * self._ends[-1]
        leg = next((at for at, end in enumerate(self._ends) if done <= end and end), len(self._ends) - 1)
        begins, ends = (self._ends[leg - 1] if leg else 0.0), self._ends[leg]
        start, goal = self._points[leg], self._points[leg + 1]
        here = _between(start, goal, (done - begins) / (ends - begins)) if ends > begins else start
        latitude, longitude = _degrees(here)
        return Fix(
            latitude=round(latitude, _DECIMALS),
            longitude=round(longitude, _DECIMALS),
            speed=self.length / (duration / SECOND) if share < 1 else 0.0,
            course=_bearing(here, goal) if share < 1 else (_bearing(goal, start) + 180) % 360,
        )

    def moments(self, duration: int) -> Iterator[int]:
        """When the fixes of a drive of *duration* are told, ns from its start: whole seconds apart, and at its end."""
        interval = max(1, math.ceil(duration / SECOND / MOST_FIXES)) * SECOND
        yield from range(0, duration, interval)
        yield duration


def beside(place: Position) -> Position:
    """Where a car stands that was driven to *place*, degrees: `BESIDE` it, to the south in the north of the earth."""
    latitude, longitude = place
    away = math.degrees(BESIDE / EARTH)
    return round(latitude - math.copysign(away, latitude), _DECIMALS), longitude


def _vector(position: Position) -> _Vector:
    """The unit vector to a point of the sphere: x to 0° 0°, z to the north pole."""
    latitude, longitude = map(math.radians, position)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )


def _degrees(vector: _Vector) -> Position:
    x, y, z = vector
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def _angle(one: _Vector, other: _Vector) -> float:
    """Radians between two points; exact for small angles as well, which an arc cosine is not."""
    return math.atan2(math.hypot(*_cross(one, other)), sum(a * b for a, b in zip(one, other, strict=True)))


def _between(one: _Vector, other: _Vector, share: float) -> _Vector:
    """The point on the great circle from *one* to *other* that *share* of it leads to."""
    angle = _angle(one, other)
    first, second = math.sin((1 - share) * angle) / math.sin(angle), math.sin(share * angle) / math.sin(angle)
    x, y, z = (first * a + second * b for a, b in zip(one, other, strict=True))
    return x, y, z


def _bearing(here: _Vector, goal: _Vector) -> float:
    """Course at *here* of the great circle to *goal*, degrees."""
    (latitude, longitude), (to_latitude, to_longitude) = map(_radians, (here, goal))
    east = to_longitude - longitude
    return (
        math.degrees(
            math.atan2(
                math.sin(east) * math.cos(to_latitude),
                math.cos(latitude) * math.sin(to_latitude)
                - math.sin(latitude) * math.cos(to_latitude) * math.cos(east),
            )
        )
        % 360
    )


def _radians(vector: _Vector) -> Position:
    latitude, longitude = map(math.radians, _degrees(vector))
    return latitude, longitude


def _cross(one: _Vector, other: _Vector) -> _Vector:
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )
