"""The bench clock of a real bench: the host's."""

from __future__ import annotations

import time

from rigs.protocols import Progress

_SLICE = 1.0
"""Seconds between two reports of progress."""


class WallClock:
    """Time passes by itself; to advance it is to wait."""

    def now(self) -> int:
        """Bench time, ns since 1970: the host's wall clock."""
        return time.time_ns()

    def advance(self, duration: int, progress: Progress | None = None) -> None:
        """Wait *duration* ns by the monotonic clock, so that a step of the wall clock shortens nothing.

        :raises ValueError: *duration* is negative
        """
        if duration < 0:
            raise ValueError(f"time does not run backwards: {duration} ns")
        start = time.monotonic_ns()
        while (passed := time.monotonic_ns() - start) < duration:
            if progress:
                progress(passed, duration)
            time.sleep(min(_SLICE, (duration - passed) / 1e9))
        if progress:
            progress(duration, duration)

    def settle(self) -> None:
        """Nothing to wait for: what is still under way belongs to the window that the scenario allows."""
