"""Durations and instants. Instants are integers: nanoseconds since 1970-01-01 UTC."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from datetime import UTC, datetime

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

_UNITS = {
    "ms": SECOND // 1000,
    "millisecond": SECOND // 1000,
    "s": SECOND,
    "second": SECOND,
    "min": 60 * SECOND,
    "minute": 60 * SECOND,
    "h": 3600 * SECOND,
    "hour": 3600 * SECOND,
    "d": 86400 * SECOND,
    "day": 86400 * SECOND,
}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)


def parse_duration(text: str) -> int:
    """Nanoseconds in ``"60 minutes"``, ``"10 s"``, ``"1.5 h"``, ``"30 days"``.

    :raises ValueError: *text* is not a number followed by ms, s, min, h or d (or the whole word)
    """
    match = _DURATION.fullmatch(text)
    word = match[2].lower() if match else ""
    unit = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
    if not match or not unit:
        raise ValueError(f"`{text}` is not a duration; write it like `60 minutes` or `10 s`")
    return round(float(match[1]) * unit)


def format_duration(nanoseconds: int) -> str:
    """``"60 min"``, ``"10 s"``, ``"250 ms"``: the largest unit that leaves no more than one decimal."""
    for name, size in (("d", 86400 * SECOND), ("h", 3600 * SECOND), ("min", 60 * SECOND), ("s", SECOND)):
        if nanoseconds >= 2 * size or nanoseconds == size:
            return f"{round(nanoseconds / size, 1):g} {name}"
    return f"{nanoseconds / SECOND * 1000:g} ms"


def utc(nanoseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds, e.g. ``2026-11-22T06:00:00.000Z``."""
    moment = datetime.fromtimestamp(nanoseconds // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % SECOND // 1_000_000:03d}Z"


class ClockMap:
    """What the bench clock said at any wall time: steps of (wall, bench), the bench clock standing still in between.

    A real bench's clock runs with the wall; there the map is empty and ``bench_at`` is the identity.
    """

    def __init__(self, steps: Iterable[tuple[int, int]] = ()) -> None:
        ordered = sorted(steps)
        self._walls = [wall for wall, _ in ordered]
        self._benches = [bench for _, bench in ordered]

    def bench_at(self, wall: int) -> int:
        """Bench time in force at *wall*; before the first step, the first bench time."""
        if not self._walls:
            return wall
        return self._benches[max(bisect.bisect_right(self._walls, wall) - 1, 0)]
