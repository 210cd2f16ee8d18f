"""When something was made, by the unit's own clock."""

import pytest

from policies.moments import state_when_made
from telltale.clocks import ClockOffset
from telltale.timeline import Timeline
from telltale.times import SECOND

SENT = 1_000 * SECOND


@pytest.fixture
def timeline():
    """Gear P throughout; the plan on, and off from 500 s on."""
    made = Timeline()
    made.record(0, "gear", "P", "power-up")
    made.record(0, "plan", "on", "adb")
    made.record(500 * SECOND, "plan", "off", "adb")
    return made


def clock(offset=0, uncertainty=SECOND):
    return ClockOffset(source="the unit", offset=round(offset * SECOND), uncertainty=round(uncertainty), measured=0)


@pytest.mark.parametrize(
    ("told", "offset", "plan"),
    [(400, 0, "on"), (600, 0, "off"), (400, -200, "off"), (600, 200, "on"), (495, 0, "on"), (505, 0, "off")],
)
def test_the_measured_offset_is_taken_off(timeline, told, offset, plan):
    """A clock that is 200 s behind says 400 at 600."""
    state, doubt = state_when_made(timeline, told * SECOND, sent=SENT, clock=clock(offset))
    assert state == {"gear": "P", "plan": plan}
    assert doubt is None


@pytest.mark.parametrize("told", [498.2, 499, 500, 500.5])
def test_an_edge_within_the_uncertainty_is_not_decided(timeline, told):
    """The fact is unknown, and the reason names the clock and the edge; what did not change is known."""
    state, doubt = state_when_made(timeline, round(told * SECOND), sent=SENT, clock=clock())
    assert state == {"gear": "P"}
    assert "the clock of the unit (0 ms ahead of the bench's, known to 1 s) leaves open when it was made" in doubt
    assert "plan changed at 1970-01-01T00:08:20.000Z" in doubt


def test_messages_tell_whole_seconds(timeline):
    """Told 499 may be 499.9, however well the clock is known."""
    state, doubt = state_when_made(timeline, 499 * SECOND + 1, sent=SENT, clock=clock(uncertainty=0))
    assert "plan" not in state
    assert doubt


def test_nothing_is_made_after_it_was_sent(timeline):
    """An edge after the sending is no matter of doubt."""
    state, doubt = state_when_made(timeline, 499 * SECOND, sent=499 * SECOND + 5, clock=clock())
    assert (state["plan"], doubt) == ("on", None)


def test_a_clock_that_is_wrong_by_more_than_it_says_proves_nothing(timeline):
    """Made 90 s after it was sent: so it is not known when it was made at all."""
    sent = 510 * SECOND
    state, doubt = state_when_made(timeline, sent + 90 * SECOND, sent=sent, clock=clock())
    assert state == {"gear": "P"}
    assert "made 89 s after it was sent, so the unit's clock is wrong by more than told" in doubt


def test_a_clock_that_could_not_be_asked_leaves_everything_open_that_ever_changed(timeline):
    """And nothing else."""
    state, doubt = state_when_made(timeline, 900 * SECOND, sent=SENT, clock=ClockOffset.unmeasured("the unit"))
    assert state == {"gear": "P"}
    assert "the clock of the unit (which could not be asked)" in doubt


def test_without_a_clock_its_word_is_taken(timeline):
    """A capture of somebody else's."""
    assert state_when_made(timeline, 400 * SECOND, sent=SENT, clock=None) == ({"gear": "P", "plan": "on"}, None)
