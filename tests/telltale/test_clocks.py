"""What measurements tell of a clock."""

import pytest

from telltale.clocks import ClockOffset
from telltale.times import SECOND


def clock(offset, uncertainty=1.0, measured=0):
    return ClockOffset(
        source="the unit", offset=round(offset * SECOND), uncertainty=round(uncertainty * SECOND), measured=measured
    )


def test_drift_between_two_measurements_widens_the_offset():
    """Both must lie within."""
    joined = clock(0).joined(clock(10))
    assert (joined.offset, joined.uncertainty) == (5 * SECOND, 6 * SECOND)
    assert clock(3).joined(clock(3)).uncertainty == SECOND


@pytest.mark.parametrize(("later", "moved"), [(0, 0), (1.9, 0), (-2, 0), (5, 3), (-5, 3)])
def test_a_clock_that_moved_by_more_than_the_measurements_leave_open_is_told(later, moved):
    joined = clock(0).joined(clock(later))
    assert joined.moved == moved * SECOND
    assert (f"; it stepped or drifted by {moved} s meanwhile" in str(joined)) is bool(moved)


def test_a_step_is_not_forgotten_when_the_clock_comes_back():
    assert clock(0).joined(clock(5)).joined(clock(0)).moved == 3 * SECOND


def test_it_is_told_from_when_to_when_it_was_measured():
    joined = clock(0, measured=10).joined(clock(0, measured=20)).joined(clock(0, measured=30))
    assert (joined.since, joined.measured) == (10, 30)


def test_an_uncertainty_is_rounded_up_in_words():
    """Nothing is told to be known better than it is."""
    assert str(clock(-90, 0.00123)) == "the clock of the unit (90 s behind the bench's, known to 1.3 ms)"
    assert str(ClockOffset.unmeasured("the unit")) == "the clock of the unit (which could not be asked)"
