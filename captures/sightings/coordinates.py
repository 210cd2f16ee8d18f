"""Coordinates: reading a latitude or a longitude where a needle was found.

A *target* is one coordinate of an identity in one datum, a *clue* the meaning of a needle: a number that may be a
target begins here. What a target can look like is written out beforehand (`spellings`), so that reading is a look into
a table.

A southern latitude and a western longitude need their sign or their letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from captures.sightings.cells import METRES_PER_DEGREE
from captures.sightings.information import before
from telltale.identity import Identity

_NUMBER = re.compile(rb"\d{1,5}\.(\d{1,20})(?!\d|\.\d|[eE][-+]?\d)")
_SEXAGESIMAL = re.compile(
    rb"(?P<degrees>\d{1,3})(?P<mark>\xc2[\xb0\xba]|\xcb\x9a|\xe5\xba\xa6|\xb0|deg|d|[ :,-]) ?"
    rb"(?P<minutes>\d{1,2})(?:(?P<part>\.\d{1,8})|(?:\xe2\x80[\xb2\x99]|'|\xe5\x88\x86|min|m|[ :,-]) ?"
    rb"(?P<seconds>\d{1,2}(?:\.\d{1,8})?)(?!\d))?(?:\xe2\x80[\xb2\xb3\x99\x9d]|['\"]{1,2}|\xe5[\x88\xa7][\x86\x92])?",
)
_WEAK = b" :,-"
_BEFORE = re.compile(rb"(?<![A-Za-z])([NSEW])[ :]?\Z")
_AFTER = re.compile(rb"(?:\xc2?\xb0)? ?([NSEWnsew])(?![A-Za-z\d])|,([NSEW])(?=[,*\s]|\Z)")
_LETTERS = ((b"", b"N", b"S"), (b"", b"E", b"W"))
_NEGATIVE = (b"S", b"W")
_DIGITS = tuple(b"%d" % digit for digit in range(10))
_PARTS = b"0123456789."
_TOUCHING = re.compile(rb"\d\.?\Z")
_MORE = re.compile(rb"\.?\d")


@dataclass(frozen=True, slots=True)
class Target:
    """One coordinate of an identity in one datum."""

    identity: Identity
    datum: str
    axis: int
    """0 for the latitude, 1 for the longitude."""
    degrees: float

    @property
    def size(self) -> Decimal:
        """Degrees, without the sign."""
        return abs(Decimal(repr(self.degrees)))


class Value(NamedTuple):
    """What a number says about a target."""

    target: Target
    precision: float
    """Metres, as far as its decimals show."""
    finest: float
    """Metres, if zeros at its end were dropped: ``39.9`` may be 39.90."""
    digits: int
    """That it agrees to; zeros that only pad it do not count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A number in some bytes that agrees with a target."""

    start: int
    end: int
    target: Target
    precision: float
    finest: float
    digits: int
    """0 when the number needs a name whatever its length."""
    chain: tuple[str, ...]
    binary: bool = False


class Stretch(NamedTuple):
    """Bytes of which *low* to *high* belong to one text."""

    data: bytes
    low: int
    high: int

    def touches_digits(self, start: int) -> bool:
        """Whether a number goes on before *start*."""
        if start == self.low or self.data[start - 1] not in _PARTS:
            return False
        return bool(_TOUCHING.search(before(self.data, start, self.low)))


class Clue(Protocol):
    """Meaning of a needle."""

    def read(self, text: Stretch, start: int) -> Iterator[Reading]:
        """What begins at *start* of a text."""


Table = Mapping[bytes, Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Fraction:
    """A number with a point, as text."""

    table: Table
    chain: tuple[str, ...]
    decimals: int
    """Beyond which digits are not looked at."""

    def read(self, text: Stretch, start: int) -> Iterator[Reading]:
        """The number at *start*, if it stands in the table."""
        if text.touches_digits(start):
            return
        match = _NUMBER.match(text.data, start, text.high)
        if not match:
            return
        number = match[0][: match.start(1) - start + self.decimals]
        for value in self.table.get(number) or self.table.get(number.rstrip(b"0"), ()):
            yield from _signed(value, text, start, match.end(), self.chain)


@dataclass(frozen=True, slots=True)
class Whole:
    """A number without a point, as text: the needle itself."""

    literal: bytes
    values: Sequence[Value]
    chain: tuple[str, ...]

    def read(self, text: Stretch, start: int) -> Iterator[Reading]:
        """The needle, if it is no piece of a longer number."""
        end = start + len(self.literal)
        if text.touches_digits(start) or _MORE.match(text.data, end, text.high):
            return
        for value in self.values:
            yield from _signed(value, text, start, end, self.chain)


@dataclass(frozen=True, slots=True)
class Binary:
    """A number in binary; the needle stands *back* bytes behind its beginning."""

    table: Table
    """By the bytes that say which number it is."""
    chain: tuple[str, ...]
    length: int
    back: int
    telling: slice
    """Where those bytes stand in the number."""

    def read(self, text: Stretch, start: int) -> Iterator[Reading]:
        """The number round the needle, if it stands in the table."""
        first = start - self.back
        end = first + self.length
        if first < text.low or end > text.high:
            return
        for target, precision, finest, digits in self.table.get(text.data[first:end][self.telling], ()):
            yield Reading(
                start=first,
                end=end,
                target=target,
                precision=precision,
                finest=finest,
                digits=digits,
                chain=self.chain,
                binary=True,
            )


@dataclass(frozen=True, slots=True)
class Sexagesimal:
    """Degrees, minutes and perhaps seconds; the needle is its beginning, up to the whole minutes."""

    targets: Sequence[Target]

    def read(self, text: Stretch, start: int) -> Iterator[Reading]:
        """The angle at *start*, if it agrees to its last digit."""
        if text.touches_digits(start):
            return
        match = _SEXAGESIMAL.match(text.data, start, text.high)
        if not match:
            return
        minutes = Decimal((match["minutes"] + (match["part"] or b"")).decode())
        seconds = Decimal((match["seconds"] or b"0").decode())
        given = int(match["degrees"]) + minutes / 60 + seconds / 3600
        finest = match["seconds"] or match["part"]
        unit = Decimal(1).scaleb(-len(finest.partition(b".")[2]) if finest else 0) / (3600 if match["seconds"] else 60)
        bare = match["mark"] in _WEAK and not _letter(text, start, match.end())
        for target in self.targets:
            if abs(given - target.size) < unit:
                digits = 0 if bare else sum(map(match[0].count, _DIGITS))
                precision = float(unit) * METRES_PER_DEGREE
                value = Value(target, precision, precision, digits)
                yield from _signed(value, text, start, match.end(), ("dms",))


def _signed(value: Value, text: Stretch, start: int, end: int, chain: tuple[str, ...]) -> Iterator[Reading]:
    """The number from *start* to *end*, if it has the sign of its target, or a letter that says the same."""
    before = text.data[max(text.low, start - 2) : start]
    dash = before.endswith(b"-") and not before[:1].isdigit()  # 39.9042-116.4074: a dash between two numbers
    letter = _letter(text, start, end)
    if (dash or letter in _NEGATIVE) is (value.target.degrees < 0) and letter in _LETTERS[value.target.axis]:
        yield Reading(
            start=start - dash,
            end=end,
            target=value.target,
            precision=value.precision,
            finest=value.finest,
            digits=value.digits,
            chain=chain,
        )


def _letter(text: Stretch, start: int, end: int) -> bytes:
    """The hemisphere that stands beside a number; nothing when none does."""
    if after := _AFTER.match(text.data, end, min(text.high, end + 8)):
        return bytes(after[1] or after[2]).upper()
    before = _BEFORE.search(text.data, max(text.low, start - 3), start)
    return before[1] if before else b""
