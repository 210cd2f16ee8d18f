"""Positions in text: latitude and longitude in decimal degrees that agree with an identity.

A number agrees when it is the identity's value rounded, or cut off, to the decimals that it carries (beyond seven,
one centimetre, to seven). Latitude and longitude must carry a decimal each and stand within 200 bytes of each other.
By the minimum information rule a pair of fewer than ten digits together (``39.90, 116.41``) also needs company: no
other number between the two, and the name of a coordinate before or between them (``lat``, ``lng``, ``gps`` …).

Not seen here: degrees with minutes, hemisphere letters in place of a sign, exponents, integers (millionths), geohashes,
other datums, and whole degrees.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from captures.sightings.information import is_text
from captures.sightings.scanner import Needle
from telltale.identity import Position

METRES_PER_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator (WGS-84, rounded)."""

_APART = 200
_EXACT = 3  # decimals: about 100 m, the finest that is still no address
_FINEST = 7
_RICH = 10  # digits
_NUMBER = re.compile(rb"\d{1,3}\.(\d{1,20})(?!\d|\.\d|[eE][-+]?\d)")
_NAME = re.compile(rb"(?i)lat|lon|lng|pos|loc|gps|coord|geo|gnss|wgs|gcj|\xe7\xba\xac|\xe7\xbb\x8f")  # 纬, 经
_DIGIT = re.compile(rb"\d")
_BEFORE = re.compile(rb"[^\d}]*\Z")  # back to the last number or object
_NAME_REACH = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordinate:
    """A number that agrees with one coordinate of an identity."""

    start: int
    end: int
    decimals: int
    digits: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A latitude and a longitude, in either order."""

    start: int
    end: int
    decimals: int
    """Of the one that carries fewer."""

    @property
    def form(self) -> str:
        """``plain``, or ``coarse`` when either carries fewer than three decimals."""
        return "plain" if self.decimals >= _EXACT else "coarse"

    @property
    def precision(self) -> float:
        """Metres that the last decimal stands for."""
        return precision_of(self.decimals)


def precision_of(decimals: int) -> float:
    """Metres that the last of so many decimals of a degree stands for."""
    return float(METRES_PER_DEGREE / 10**decimals)


def decimals_of(degrees: float) -> int:
    """Decimals in the shortest writing of *degrees*."""
    exponent = Decimal(repr(degrees)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def needles(degrees: float) -> list[Needle]:
    """How every number that agrees with *degrees* begins: its tenths, cut off or rounded."""
    return [
        Needle(str(tenths).encode(), caseless=False) for tenths in sorted(_shortened(abs(Decimal(repr(degrees))), 1))
    ]


def read(data: bytes, start: int, low: int, high: int, degrees: float) -> Coordinate | None:
    """The number at *start*, within *low* to *high*, if it agrees with *degrees*."""
    before = data[max(low, start - 2) : start]
    negative = before.endswith(b"-") and not before[:1].isdigit()  # 39.9042-116.4074: a dash between two numbers
    if before[-1:].isdigit() or before.endswith(b".") or negative is not (degrees < 0):
        return None
    match = _NUMBER.match(data, start, high)
    if not match or not agrees(match[0].decode(), abs(degrees)):
        return None
    decimals = len(match[1])
    return Coordinate(start=start - negative, end=match.end(), decimals=decimals, digits=len(match[0]) - 1)


def agrees(text: str, degrees: float) -> bool:
    """Whether the number *text* is *degrees* rounded or cut off to the decimals of *text*."""
    given, wanted = Decimal(text), Decimal(repr(degrees))
    decimals = len(text.partition(".")[2])
    if decimals >= _FINEST:
        return abs(given - wanted) <= Decimal(1).scaleb(-_FINEST)
    return given in _shortened(wanted, decimals)


def same(given: Position, wanted: Position) -> bool:
    """Whether a position agrees with another to the decimals that it carries."""
    return all(
        (one < 0) is (other < 0) and agrees(f"{abs(one):.{max(1, decimals_of(one))}f}", abs(other))
        for one, other in zip(given, wanted, strict=True)
    )


def pairs(
    data: bytes, latitudes: Iterable[Coordinate], longitudes: Sequence[Coordinate], *, low: int
) -> Iterator[Pair]:
    """Each latitude with the nearest longitude that no other has; all in order, in a text that begins at *low*."""
    starts = [longitude.start for longitude in longitudes]
    taken: set[int] = set()
    for latitude in latitudes:
        nearby = range(bisect_left(starts, latitude.start - _APART), bisect_right(starts, latitude.start + _APART))
        free = [i for i in nearby if i not in taken and not _overlap(latitude, longitudes[i])]
        if not free:
            continue
        nearest = min(free, key=lambda i: abs(starts[i] - latitude.start))
        longitude = longitudes[nearest]
        start, end = min(latitude.start, longitude.start), max(latitude.end, longitude.end)
        pair = Pair(start=start, end=end, decimals=min(latitude.decimals, longitude.decimals))
        between = data[min(latitude.end, longitude.end) : max(latitude.start, longitude.start)]
        rich = latitude.digits + longitude.digits >= _RICH
        if is_text(between) and (rich or _is_named(data, low, start, between)):
            taken.add(nearest)
            yield pair


def _is_named(data: bytes, low: int, start: int, between: bytes) -> bool:
    """Whether two numbers, the first at *start*, follow each other and one has the name of a coordinate."""
    before = _BEFORE.search(data[max(low, start - _NAME_REACH) : start])
    return not _DIGIT.search(between) and bool(_NAME.search((before[0] if before else b"") + between))


def _overlap(one: Coordinate, other: Coordinate) -> bool:
    return one.start < other.end and other.start < one.end


def _shortened(value: Decimal, decimals: int) -> set[Decimal]:
    step = Decimal(1).scaleb(-decimals)
    return {value.quantize(step, rounding) for rounding in (ROUND_DOWN, ROUND_HALF_UP, ROUND_HALF_EVEN)}
