"""Where the next look of digits may begin: one automaton for all of them, before the expressions have the last word.

Looks are all classes and no literals, which hyperscan takes eight times as long for as for the values of a run. RE2 has
one deterministic automaton, made while it runs, for any number of them. But counts of sixty and more would need
thousands of its states: hyperscan looks for those, in the few layers that have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from captures.sightings.scanner import Expression, finder, skimmer

Search = Callable[[bytes, int, int], int]
"""Where something may begin between two offsets; the second of them where it does not."""


def short(expressions: Sequence[Expression]) -> Search:
    """A search for *expressions* that count no further than some twenty."""
    find = finder(expressions)

    def search(data: bytes, at: int, stop: int) -> int:
        found = find(data, at, stop)
        return stop if found is None else found

    return search


def long(expression: Expression, length: int) -> Search:
    """A search for a look that is told by its length, in bytes."""
    skim = skimmer([expression])

    def search(data: bytes, at: int, stop: int) -> int:
        hit = skim(data, at, stop)
        return max(at, hit.end - length) if hit else stop

    return search


class Ahead:
    """The next place in some bytes that one of several searches tells; no byte is searched twice for the same."""

    def __init__(self, searches: Sequence[Search], data: bytes, stop: int) -> None:
        self._searches = searches
        self._data = data
        self._stop = stop
        self._found = [-1] * len(searches)

    def next(self, at: int) -> int:
        """The first place that is not before *at*, which grows from call to call; the end where there is none."""
        for index, search in enumerate(self._searches):
            if self._found[index] < at < self._stop:
                self._found[index] = search(self._data, at, self._stop)
        return max(at, min(self._found))
