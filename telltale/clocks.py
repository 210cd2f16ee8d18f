"""Clocks that are not the bench's, and how far each is off it, as far as measurements tell."""

from __future__ import annotations

from dataclasses import dataclass

from telltale.times import format_duration

ANY_TIME = 2**62
"""An uncertainty that leaves nothing certain, ns."""
_TOLD = 100_000
"""What is told of an offset is rounded to so many ns; an uncertainty is rounded up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockOffset:
    """How far a clock is off the bench clock, as far as that is known."""

    source: str
    """Whose clock: ``the unit``, ``the cloud``, ``the packets`` …"""
    offset: int
    """What it says minus bench time, ns."""
    uncertainty: int
    """The true offset lies within so many ns of `offset`, either way."""
    measured: int
    """Bench time of the latest measurement, ns."""
    since: int | None = None
    """Bench time of the first measurement that went into this, ns; None if there was but one."""
    moved: int = 0
    """By how much the clock stepped or drifted between measurements, beyond what those leave open, ns."""

    @classmethod
    def unmeasured(cls, source: str) -> ClockOffset:
        """Of a clock that nobody could ask: anything is possible."""
        return cls(source=source, offset=0, uncertainty=ANY_TIME, measured=0)

    @classmethod
    def between(cls, source: str, low: int, high: int, *, measured: int) -> ClockOffset:
        """An offset that lies between *low* and *high*, ns."""
        return cls(source=source, offset=(low + high) // 2, uncertainty=(high - low + 1) // 2, measured=measured)

    @property
    def low(self) -> int:
        """The least that the offset can be, ns."""
        return self.offset - self.uncertainty

    @property
    def high(self) -> int:
        """The most that the offset can be, ns."""
        return self.offset + self.uncertainty

    @property
    def known(self) -> bool:
        """Whether it was measured at all."""
        return self.uncertainty < ANY_TIME

    @property
    def furthest(self) -> int:
        """How far what it says can be from bench time, either way, ns."""
        return max(abs(self.low), abs(self.high))

    def __str__(self) -> str:
        if not self.known:
            return f"the clock of {self.source} (which could not be asked)"
        return f"the clock of {self.source} ({self.stand}, known to {self.give}{self.unrest})"

    @property
    def stand(self) -> str:
        """``90 s behind the bench's``."""
        way = "ahead of" if self.offset >= 0 else "behind"
        return f"{format_duration(round(abs(self.offset) / _TOLD) * _TOLD)} {way} the bench's"

    @property
    def give(self) -> str:
        """The uncertainty in words."""
        return format_duration(-(-self.uncertainty // _TOLD) * _TOLD)

    @property
    def unrest(self) -> str:
        """``; it stepped or drifted by 5 s meanwhile``; empty for a clock that was seen to do neither."""
        if not self.moved:
            return ""
        return f"; it stepped or drifted by {format_duration(-(-self.moved // _TOLD) * _TOLD)} meanwhile"

    def joined(self, later: ClockOffset) -> ClockOffset:
        """One offset that holds from this measurement to a *later* one: drift between them widens it."""
        low, high = min(self.low, later.low), max(self.high, later.high)
        return ClockOffset(
            source=self.source,
            offset=(low + high) // 2,
            uncertainty=(high - low + 1) // 2,
            measured=later.measured,
            since=self.measured if self.since is None else self.since,
            moved=self.moved + later.moved + max(0, later.low - self.high, self.low - later.high),
        )
