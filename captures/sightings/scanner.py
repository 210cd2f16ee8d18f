"""One search for many byte strings: hyperscan where its wheel is installed, the standard library's `re` elsewhere.

Both report every occurrence of every string, also those that overlap. Hyperscan scans some 2 GB/s whatever the number
of strings; `re` slows down with it. Case is ASCII's in both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from captures.sightings import kept

try:
    import hyperscan
except ImportError:  # pragma: no cover - a platform without a wheel; the tests call both scanners
    hyperscan = None  # type: ignore[assignment]  # the module's absence is its fallback

try:
    import re2  # type: ignore[import-untyped]  # it ships no types
except ImportError:  # pragma: no cover - likewise
    re2 = None

_MEMORY = 32 << 20  # bytes of RE2's states
_WINDOW = 1 << 14  # bytes that a gate is looked for in together
_REACH = 64


class Needle(NamedTuple):
    """A byte string to look for."""

    literal: bytes
    caseless: bool


class Expression(NamedTuple):
    """A regular expression to look for, in what `re` and hyperscan have in common: classes, groups, counted repeats.

    It must not match long stretches of benign traffic: each end of a match is a call from C into Python.
    """

    source: bytes
    width: int
    """Bytes from the end of a match back to what is reported as its start; those of the shortest match, or fewer."""
    caseless: bool = False
    fixed: bool = False
    """Whether it is the same in every run and kept compiled (`captures.sightings.kept`), in a database apart. That is
    one more pass over the traffic, and pays for what takes long to compile, or slows down what it is compiled with."""
    gate: bytes = b""
    """What stands within `_REACH` bytes of the end of every match, where it is much cheaper to look for: one class,
    repeated. A match is then at most as long."""


class Hit(NamedTuple):
    """A needle, by its place in the list given, and where it was found."""

    start: int
    end: int
    needle: int


Wanted = Needle | Expression
Scan = Callable[[bytes], list[Hit]]
"""All hits in some bytes, by offset."""
Skim = Callable[[bytes, int, int], Hit | None]
"""The hit that ends first, of those between two offsets."""
Find = Callable[[bytes, int, int], int | None]
"""Where the hit begins that begins first, of those between two offsets."""
Presence = Callable[[memoryview], set[int]]
"""Which expressions match anywhere in some bytes, by their places in the list given."""


def scanner(needles: Sequence[Wanted]) -> Scan:
    """The fastest scanner that this platform has."""
    if not needles:
        return lambda _: []
    return with_re(needles) if hyperscan is None else with_hyperscan(needles)


def skimmer(expressions: Sequence[Expression]) -> Skim:
    """The fastest way to look for the next place where one of a few expressions matches, the same ones in every run."""
    return skim_with_re(expressions) if hyperscan is None else skim_with_hyperscan(expressions)


def presence(expressions: Sequence[Expression]) -> Presence:
    """The fastest way to know which of a few expressions match at all, the same ones in every run."""
    return presence_with_re(expressions) if hyperscan is None else presence_with_hyperscan(expressions)


def finder(expressions: Sequence[Expression]) -> Find:
    """The fastest way to look for the next place where one of many expressions matches that have no literals."""
    either = b"|".join(b"(?:" + _caseless(each) + b")" for each in expressions)
    search = (re.compile(either) if re2 is None else re2.compile(either, options=_automaton())).search

    def find(data: bytes, at: int, stop: int) -> int | None:
        match = search(data, at, stop)
        return match.start() if match else None

    return find


def _automaton() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False  # it goes on without its automaton where that outgrows its memory
    options.max_mem = _MEMORY
    return options


def with_hyperscan(needles: Sequence[Wanted]) -> Scan:
    """Compiled hyperscan databases. Their scratch space makes them the property of one thread.

    What is the same in every run has databases of its own, and so has what stands behind a gate.
    """
    groups: dict[tuple[bool, bytes], list[int]] = defaultdict(list)
    for index, needle in enumerate(needles):
        groups[(needle.fixed, needle.gate) if isinstance(needle, Expression) else (False, b"")].append(index)
    searches = [_search(needles, members, fixed=fixed, gate=gate) for (fixed, gate), members in groups.items()]

    def scan(data: bytes) -> list[Hit]:
        hits: list[Hit] = []
        if data:
            for search in searches:
                search(data, hits)
        if len(hits) > 1:
            hits.sort()
        return hits

    return scan


def _search(
    needles: Sequence[Wanted], members: Sequence[int], *, fixed: bool, gate: bytes
) -> Callable[[bytes, list[Hit]], None]:
    """The search for some of the *needles*, which adds its hits to a list."""
    wanted = [needles[index] for index in members]
    database = _database(wanted, fixed=fixed)
    meant = [(index, _width(needle)) for index, needle in zip(members, wanted, strict=True)]

    def search(data: bytes, hits: list[Hit]) -> None:
        def seen(needle: int, _start: int, end: int, _flags: int, _context: object) -> None:
            index, width = meant[needle]
            hits.append(Hit(end - width, end, index))

        database.scan(data, match_event_handler=seen)

    if not gate:
        return search
    ajar = presence([Expression(gate, 1)])

    def search_behind(data: bytes, hits: list[Hit]) -> None:
        view = memoryview(data)
        for first, last in _open(view, ajar):
            low = max(0, first - _REACH)
            found: list[Hit] = []
            search(view[low : last + 1], found)  # type: ignore[arg-type]  # it takes any buffer
            hits += [Hit(low + hit.start, low + hit.end, hit.needle) for hit in found if first < low + hit.end <= last]

    return search_behind


def _open(view: memoryview, ajar: Presence) -> Iterator[tuple[int, int]]:
    """Between which offsets a match may end: the windows that *ajar* tells something in, neighbours as one."""
    begun = None
    for start in range(0, len(view), _WINDOW):
        if not ajar(view[max(0, start - _REACH) : start + _WINDOW]):
            if begun is not None:
                yield begun, start
            begun = None
        elif begun is None:
            begun = start
    if begun is not None:
        yield begun, len(view)


def skim_with_hyperscan(expressions: Sequence[Expression]) -> Skim:
    """A database whose scan is ended by its first match."""
    database = _database(expressions, fixed=True)

    def skim(data: bytes, at: int, stop: int) -> Hit | None:
        hits: list[Hit] = []

        def seen(needle: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            hits.append(Hit(at + end - expressions[needle].width, at + end, needle))
            return True

        try:
            if at < stop:
                database.scan(memoryview(data)[at:stop], match_event_handler=seen)  # type: ignore[type-var]  # it takes any buffer
        except hyperscan.ScanTerminated:
            return hits[0]
        return None

    return skim


def presence_with_hyperscan(expressions: Sequence[Expression]) -> Presence:
    """A database that tells each expression once a scan."""
    database = _database(expressions, hyperscan.HS_FLAG_SINGLEMATCH, fixed=True)

    def present(data: memoryview) -> set[int]:
        found: set[int] = set()

        def seen(expression: int, _start: int, _end: int, _flags: int, _context: object) -> None:
            found.add(expression)

        database.scan(data, match_event_handler=seen)  # type: ignore[type-var]  # it takes any buffer
        return found

    return present


def _database(needles: Sequence[Wanted], flags: int = 0, *, fixed: bool = False) -> hyperscan.Database:
    sources = [
        (_source(needle), flags | hyperscan.HS_FLAG_CASELESS if needle.caseless else flags) for needle in needles
    ]

    def compiled() -> hyperscan.Database:
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        database.compile(
            expressions=[source for source, _ in sources],
            ids=list(range(len(sources))),
            elements=len(sources),
            flags=[each for _, each in sources],
        )
        return database

    return kept.database(sources, compiled) if fixed else compiled()


def _source(needle: Wanted) -> bytes:
    if isinstance(needle, Expression):
        return needle.source.replace(b"\0", rb"\x00")  # the binding ends expressions at a zero byte
    # not the literal API: the binding ends those strings at a zero byte
    return b"".join(b"\\x%02x" % byte for byte in needle.literal)


def _width(needle: Wanted) -> int:
    return needle.width if isinstance(needle, Expression) else len(needle.literal)


def with_re(needles: Sequence[Wanted]) -> Scan:
    """Alternations over the data, and over the data in lower case for the caseless needles; each expression alone."""
    tables: list[tuple[re.Pattern[bytes], dict[bytes, list[int]], list[int], bool]] = []
    for caseless in (False, True):
        table: dict[bytes, list[int]] = {}
        for index, needle in enumerate(needles):
            if isinstance(needle, Needle) and needle.caseless is caseless:
                table.setdefault(needle.literal.lower() if caseless else needle.literal, []).append(index)
        if table:
            lengths = sorted({len(literal) for literal in table})
            tables.append((re.compile(b"|".join(map(re.escape, table))), table, lengths, caseless))
    expressions = [
        (index, needle.width, re.compile(b"(?=(" + needle.source + b"))", re.IGNORECASE if needle.caseless else 0))
        for index, needle in enumerate(needles)
        if isinstance(needle, Expression)
    ]

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
        for index, width, wanted in expressions:
            hits += [Hit(end - width, end, index) for end in (match.end(1) for match in wanted.finditer(data))]
        return sorted(hits)

    return scan


def skim_with_re(expressions: Sequence[Expression]) -> Skim:
    """One alternation, each expression a group; which of them ends first matters little to who skims."""
    wanted = re.compile(b"|".join(b"(" + _caseless(each) + b")" for each in expressions))

    def skim(data: bytes, at: int, stop: int) -> Hit | None:
        match = wanted.search(data, at, stop)
        if not match or match.lastindex is None:
            return None
        index = match.lastindex - 1
        return Hit(match.end() - expressions[index].width, match.end(), index)

    return skim


def presence_with_re(expressions: Sequence[Expression]) -> Presence:
    """Each expression alone."""
    wanted = [re.compile(_caseless(each)) for each in expressions]
    return lambda data: {index for index, each in enumerate(wanted) if each.search(data)}


def _caseless(expression: Expression) -> bytes:
    return b"(?i:" + expression.source + b")" if expression.caseless else expression.source
