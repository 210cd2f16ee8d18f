"""Deadlines in working days."""

from datetime import datetime

import pytest

from policies.workdays import LONGER, SHORTER, ZONE, after_working_days
from telltale.times import SECOND


def at(text):
    """Bench ns of a moment in China."""
    return round(datetime.fromisoformat(f"{text}+08:00").timestamp()) * SECOND


@pytest.mark.parametrize(
    ("begun", "days", "end"),
    [
        ("2026-03-02T10:00", 1, "2026-03-04T00:00"),
        ("2026-03-02T23:59", 15, "2026-03-24T00:00"),
        ("2026-03-03T00:00", 15, "2026-03-25T00:00"),
        ("2026-03-06T18:00", 1, "2026-03-10T00:00"),
        ("2025-01-24T09:00", 2, "2025-01-28T00:00"),  # Sunday the 26th is worked, before the Spring Festival
        ("2025-01-27T09:00", 1, "2025-02-06T00:00"),  # off until the 4th of February
    ],
)
def test_a_term_ends_with_its_last_working_day(begun, days, end):
    """The day it begins on does not count; holidays and weekends do not, weekends that are worked instead do."""
    limit = after_working_days(at(begun), days)
    assert limit.certain
    assert limit.latest == at(end)


def test_the_day_is_china_s():
    """Nine in the evening in UTC is the next morning there."""
    utc = round(datetime.fromisoformat("2026-03-02T21:00+00:00").timestamp()) * SECOND
    assert after_working_days(utc, 1) == after_working_days(at("2026-03-03T12:00"), 1)


def test_a_year_that_is_not_announced_leaves_a_span():
    """As wide as holidays and worked weekends ever made one."""
    limit = after_working_days(at("2091-06-01T09:00"), 10)  # a Friday
    assert not limit.certain
    ends = [datetime.fromtimestamp(moment // SECOND, ZONE) for moment in (limit.earliest, limit.latest)]
    assert [end.isoformat()[:10] for end in ends] == ["2091-06-14", "2091-06-28"]
    assert (SHORTER, LONGER) == (2, 8)


def test_one_working_day_of_such_a_year_may_be_a_saturday():
    assert after_working_days(at("2091-06-01T09:00"), 1).earliest == at("2091-06-02T00:00")


@pytest.mark.parametrize("days", [0, -1, 61])
def test_a_term_that_was_never_measured_is_refused(days):
    with pytest.raises(ValueError, match="expected 1 to 60"):
        after_working_days(at("2026-03-02T10:00"), days)
