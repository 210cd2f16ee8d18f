"""The clock of a real bench."""

import time

import pytest

from rigs.drivers.clock import WallClock


def test_to_advance_is_to_wait_and_progress_is_told():
    """At least as long as asked, with the end reported."""
    told = []
    start = time.monotonic_ns()
    WallClock().advance(20_000_000, lambda passed, whole: told.append((passed, whole)))
    assert time.monotonic_ns() - start >= 20_000_000
    assert told[0][0] < 20_000_000
    assert told[-1] == (20_000_000, 20_000_000)


def test_no_time_is_no_wait():
    """It is allowed, and reported."""
    told = []
    WallClock().advance(0, lambda *step: told.append(step))
    assert told == [(0, 0)]


def test_time_does_not_run_backwards():
    """It is refused."""
    with pytest.raises(ValueError, match="backwards"):
        WallClock().advance(-1)


def test_bench_time_is_the_hosts():
    """Nanoseconds since 1970."""
    assert abs(WallClock().now() - time.time_ns()) < 60 * 10**9
