"""Durations and instants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telltale.times import SECOND, ClockMap, format_duration, parse_duration, utc


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60 minutes", 3600), ("10 s", 10), ("1.5 h", 5400), ("30 days", 30 * 86400), ("1 day", 86400), ("250 ms", 0.25)],
)
def test_a_duration_is_read_as_people_write_it(text, seconds):
    assert parse_duration(text) == round(seconds * SECOND)


@pytest.mark.parametrize("text", ["", "10", "ten seconds", "10 fortnights", "-5 s", "5 s later"])
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write it like `60 minutes`"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(3600 * SECOND, "1 h"), (3660 * SECOND, "61 min"), (90 * SECOND, "90 s"), (SECOND // 4, "250 ms")],
)
def test_a_duration_is_printed_in_the_largest_unit_that_stays_exact(nanoseconds, text):
    assert format_duration(nanoseconds) == text


def test_an_instant_is_printed_in_utc_with_milliseconds():
    assert utc(1_795_327_200 * SECOND + 7_000_000) == "2026-11-22T06:00:00.007Z"


def test_the_bench_clock_stands_still_between_its_steps():
    clock = ClockMap([(100, 5), (200, 9)])
    assert [clock.bench_at(wall) for wall in (50, 100, 199, 200, 10_000)] == [5, 5, 5, 9, 9]


@given(st.integers(min_value=0, max_value=2**62))
def test_a_bench_without_steps_runs_with_the_wall(wall):
    assert ClockMap().bench_at(wall) == wall
