"""What a bench concludes about a unit's life from its signs, and what it does not."""

from types import SimpleNamespace

import pytest

from rigs.instruments import Instruments
from rigs.lifesigns import Sign
from rigs.lifewatch import LifeWatch, next_life, no_sign_of_life, sleeps, wakes
from rigs.protocols import Reading
from rigs.vehicle import LifeRow
from telltale.errors import RigError
from telltale.timeline import Timeline
from telltale.times import SECOND

NETWORK = 1306


@pytest.mark.parametrize(
    ("before", "asleep", "kept", "now"),
    [
        (None, False, True, "run"),
        (None, False, False, "after_run"),
        ("run", False, False, "after_run"),
        ("after_run", False, True, "run"),
        ("after_run", True, False, "asleep"),
        ("run", True, True, "asleep"),
        ("asleep", False, False, "waking"),
        ("asleep", False, True, "waking"),
        ("waking", False, False, "waking"),
        ("waking", False, True, "run"),
        ("waking", True, False, "asleep"),
        ("off", False, False, "after_run"),
        ("undecided", False, False, "after_run"),
    ],
)
def test_what_it_was_in_and_what_keeps_it_awake_tell_the_state(before, asleep, kept, now):
    """However it is kept awake, a unit that sleeps sleeps, and one that no longer does was woken."""
    assert next_life(before, asleep=asleep, kept=kept) == now


@pytest.mark.parametrize(
    ("supply", "network", "modem", "asleep"),
    [
        (True, None, None, True),
        (False, None, None, False),
        (True, True, True, True),
        (False, True, True, False),  # it needs the bus no more, and has something left to do
        (True, False, None, None),  # it draws nothing, and is heard
        (True, True, False, None),
        (None, True, None, True),
        (None, False, None, False),
        (None, True, False, False),
    ],
)
def test_asleep_needs_every_sign_and_current_with_silence_is_no_contradiction(supply, network, modem, asleep):
    """None: the signs cannot all be true."""
    given = {"supply": supply, "network": network, "modem": modem}
    signs = [Sign(source=source, asleep=says, told="") for source, says in given.items() if says is not None]
    assert sleeps(signs) is asleep


class Supply:
    reading = Reading(12.0, 0.8)

    def measure(self):
        return self.reading


class Clock:
    time = 0

    def now(self):
        return self.time


class Can:
    frames = 0

    def heard(self, identifier, *, extended):
        assert (identifier, extended) == (NETWORK, False)
        return self.frames


class Modem:
    asked = 0
    answer = None

    def command(self, line, *, timeout):
        self.asked += 1
        if self.answer is None:
            raise RigError(f"the modem did not answer `{line}` within {timeout:g} s")
        return self.answer


def watching(row, **instruments):
    """A watch on instruments and a clock that the test sets."""
    life = LifeRow.model_validate(
        {"kept awake": [{"network": "awake"}], "falls asleep": [{"can": {}}], "falls asleep within": "10 min", **row}
    )
    clock, timeline = Clock(), Timeline()
    vehicle = SimpleNamespace(life=life, network_message=(NETWORK, False) if life.network_management else None)
    made = LifeWatch(vehicle, Instruments(clock=clock, **instruments), timeline)
    made.timeline, made.clock, made.supply = timeline, clock, instruments.get("power")
    return made


@pytest.fixture
def watch():
    """On a supply alone."""
    return watching({"asleep below": 0.02}, power=Supply())


NM = {"network management": {"message": "UnitNm", "silent after": "5 s"}}


def after(watch, seconds, *, frames=0):
    """One look, so much later, with so many frames of the unit's in between."""
    watch.clock.time += round(seconds * SECOND)
    if frames:
        watch.can.frames += frames
    watch.look()
    return watch.state


def test_a_rig_without_a_supply_knows_sleep_by_the_bus():
    """Once the message has been heard; its absence alone tells nothing."""
    can = Can()
    watch = watching(NM, can=can)
    watch.can = can
    assert watch.possible
    assert after(watch, 60) is None
    assert after(watch, 1, frames=3) == "after_run"
    assert after(watch, 4) == "after_run"
    assert after(watch, 2) == "asleep"
    assert after(watch, 3600) == "asleep"
    assert after(watch, 1, frames=1) == "waking"


def test_a_unit_that_draws_nothing_and_still_sends_is_undecided_and_said_to_be():
    """A lag between the two is none; what lasts is told, with both signs."""
    can, supply = Can(), Supply()
    watch = watching({"asleep below": 0.02, **NM}, can=can, power=supply)
    watch.can = can
    assert after(watch, 1, frames=1) == "after_run"
    supply.reading = Reading(12.0, 0.003)
    assert after(watch, 3, frames=1) == "after_run"
    assert after(watch, 10) == "asleep"
    assert list(watch.contradictions(0)) == []
    for _ in range(5):
        after(watch, 10, frames=2)
    assert watch.state == "undecided"
    assert not watch.asleep
    (cause,) = watch.contradictions(0)
    assert cause == (
        "whether it slept cannot be told: it draws 0.003 A; its UnitNm on CAN is running, "
        "since 1970-01-01T00:00:24.000Z"
    )
    assert after(watch, 6) == "asleep"
    ended = watch.clock.time
    assert list(watch.contradictions(ended))
    assert list(watch.contradictions(ended + 1)) == []
    assert wakes(watch.timeline, 0, ended) == []


def test_the_modem_is_asked_once_a_sleep_and_only_when_all_else_sleeps():
    """A question too many could keep a real one awake."""
    supply, modem = Supply(), Modem()
    row = {"asleep below": 0.02, "modem": {"ask": "AT", "asleep": "no answer"}}
    watch = watching(row, power=supply, modem=modem)
    after(watch, 1)
    assert modem.asked == 0
    supply.reading = Reading(12.0, 0.003)
    assert [after(watch, 1) for _ in range(3)] == ["asleep"] * 3
    assert modem.asked == 1
    supply.reading = Reading(12.0, 0.4)
    assert after(watch, 1) == "waking"
    supply.reading, modem.answer = Reading(12.0, 0.003), []
    after(watch, 1)
    assert after(watch, 60) == "undecided"
    assert "its modem answers `AT`: OK" in watch.told


def test_a_modem_may_say_how_far_its_functions_are_up():
    modem = Modem()
    modem.answer = ["+CFUN: 4"]
    row = {"modem": {"ask": "AT+CFUN?", "asleep": "+CFUN: 4"}}
    assert after(watching(row, modem=modem), 1) == "asleep"
    modem.answer = ["+CFUN: 1"]
    assert after(watching(row, modem=modem), 1) == "after_run"
    modem.answer = None
    assert after(watching(row, modem=modem), 1) == "after_run"


def test_a_rig_without_any_sign_says_that_it_has_none():
    assert not watching({"asleep below": 0.02}, can=Can()).possible
    assert not watching(NM, power=Supply()).possible


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
