"""One search for many byte strings: hyperscan where its wheel is installed, the standard library's `re` elsewhere.

Both report every occurrence of every string, also those that overlap. Hyperscan scans some 2 GB/s whatever the number
of strings; `re` slows down with it. Case is ASCII's in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

try:
    import hyperscan
except ImportError:  # pragma: no cover - a platform without a wheel; the tests call both scanners
    hyperscan = None  # type: ignore[assignment]  # the module's absence is its fallback


class Needle(NamedTuple):
    """A byte string to look for."""

    literal: bytes
    caseless: bool


class Hit(NamedTuple):
    """A needle, by its place in the list given, and where it was found."""

    start: int
    end: int
    needle: int


Scan = Callable[[bytes], list[Hit]]
"""All hits in some bytes, by offset."""


def scanner(needles: Sequence[Needle]) -> Scan:
    """The fastest scanner that this platform has."""
    if not needles:
        return lambda _: []
    return with_re(needles) if hyperscan is None else with_hyperscan(needles)


def with_hyperscan(needles: Sequence[Needle]) -> Scan:
    """A compiled hyperscan database. Its scratch space makes it the property of one thread."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        # not the literal API: the binding ends those strings at a zero byte
        expressions=[b"".join(b"\\x%02x" % byte for byte in needle.literal) for needle in needles],
        ids=list(range(len(needles))),
        elements=len(needles),
        flags=[hyperscan.HS_FLAG_CASELESS if needle.caseless else 0 for needle in needles],
    )
    lengths = [len(needle.literal) for needle in needles]

    def scan(data: bytes) -> list[Hit]:
        hits: list[Hit] = []

        def seen(needle: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append(Hit(end - lengths[needle], end, needle))

        if data:
            database.scan(data, match_event_handler=seen)
        return sorted(hits)

    return scan


def with_re(needles: Sequence[Needle]) -> Scan:
    """Alternations over the data, and over the data in lower case for the caseless needles."""
    tables: list[tuple[re.Pattern[bytes], dict[bytes, list[int]], list[int], bool]] = []
    for caseless in (False, True):
        table: dict[bytes, list[int]] = {}
        for index, needle in enumerate(needles):
            if needle.caseless is caseless:
                table.setdefault(needle.literal.lower() if caseless else needle.literal, []).append(index)
        if table:
            lengths = sorted({len(literal) for literal in table})
            tables.append((re.compile(b"|".join(map(re.escape, table))), table, lengths, caseless))

    def scan(data: bytes) -> list[Hit]:
        hits: list[Hit] = []
        for expression, table, lengths, caseless in tables:
            text = data.lower() if caseless else data
            start = 0
            while found := expression.search(text, start):
                # the alternation names one needle; others may start at the same byte, or within this one
                start = found.start()
                for literal in (text[start : start + length] for length in lengths if start + length <= len(text)):
                    hits += [Hit(start, start + len(literal), index) for index in table.get(literal, ())]
                start += 1
        return sorted(hits)

    return scan
