"""Spellings: how a coordinate can be written, as needles with their clues.

===========================  ==================================  ===================================================
spelling                     example                             chain
===========================  ==================================  ===================================================
decimal degrees              ``39.9042``, ``39.9042 N``          none
integers in text             ``39904200``                        ``e6`` (``e5``, ``e7``)
integers in binary           ``02 60 e3 48``                     ``int32-be > e6`` and so on (`numbers`)
fractions in binary          ``40 43 f3 bc d3 5a 85 88``         ``float64-be`` and so on (`numbers`)
degrees, minutes, seconds    ``39°54'15.1"N``                    ``dms``
degrees with minutes         ``3954.2520,N`` (NMEA 0183, RMC)    ``nmea``
===========================  ==================================  ===================================================

A number agrees when it is the coordinate rounded, or cut off, to the decimals that it carries (beyond seven, one
centimetre, to seven), or to half of such a step, or what a float of four bytes keeps of it. Zeros at its end count as
decimals when it agrees with them, and as padding when it does not.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache

from captures.sightings import numbers
from captures.sightings.cells import METRES_PER_DEGREE
from captures.sightings.coordinates import Binary, Clue, Fraction, Sexagesimal, Target, Value, Whole
from captures.sightings.scanner import Expression, Needle, Wanted

FINEST = 7
"""Decimals of a degree that are looked at."""
SCALES = (5, 6, 7)
"""Powers of ten by which integers are multiplied."""

Rows = Iterable[tuple[bytes, Value]]
Shape = tuple[tuple[str, ...], int, int, int, int]

_COARSE = 3  # decimals up to which a number may be padded with zeros, or stand on a grid of half steps
_LEAST = 6  # digits of an integer in text
_MINUTE_DECIMALS = 6
_FLOAT_DECIMALS = 6
_MARKS = ("°", "° ", "º", "˚", "度", "deg", "d", " ", ":", ",", "-")


def clues(targets: Iterable[Target]) -> dict[Wanted, list[Clue]]:
    """Every needle of some targets, with what it may mean."""
    found: dict[Wanted, list[Clue]] = defaultdict(list)
    for axis in (0, 1):
        mine = [target for target in targets if target.axis == axis]
        for spell in (_fractions, _wholes, _binaries, _angles):
            for wanted, clue in spell(mine):
                found[wanted].append(clue)
    return found


def _fractions(targets: Sequence[Target]) -> Iterator[tuple[Wanted, Clue]]:
    spellings: tuple[tuple[Callable[[Target], Rows], tuple[str, ...], int, int], ...] = (
        (_decimal, (), FINEST, 3),
        (_nmea, ("nmea",), _MINUTE_DECIMALS, 1),
    )
    for spell, chain, finest, telling in spellings:
        table = _table(row for target in targets for row in spell(target))
        clue = Fraction(table, chain, finest)
        for wanted in dict.fromkeys(wanted for text in table for wanted in _beginnings(text, telling)):
            yield wanted, clue


def _beginnings(text: bytes, telling: int) -> Iterator[Wanted]:
    """What a search can tell of a number with a point: its first decimals, *telling* of them, or that it has fewer."""
    whole, _, decimals = text.partition(b".")
    if len(decimals) < telling:
        yield Expression(re.escape(text) + rb"[^\d]", width=len(text) + 1)
        yield Expression(re.escape(text) + b"$", width=len(text))
    yield Needle(b"%b.%b" % (whole, decimals[:telling].ljust(telling, b"0")), caseless=False)


def _wholes(targets: Sequence[Target]) -> Iterator[tuple[Wanted, Clue]]:
    for scale in SCALES:
        rows = ((b"%d" % number, value) for target in targets for number, value in _integers(target, scale))
        for literal, values in _table(rows).items():
            if len(literal) >= _LEAST:
                yield Needle(literal, caseless=False), Whole(literal, values, (f"e{scale}",))


def _binaries(targets: Sequence[Target]) -> Iterator[tuple[Wanted, Clue]]:
    tables: dict[tuple[Wanted, Shape], list[tuple[bytes, Value]]] = defaultdict(list)
    for target in targets:
        for number, chain, value in _binary(target):
            # of a double the four bytes that change least: most ways to shorten a number share them
            at = 4 if number.link == "float64-le" else 0
            literal = number.literal[-4:] if at else number.literal[:4] if number.length == 8 else number.literal
            telling = slice(number.skip, number.skip + len(number.literal))
            tables[Needle(literal, caseless=False), (chain, number.length, at, telling.start, telling.stop)].append(
                (number.literal, value)
            )
    for (needle, (chain, length, at, low, high)), rows in tables.items():
        yield needle, Binary(_table(rows), chain, length, at, slice(low, high))


def _angles(targets: Sequence[Target]) -> Iterator[tuple[Wanted, Clue]]:
    found: dict[bytes, list[Target]] = defaultdict(list)
    for target in targets:
        for beginning in _angle_beginnings(target):
            found[beginning].append(target)
    return ((Needle(beginning, caseless=False), Sexagesimal(those)) for beginning, those in found.items())


def precision_of(decimals: int) -> float:
    """Metres that the last of so many decimals of a degree stands for."""
    return float(METRES_PER_DEGREE / 10**decimals)


@lru_cache(1024)
def shortened(value: Decimal, decimals: int) -> frozenset[Decimal]:
    """*value* cut off or rounded to so many decimals."""
    step = Decimal(1).scaleb(-decimals)
    return frozenset(value.quantize(step, rounding) for rounding in (ROUND_DOWN, ROUND_HALF_UP, ROUND_HALF_EVEN))


def _table(rows: Rows) -> dict[bytes, list[Value]]:
    """Rows by their text; of one target the coarsest value that a text can have comes first and counts."""
    table: dict[bytes, list[Value]] = defaultdict(list)
    for text, value in rows:
        if all(known.target != value.target for known in table[text]):
            table[text].append(value)
    return dict(table)


def _coarse(size: Decimal, most: int) -> Iterator[tuple[Decimal, int, float]]:
    """A number cut off, rounded, or put on a grid of half steps: with its decimals and its precision, coarse first."""
    for decimals in range(1, most + 1):
        step = Decimal(1).scaleb(-decimals)
        for number in sorted(shortened(size, decimals)):
            yield number, decimals, precision_of(decimals)
        if decimals <= _COARSE:
            for number in sorted(each * 5 * step for each in shortened(size / (5 * step), 0)):
                yield number.quantize(step), decimals, 5 * precision_of(decimals)


def _decimal(target: Target) -> Rows:
    for number, _, precision in _coarse(target.size, FINEST):
        yield _text(number), _value(target, precision, _text(number))
    last = Decimal(1).scaleb(-FINEST)
    for kept in (target.size, Decimal(repr(numbers.as_float32(float(target.size))))):
        precision = precision_of(FINEST) if kept == target.size else _float32_gap(target)
        for decimals in range(5, FINEST + 1):
            for number in shortened(kept, decimals):
                for near in (number - last, number, number + last) if decimals == FINEST else (number,):
                    yield _text(near), _value(target, precision, _text(near))


def _nmea(target: Target) -> Rows:
    degrees = int(target.size)
    for decimals in range(1, _MINUTE_DECIMALS + 1):
        for minutes in shortened((target.size - degrees) * 60, decimals):
            if minutes < 60:
                text = f"{degrees:02d}{minutes:0{3 + decimals}.{decimals}f}"
                precision = precision_of(decimals) / 60
                value = Value(target, precision, precision, len(text) - 1)
                yield text.encode(), value
                if target.axis:
                    yield text.encode().rjust(6 + decimals, b"0"), value


def _integers(target: Target, scale: int) -> Iterator[tuple[int, Value]]:
    """The target multiplied by a power of ten, as it is and made coarse before."""
    for number in shortened(target.size, scale):
        yield int(number.scaleb(scale)), _value(target, precision_of(scale), _text(number))
    for number, _, precision in _coarse(target.size, _COARSE):
        yield int(number.scaleb(scale)), _value(target, precision, _text(number.normalize()))


def _binary(target: Target) -> Iterator[tuple[numbers.Written, tuple[str, ...], Value]]:
    """What fits the same bytes is told once, the coarsest first."""
    seen: set[tuple[bytes, str]] = set()
    for number, chain, value in (*_binary_integers(target), *_binary_fractions(target)):
        if (number.literal, number.link) not in seen:
            seen.add((number.literal, number.link))
            yield number, chain, value


def _binary_integers(target: Target) -> Iterator[tuple[numbers.Written, tuple[str, ...], Value]]:
    for scale in SCALES:
        for number, value in _integers(target, scale):
            if not _is_plain(Decimal(number).scaleb(-scale)):
                for each in numbers.integer(-number if target.degrees < 0 else number):
                    yield each, (each.link, f"e{scale}"), value


def _binary_fractions(target: Target) -> Iterator[tuple[numbers.Written, tuple[str, ...], Value]]:
    gap = _float32_gap(target)
    whole = target.size.quantize(Decimal(1).scaleb(-FINEST))
    sizes = [(size, precision, False) for size, _, precision in _coarse(target.size, _FLOAT_DECIMALS)]
    for size, precision, loose in (*sizes, (whole, precision_of(FINEST), True)):
        if not _is_plain(size):
            number = target.degrees if loose else math.copysign(float(size), target.degrees)
            for each in numbers.floating(number, loose=loose):
                least = max(precision, gap) if each.link.startswith("float32") else precision
                yield each, (each.link,), _value(target, least, _text(size))


def _angle_beginnings(target: Target) -> Iterator[bytes]:
    """How degrees and minutes can begin; the last second may be rounded up to the next minute."""
    minutes = int(target.size * 60)
    for total in (minutes, minutes + 1):
        degrees, rest = divmod(total, 60)
        for mark in _MARKS:
            yield from {f"{degrees}{mark}{rest:02d}".encode(), f"{degrees}{mark}{rest}".encode()}


def _is_plain(degrees: Decimal) -> bool:
    """Whether the number is one that any program uses: too little for four bytes."""
    return degrees % Decimal("0.5") == 0


def _float32_gap(target: Target) -> float:
    """Metres between a float and the next one."""
    _, exponent = math.frexp(target.degrees)
    return float(2.0 ** (exponent - 24) * METRES_PER_DEGREE)


def _text(number: Decimal) -> bytes:
    return f"{number:f}".encode()


def _value(target: Target, precision: float, text: bytes) -> Value:
    number = Decimal(text.decode())
    decimals = len(text.partition(b".")[2])
    finest = precision
    if number in shortened(target.size, decimals):
        while decimals < FINEST and number in shortened(target.size, decimals + 1):
            decimals += 1
            finest = min(finest, precision_of(decimals))
    return Value(target, precision, finest, len(text) - text.count(b"."))
