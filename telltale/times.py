"""Durations and instants. Instants are integers: nanoseconds since 1970-01-01 UTC."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from dataclasses import dataclass
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


ANY_TIME = 2**62
"""An uncertainty that leaves nothing certain, ns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockOffset:
    """How far a clock is off the bench clock, as far as that is known."""

    source: str
    """Whose clock: ``the unit``, ``the cloud`` …"""
    offset: int
    """What it says minus bench time, ns."""
    uncertainty: int
    """The true offset lies within so many ns of `offset`, either way."""
    measured: int
    """Bench time of the measurement, ns."""

    @classmethod
    def unmeasured(cls, source: str) -> ClockOffset:
        """Of a clock that nobody could ask: anything is possible."""
        return cls(source=source, offset=0, uncertainty=ANY_TIME, measured=0)

    def __str__(self) -> str:
        if self.uncertainty >= ANY_TIME:
            return f"the clock of {self.source} (which could not be asked)"
        way = "ahead of" if self.offset >= 0 else "behind"
        off, give = format_duration(abs(self.offset)), format_duration(self.uncertainty)
        return f"the clock of {self.source} ({off} {way} the bench's, known to {give})"

    def joined(self, later: ClockOffset) -> ClockOffset:
        """One offset that holds from this measurement to a *later* one: drift between them widens it."""
        low = min(self.offset - self.uncertainty, later.offset - later.uncertainty)
        high = max(self.offset + self.uncertainty, later.offset + later.uncertainty)
        return ClockOffset(
            source=self.source, offset=(low + high) // 2, uncertainty=(high - low + 1) // 2, measured=later.measured
        )


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
