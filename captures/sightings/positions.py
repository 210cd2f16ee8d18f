"""Positions: latitude and longitude that stand together, and codes of a place.

Every position of the run is looked for in three datums (`datums`), as pairs of numbers in text and in binary
(`coordinates`) and as codes (`cells`). What is one-way is the form: the datum, and what was rounded away.

========  ===================================================================
plain     WGS-84, finer than 1 km
gcj02     GCJ-02, finer than 1 km
bd09      BD-09, finer than 1 km
coarse    no finer than 1 km, where the datums can hardly be told apart
========  ===================================================================

The precision of a pair is that of its coarser number, where zeros may have been dropped from its end that of the other.

A latitude and a longitude belong together when they are written alike and stand within 200 bytes of each other, in
binary 64. By the minimum information rule a pair of fewer than ten digits together (``39.90, 116.41``) also needs
company: no other number between the two, and the name of a coordinate before or between them (``lat``, ``lng``, ``gps``
…), or others like it: three different ones of a run in a row, with no other number between them, are a way. A short
code needs a name too. A coordinate alone is never a position.

Not seen here: exponents, whole degrees, integers of fewer than four bytes, codes without their beginning
(``WC34+V8 Beijing``), and fractions of EXIF, which belong to pictures.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from captures.sightings.cells import CELLS, Cells
from captures.sightings.coordinates import Clue, Reading, Stretch, Target
from captures.sightings.datums import datums
from captures.sightings.information import before, is_text
from captures.sightings.scanner import Needle, Wanted
from captures.sightings.spellings import FINEST, clues, precision_of, shortened
from telltale.identity import Identity, Position

__all__ = ["Clues", "Place", "Reading", "decimals_of", "needles", "places", "precision_of", "same"]

COARSE = 1000.0
"""Metres from which on a position is coarse."""

_APART, _APART_IN_BINARY = 200, 64
_RICH = 10  # digits
_FILL = (bytes(4), b"\xff" * 4)  # the upper half of an integer of eight bytes
_WORDS = (
    *("lat", "lats", "latitude", "lon", "lons", "lng", "long", "longitude"),
    *("pos", "position", "loc", "location", "point", "gps", "gnss", "wgs", "gcj"),
    *("coord", "coords", "coordinate", "coordinates"),
    *("geo", "geom", "geometry", "geolocation", "geopoint"),
)
# a word of a name, whatever its case (posLat, last_position, LON), and no part of one (lateral, along, post)
_NAME = re.compile(
    "|".join(
        f"(?<![A-Za-z]){word}(?![a-z])|(?<![A-Z]){word.title()}(?![a-z])|(?<![A-Za-z]){word.upper()}(?![A-Za-z])"
        for word in _WORDS
    ).encode()
    + b"|\xe7\xba\xac|\xe7\xbb\x8f"  # 纬, 经
)
_CODE_NAME = re.compile(rb"(?i)geo|hash|cell|grid|pos|loc|gps|plus|olc|code|place|area")
_DIGIT = re.compile(rb"\d")
_BEFORE = re.compile(rb"[^\d}]*\Z")  # back to the last number or object
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")  # a sign between two numbers of a URL (RFC 3986, section 2.1)
_NAME_REACH = 32
_SIGNS = 4
_ROW = 3
_CODE_HEAD = 3
_MARK = re.compile(rb"\w")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A position of the run in some bytes."""

    identity: Identity
    form: str
    chain: tuple[str, ...]
    start: int
    end: int
    precision: float
    """Metres."""


@dataclass(frozen=True, slots=True)
class _Code:
    """Meaning of a needle: a code of these places may begin here."""

    cells: Cells
    known: Sequence[tuple[Target, str]]
    """Targets, and the longest codes of their positions in lower case."""
    shape: re.Pattern[bytes]

    def read(self, text: Stretch, start: int) -> Iterator[Place]:
        """The code at *start*, if it leads to one of the places."""
        data, low, high = text
        match = self.shape.match(data, start, high)
        if not match or _MARK.match(before(data, start, low)[-1:]) or _MARK.match(data, match.end(), high):
            return
        digits = self.cells.digits(match[0].decode().lower())
        named = len(digits) >= self.cells.alone or _CODE_NAME.search(data, max(low, start - _NAME_REACH), start)
        for target, code in self.known:
            if named and code.startswith(digits):
                precision = self.cells.precision(len(digits), target.degrees)
                yield Place(
                    identity=target.identity,
                    form=_form(target.datum, precision),
                    chain=(self.cells.name,),
                    start=start,
                    end=match.end(),
                    precision=precision,
                )


@dataclass(frozen=True, slots=True)
class Clues:
    """All that a needle may mean."""

    numbers: Sequence[Clue]
    codes: Sequence[_Code]

    def read(self, data: bytes, start: int, low: int, high: int) -> Iterator[Reading | Place]:
        """What begins at *start*: coordinates that need their partner, and whole places."""
        text = Stretch(data, low, high)
        for clue in self.numbers:
            yield from clue.read(text, start)
        for code in self.codes:
            yield from code.read(text, start)


def needles(identities: Iterable[Identity]) -> Iterator[tuple[Wanted, Clues]]:
    """What gives the positions among *identities* away, each byte string once, with its meaning."""
    targets = []
    codes: dict[str, list[tuple[Target, str]]] = defaultdict(list)
    for identity in identities:
        if not isinstance(identity.value, tuple):
            continue
        for datum, position in datums(identity.value):
            latitude, longitude = (Target(identity, datum, axis, position[axis]) for axis in (0, 1))
            targets += [latitude, longitude]
            for cells in CELLS.values():
                codes[cells.name].append((latitude, cells.encode(position).lower()))
    for wanted, meant in clues(targets).items():
        yield wanted, Clues(meant, ())
    for name, known in codes.items():
        shape = re.compile(CELLS[name].shape.encode(), re.IGNORECASE)
        for head in {code[:_CODE_HEAD] for _, code in known}:
            mine = [(target, code) for target, code in known if code.startswith(head)]
            yield Needle(head.encode(), caseless=True), Clues((), (_Code(CELLS[name], mine, shape),))


def places(data: bytes, found: Iterable[Reading | Place], *, low: int) -> Iterator[Place]:
    """The places among what was found, in the order of the bytes, in a text that begins at *low*."""
    written: dict[tuple[Identity, str, tuple[str, ...]], tuple[list[Reading], list[Reading]]] = {}
    for one in found:
        if isinstance(one, Place):
            yield one
        else:
            key = (one.target.identity, one.target.datum, one.chain)
            written.setdefault(key, ([], []))[one.target.axis].append(one)
    lone: dict[tuple[int, int], Place] = {}
    for (identity, datum, chain), (latitudes, longitudes) in written.items():
        for latitude, longitude, company in _pairs(data, latitudes, longitudes, low=low):
            precision = max(min(latitude.precision, longitude.precision), latitude.finest, longitude.finest)
            start, end = min(latitude.start, longitude.start), max(latitude.end, longitude.end)
            if chain and _is_long(data, latitude, longitude):
                chain = (chain[0].replace("32", "64"), *chain[1:])  # noqa: PLW2901 - the same chain, told exactly
                start, end = (start - 4, end) if chain[0].endswith("be") else (start, end + 4)
            place = Place(
                identity=identity, form=_form(datum, precision), chain=chain, start=start, end=end, precision=precision
            )
            if company:
                yield place
            elif (known := lone.get((start, end))) is None or precision < known.precision:
                lone[start, end] = place
    yield from _in_a_row(data, [lone[span] for span in sorted(lone)])


def _in_a_row(data: bytes, lone: Iterable[Place]) -> Iterator[Place]:
    """Those that keep each other company: `_ROW` different ones that follow each other with no number between."""
    rows: list[list[Place]] = []
    for place in lone:
        last = rows[-1][-1].end if rows else 0
        if rows and place.start < last:
            continue  # of two that share a number the first counts
        if rows and place.start - last <= _NAME_REACH and not _DIGIT.search(_between(data, last, place.start)):
            rows[-1].append(place)
        else:
            rows.append([place])
    for row in rows:
        if len({data[place.start : place.end] for place in row}) >= _ROW:
            yield from row


def decimals_of(degrees: float) -> int:
    """Decimals in the shortest writing of *degrees*."""
    exponent = Decimal(repr(degrees)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def same(given: Position, wanted: Position) -> bool:
    """Whether a position agrees with another to the decimals that it carries."""
    return all(
        (one < 0) is (other < 0) and _agrees(abs(Decimal(repr(one))), abs(Decimal(repr(other))), decimals_of(one))
        for one, other in zip(given, wanted, strict=True)
    )


def _agrees(given: Decimal, wanted: Decimal, decimals: int) -> bool:
    if decimals >= FINEST:
        return abs(given - wanted) <= Decimal(1).scaleb(-FINEST)
    return given in shortened(wanted, max(1, decimals))


def _form(datum: str, precision: float) -> str:
    if precision >= COARSE:
        return "coarse"
    return "plain" if datum == "wgs84" else datum


def _pairs(
    data: bytes, latitudes: Iterable[Reading], longitudes: Sequence[Reading], *, low: int
) -> Iterator[tuple[Reading, Reading, bool]]:
    """Each latitude with the nearest longitude that no other has; and whether that is enough to tell a position.

    What is not enough by itself stands side by side in text, and has as much as it needs but for a name.
    """
    starts = [longitude.start for longitude in longitudes]
    taken: set[int] = set()
    for latitude in latitudes:
        apart = _APART_IN_BINARY if latitude.binary else _APART
        nearby = range(bisect_left(starts, latitude.start - apart), bisect_right(starts, latitude.start + apart))
        free = [i for i in nearby if i not in taken and not _overlap(latitude, longitudes[i])]
        if not free:
            continue
        nearest = min(free, key=lambda i: abs(starts[i] - latitude.start))
        longitude = longitudes[nearest]
        if latitude.binary or _belong(data, latitude, longitude, low):
            taken.add(nearest)
            yield latitude, longitude, True
            continue
        for beside in (longitudes[i] for i in free):
            if not latitude.binary and _side_by_side(data, latitude, beside):
                yield latitude, beside, False


def _belong(data: bytes, latitude: Reading, longitude: Reading, low: int) -> bool:
    """Whether two numbers in text are a position: by their digits, or by a name."""
    first, second = sorted((latitude, longitude), key=lambda reading: reading.start)
    between = _between(data, first.end, second.start)
    rich = latitude.digits and longitude.digits and latitude.digits + longitude.digits >= _RICH
    return is_text(between) and (bool(rich) or _is_named(data, low, first.start, between))


def _between(data: bytes, start: int, end: int) -> bytes:
    """What stands between two numbers, a comma for each escaped sign."""
    return _ESCAPE.sub(b",", data[start:end])


def _side_by_side(data: bytes, latitude: Reading, longitude: Reading) -> bool:
    """Whether nothing but a few signs stand between two numbers in text, both of which show decimals."""
    first, second = sorted((latitude, longitude), key=lambda reading: reading.start)
    between = _between(data, first.end, second.start)
    return bool(latitude.digits and longitude.digits) and len(between) <= _SIGNS and not _MARK.search(between)


def _is_named(data: bytes, low: int, start: int, between: bytes) -> bool:
    """Whether two numbers, the first at *start*, follow each other and one has the name of a coordinate."""
    before = _BEFORE.search(data[max(low, start - _NAME_REACH) : start])
    return not _DIGIT.search(between) and bool(_NAME.search((before[0] if before else b"") + between))


def _is_long(data: bytes, *readings: Reading) -> bool:
    """Whether integers of four bytes are the lower halves of eight bytes, which repeat their sign."""
    for one in readings:
        order = one.chain[0]
        upper = data[one.end : one.end + 4] if order == "int32-le" else data[max(0, one.start - 4) : one.start]
        if order not in ("int32-le", "int32-be") or upper != _FILL[one.target.degrees < 0]:
            return False
    return True


def _overlap(one: Reading, other: Reading) -> bool:
    return one.start < other.end and other.start < one.end
