"""What a bench concludes about a unit's life from its supply, and what it does not."""

import pytest

from rigs.instruments import Instruments
from rigs.lifewatch import LifeWatch, next_life, no_sign_of_life, wakes
from rigs.protocols import Reading
from rigs.vehicle import LifeRow
from telltale.timeline import Timeline
from telltale.times import SECOND


@pytest.mark.parametrize(
    ("before", "current", "kept", "now"),
    [
        (None, 0.8, True, "run"),
        (None, 0.8, False, "after_run"),
        ("run", 0.8, False, "after_run"),
        ("after_run", 0.8, True, "run"),
        ("after_run", 0.003, False, "asleep"),
        ("run", 0.003, True, "asleep"),
        ("asleep", 0.4, False, "waking"),
        ("asleep", 0.8, True, "waking"),
        ("waking", 0.4, False, "waking"),
        ("waking", 0.8, True, "run"),
        ("waking", 0.003, False, "asleep"),
        ("off", 0.8, False, "after_run"),
    ],
)
def test_the_current_and_what_keeps_it_awake_tell_the_state(before, current, kept, now):
    """However it is kept awake, a unit that draws nothing sleeps, and one that no longer sleeps was woken."""
    assert next_life(before, current=current, threshold=0.02, kept=kept) == now


class Supply:
    reading = Reading(12.0, 0.8)

    def measure(self):
        return self.reading


class Clock:
    time = 0

    def now(self):
        return self.time


@pytest.fixture
def watch():
    """A watch on a supply and a clock that the test sets."""
    row = LifeRow.model_validate(
        {
            "asleep below": 0.02,
            "kept awake": [{"network": "awake"}],
            "falls asleep": [{"can": {}}],
            "falls asleep within": "10 min",
        }
    )
    timeline = Timeline()
    made = LifeWatch(row, Instruments(clock=Clock(), power=Supply()), timeline)
    made.timeline, made.supply, made.clock = timeline, made._supply, made._clock
    return made


def told(watch):
    return [(change.fact, change.value, change.source) for change in watch.timeline if change.source != "test"]


def test_a_turn_is_told_once_and_a_wake_that_is_kept_awake_is_told_as_both(watch):
    watch.timeline.record(0, "network", "awake", "test")
    watch.look()
    watch.look()
    assert told(watch) == [("supply", "on", "supply"), ("life", "run", "supply")]
    watch.supply.reading = Reading(12.0, 0.003)
    watch.look()
    assert watch.asleep
    watch.supply.reading = Reading(12.0, 0.8)
    watch.look()
    assert [value for fact, value, _ in told(watch) if fact == "life"] == ["run", "asleep", "waking", "run"]


def test_a_supply_that_is_off_says_nothing_of_the_unit(watch):
    """A battery may carry it on; only what is believed later is told."""
    watch.look()
    watch.supply.reading = Reading(0.0, 0.0)
    watch.look()
    assert told(watch)[-1] == ("supply", "off", "supply")
    assert watch.state == "after_run"
    watch.believed_off()
    assert watch.state == "off"


def turns(*changes):
    timeline = Timeline()
    for second, value in changes:
        timeline.record(second * SECOND, "life", value, "supply")
    return timeline


def test_silence_of_a_sleeper_shows_nothing_unless_it_woke_within_the_window():
    """It could have been dead all the time."""
    night = turns((0, "run"), (10, "asleep"), (50, "waking"), (60, "asleep"))
    assert no_sign_of_life(night, 0, 100 * SECOND) is None
    assert no_sign_of_life(night, 55 * SECOND, 100 * SECOND) == (
        "asleep: it gave no sign of life since 1970-01-01T00:01:00.000Z"
    )
    assert no_sign_of_life(turns((0, "run"), (10, "asleep")), 0, 20 * SECOND) is not None
    assert no_sign_of_life(turns((0, "run"), (10, "asleep"), (20, "waking")), 15 * SECOND, 30 * SECOND) is None
    assert no_sign_of_life(turns(), 0, 30 * SECOND) is None
    assert wakes(night, 0, 100 * SECOND) == [50 * SECOND]
