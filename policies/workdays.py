"""Deadlines in working days, by the calendar of China's mainland.

The day on which something begins does not count, and the term ends with its last day (Civil Code, articles 201 and
203). Which weekdays are off, and which weekends are worked instead, the State Council announces year by year, towards
the end of the year before. For a year that is not announced a deadline is a span: `SHORTER` and `LONGER` say how far a
term of up to `MOST` working days was ever off the same number of weekdays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

import chinese_calendar

from telltale.times import SECOND

ZONE = timezone(timedelta(hours=8))
"""The mainland's one time zone."""
MOST = 60
"""The longest term, working days, for which `SHORTER` and `LONGER` were counted."""
SHORTER, LONGER = 2, 8
"""Weekdays by which a term was at most shorter or longer than its number of working days, 2004 to 2026."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which a time is up, bench ns; a span where that depends on what nobody has announced."""

    earliest: int
    latest: int

    @property
    def certain(self) -> bool:
        """Whether it is one moment."""
        return self.earliest == self.latest

    @classmethod
    def at(cls, moment: int) -> Deadline:
        """A deadline that is known to the nanosecond."""
        return cls(moment, moment)


def after_working_days(start: int, days: int) -> Deadline:
    """When *days* working days that begin at bench time *start*, ns, are over.

    :raises ValueError: *days* is not between 1 and `MOST`
    """
    if not 0 < days <= MOST:
        raise ValueError(f"{days} working days cannot be counted, expected 1 to {MOST}")
    begun = datetime.fromtimestamp(start // SECOND, UTC).astimezone(ZONE).date()
    try:
        return Deadline.at(_end(_counted(begun, days, chinese_calendar.is_workday)))
    except NotImplementedError:  # what the calendar says of a year that is not announced
        return Deadline(
            _end(_counted(begun, max(days - SHORTER, 0), _weekday)), _end(_counted(begun, days + LONGER, _weekday))
        )


def _counted(begun: date, days: int, works: Callable[[date], bool]) -> date:
    day = begun
    while days:
        day += timedelta(days=1)
        days -= works(day)
    return day


def _weekday(day: date) -> bool:
    return day.weekday() < 5


def _end(day: date) -> int:
    """Midnight at the end of *day*."""
    return round(datetime.combine(day + timedelta(days=1), time(), ZONE).timestamp()) * SECOND
