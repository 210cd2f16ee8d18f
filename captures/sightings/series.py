"""Series: numbers of the run that mean nothing alone, found by their sequence.

A speed of 50 is in every second text; 50, 53, 57, 64, 61, 58, 49 in this order, equally far apart, are the drive's. A
run's values of one item, in the order of the identities file, are looked for in

=====================  ==============================================================================================
text                   numbers that stand equally many numbers apart: a JSON array, an array of objects, lines of CSV
integers, floats       of two, four or eight bytes in either byte order, one right after the other or in records of
                       one size; integers also times 10, 100 and 1000, as buses and protocols scale them
varints                of a packed field (protocol buffers), one right after the other
BCD                    two digits a byte, in two, three or four bytes
=====================  ==============================================================================================

The minimum information rule: at least three consecutive values whose steps are not all equal (else six: everybody has
counters), and 23 bits, so that chance meets them at one in eight million places. The first value counts with its
digits. A step of n counts log2(2n + 1) bits, since small steps are never less likely than large ones; and where values
stand n apart, which is one of n ways to look at them, log2(n) more are needed.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import log2
from typing import NamedTuple

from captures.sightings.information import is_text
from captures.sightings.layers import Layer
from captures.sightings.ledger import Found
from captures.sightings.numbers import varint
from captures.sightings.scanner import Needle, scanner
from telltale.identity import Identity

NUMBERS = ("speed", "odometer", "soc")
"""Items whose values are numbers, which are told by their sequence or by the name of their field."""
LEAST = 3
"""Consecutive values that are a series."""
EVEN = 6
"""Values that are one although their steps are equal."""
_BITS = 23.0
_FARTHEST = 32  # numbers of one record in text
_RECORD = 64  # bytes of one record in binary
_SCALES = (1, 10, 100, 1000)
_VALUE = re.compile(r"-?\d{1,12}(\.\d{1,12})?")
_NUMBER = re.compile(rb"(?<![0-9A-Za-z.])-?\d{1,12}(?:\.\d{1,12})?(?![0-9A-Za-z]|\.\d)")


class _Series(NamedTuple):
    """An item's values in the order in which the unit had them."""

    identities: Sequence[Identity]
    values: Sequence[Decimal]


class _Writing(NamedTuple):
    """A series in one binary writing."""

    series: _Series
    link: str
    literals: Sequence[bytes]
    """Of each value; empty where it cannot be written so."""


class _Run(NamedTuple):
    """Consecutive values of a series, equally far apart."""

    first: int
    """Of the values."""
    long: int
    """How many of them."""
    place: int
    stride: int

    @property
    def values(self) -> range:
        """Which of the values."""
        return range(self.first, self.first + self.long)

    @property
    def last(self) -> int:
        """Place of the last one."""
        return self.place + self.stride * (self.long - 1)


def is_lone_number(identity: Identity) -> bool:
    """Whether a value is a number that means nothing alone."""
    return identity.item in NUMBERS and isinstance(identity.value, str) and bool(_VALUE.fullmatch(identity.value))


class SeriesSearch:
    """Looks for the series among the identities of a run; without one it costs nothing."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        known = list(identities)
        self._series = [one for item in NUMBERS if (one := _series(known, item))]
        self._writings = [writing for one in self._series for writing in _writings(one)]
        meanings: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for number, writing in enumerate(self._writings):
            for at, literal in enumerate(writing.literals):
                if literal:
                    meanings[literal].append((number, at))
        self._meanings = list(meanings.values())
        self._scan = scanner([Needle(literal, caseless=False) for literal in meanings])

    def found(self, layer: Layer) -> Iterator[Found]:
        """Every series that stands in a layer."""
        for piece in layer.pieces if self._series else ():
            data = layer.data[piece.start : piece.end]
            for identity, links, start, end in self._in_text(data) if is_text(data) else self._in_binary(data):
                begin, stop = piece.start + start, piece.start + end
                links = (*layer.chain, *links)  # noqa: PLW2901 - the whole chain
                yield Found(identity=identity, form="plain", chain=links, start=begin, end=stop)

    def _in_text(self, data: bytes) -> Iterator[tuple[Identity, tuple[str, ...], int, int]]:
        tokens = list(_NUMBER.finditer(data))
        at: dict[Decimal, list[int]] = defaultdict(list)
        for place, token in enumerate(tokens):
            at[Decimal(token[0].decode())].append(place)
        for one in self._series:
            for run in _runs([at.get(value, ()) for value in one.values], 1, _FARTHEST):
                if _tells(one, run, run.stride):
                    yield one.identities[run.first], (), tokens[run.place].start(), tokens[run.last].end()

    def _in_binary(self, data: bytes) -> Iterator[tuple[Identity, tuple[str, ...], int, int]]:
        places: dict[int, list[list[int]]] = {}
        for hit in self._scan(data):
            for number, at in self._meanings[hit.needle]:
                table = places.setdefault(number, [[] for _ in self._writings[number].literals])
                table[at].append(hit.start)
        told: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, run in sorted(self._binary_runs(places), key=lambda one: -one[1].long):
            one, link, literals = self._writings[number]
            end = run.last + len(literals[run.values[-1]])
            # the halves of neighbours, read in the other byte order, may be a part of the same series
            if not any(run.place < high and low < end for low, high in told[id(one)]):
                told[id(one)].append((run.place, end))
                yield one.identities[run.first], (link,), run.place, end

    def _binary_runs(self, places: Mapping[int, Sequence[Sequence[int]]]) -> Iterator[tuple[int, _Run]]:
        for number, table in places.items():
            one, link, literals = self._writings[number]
            width = max(map(len, literals))
            packed = link == "varint"
            for run in _packed(table, literals) if packed else _runs(table, width, _RECORD):
                if _tells(one, run, 1 if packed else run.stride / width):
                    yield number, run


def _series(identities: Iterable[Identity], item: str) -> _Series | None:
    """The values of *item*, if there are enough; a value that stays counts once, since a standing car tells nothing."""
    mine = [one for one in identities if one.item == item and is_lone_number(one)]
    told = [one for at, one in enumerate(mine) if at == 0 or one.value != mine[at - 1].value]
    return _Series(told, [Decimal(str(one.value)) for one in told]) if len(told) >= LEAST else None


def _tells(one: _Series, run: _Run, ways: float) -> bool:
    """Whether a run says enough to be told from chance, where there were so many ways to look at it."""
    values = [one.values[which] for which in run.values]
    unit = Decimal(1).scaleb(min(int(value.as_tuple().exponent) for value in one.values))
    steps = [abs(later - earlier) / unit for earlier, later in pairwise(values)]
    bits = len(str(values[0]).replace(".", "")) * log2(10) + sum(log2(2 * step + 1) for step in steps)
    uneven = len({later - earlier for earlier, later in pairwise(values)}) > 1
    return (uneven or len(values) >= EVEN) and bits >= _BITS + log2(ways)


def _runs(places: Sequence[Sequence[int]], shortest: int, longest: int) -> Iterator[_Run]:
    """Runs of values, by the places of each of them, that are from *shortest* to *longest* apart; the longest runs."""
    held = [set(each) for each in places]
    taken: set[tuple[int, int]] = set()
    for first in range(len(places) - LEAST + 1):
        for place in places[first]:
            best = _Run(first, 1, place, shortest)
            for second in held[first + 1] if (first, place) not in taken else ():
                if shortest <= second - place <= longest:
                    count = _reach(held, first, place, second - place)
                    best = max(best, _Run(first, count, place, second - place), key=lambda run: (run.long, -run.stride))
            if best.long >= LEAST:
                taken |= {(first + n, place + n * best.stride) for n in range(best.long)}
                yield best


def _reach(held: Sequence[set[int]], first: int, place: int, stride: int) -> int:
    """How many values follow each other at one stride."""
    count = 1
    while first + count < len(held) and place + count * stride in held[first + count]:
        count += 1
    return count


def _packed(places: Sequence[Sequence[int]], literals: Sequence[bytes]) -> Iterator[_Run]:
    """Runs of values one right after the other, each as long as it is."""
    held = [set(each) for each in places]
    taken: set[tuple[int, int]] = set()
    for first in range(len(places) - LEAST + 1):
        for place in places[first]:
            count, end = 0, place
            while first + count < len(held) and end in held[first + count] and (first + count, end) not in taken:
                taken.add((first + count, end))
                count, end = count + 1, end + len(literals[first + count])
            if count >= LEAST:
                # the stride is an average; only its product is used, to find where the last one begins
                last = end - len(literals[first + count - 1])
                yield _Run(first, count, place, 0)._replace(stride=(last - place) // (count - 1))


def _writings(one: _Series) -> Iterator[_Writing]:
    for link, layout in _FLOATS.items():
        yield _Writing(one, link, [struct.pack(layout, value) for value in one.values])
    for scale in _SCALES:
        scaled = [value * scale for value in one.values]
        if any(value != int(value) for value in scaled) or (scale > 1 and not any(scaled)):
            continue
        whole = [int(value) for value in scaled]
        for link, (layout, most) in _INTEGERS.items():
            if max(whole) <= most and min(whole) >= -most:
                yield _Writing(one, link, [struct.pack(layout, value) for value in whole])
        if min(whole) >= 0:
            yield _Writing(one, "varint", [varint(value) for value in whole])
            yield from (
                _Writing(one, "bcd", [bytes.fromhex(f"{value:0{2 * size}d}") for value in whole])
                for size in (2, 3, 4)
                if max(whole) < 100**size
            )


_FLOATS: Mapping[str, str] = {"float32-be": ">f", "float32-le": "<f", "float64-be": ">d", "float64-le": "<d"}
_INTEGERS: Mapping[str, tuple[str, int]] = {
    f"int{8 * size}-{order}": (mark + letter, (1 << 8 * size - 1) - 1)
    for size, letter in ((2, "h"), (4, "i"), (8, "q"))
    for order, mark in (("be", ">"), ("le", "<"))
}
