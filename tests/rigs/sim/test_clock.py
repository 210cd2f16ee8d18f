"""The shared virtual clock moves from one due event to the next, in order."""

import time

import pytest

from rigs.sim.agenda import Agenda
from rigs.sim.clock import NEVER, SharedClock, VirtualClock
from telltale.errors import RigError
from telltale.times import SECOND

START = 1_000 * SECOND


class Part:
    """A part on the clock that notes when it did what."""

    def __init__(self, clock, role, log, *, steps=False):
        self.clock = SharedClock(clock.page_fd, clock.log_fd, role)
        self.agenda = Agenda()
        self.log = log
        self.steps = steps
        clock.attach(role, self)

    def at(self, seconds, what):
        self.agenda.at(START + seconds * SECOND, lambda: self.log.append(((self.clock.now() - START) // SECOND, what)))
        self.clock.set_due(self.agenda.due)

    def settle(self):
        pass

    def run(self, until):
        if self.steps:
            self.clock.step(min(self.agenda.due, until))
        self.agenda.run(self.clock.now())
        self.clock.set_due(self.agenda.due)


@pytest.fixture
def clock(tmp_path):
    clock = VirtualClock(tmp_path / "clock", start=START)
    yield clock
    clock.close()


def test_events_of_unit_and_cloud_run_in_order_of_time_the_cloud_first_at_one_moment(clock):
    """What is due for deletion at a moment is gone before the car acts at that moment."""
    log = []
    unit, cloud = Part(clock, "unit", log, steps=True), Part(clock, "cloud", log)
    for seconds in (10, 30):
        unit.at(seconds, "unit")
    for seconds in (20, 30, 50):
        cloud.at(seconds, "cloud")
    clock.advance(40 * SECOND)
    assert log == [(10, "unit"), (20, "cloud"), (30, "cloud"), (30, "unit")]
    assert clock.now() == START + 40 * SECOND
    for part in (unit, cloud):
        part.clock.close()


def test_every_step_is_logged_so_that_a_wall_time_gives_its_bench_time(clock):
    """A packet of any wall time belongs to the bench time in force then."""
    before = time.time_ns()
    clock.advance(60 * SECOND)
    after = time.time_ns()
    assert clock.steps().bench_at(before) == START
    assert clock.steps().bench_at(after) == START + 60 * SECOND


def test_the_clock_of_a_run_starts_at_the_hosts_time_truncated_to_a_second(tmp_path):
    """Unless the bench gives another."""
    clock = VirtualClock(tmp_path / "clock")
    assert clock.now() % SECOND == 0
    assert 0 <= time.time_ns() - clock.now() < 60 * SECOND
    clock.close()


def test_progress_is_told_in_bench_time(clock):
    """The rig can show how far the time has come."""
    told = []
    unit = Part(clock, "unit", [], steps=True)
    unit.at(15, "unit")
    clock.advance(60 * SECOND, lambda done, total: told.append((done // SECOND, total // SECOND)))
    assert told == [(15, 60), (60, 60)]
    unit.clock.close()


def test_a_part_that_does_not_do_what_is_due_is_an_error_and_not_an_endless_loop(clock):
    """Time does not pass over an event that has not happened."""
    shared = SharedClock(clock.page_fd, clock.log_fd, "cloud")

    class Idle:
        def settle(self):
            pass

        def run(self, until):
            pass

    clock.attach("cloud", Idle())
    shared.step(START + SECOND)
    shared.set_due(START + SECOND)
    with pytest.raises(RigError, match="the cloud leaves undone what is due at 1970-01-01T00:16:41"):
        clock.advance(60 * SECOND)
    shared.close()


def test_a_part_that_is_off_has_nothing_due(clock):
    """Power-off takes its events along."""
    unit = Part(clock, "unit", [])
    unit.at(10, "never")
    clock.detach("unit")
    assert unit.clock.due() == NEVER
    clock.advance(60 * SECOND)
    unit.clock.close()


def test_time_does_not_run_backwards(clock):
    """Neither for the bench nor for a part."""
    with pytest.raises(ValueError, match="time does not run backwards"):
        clock.advance(-1)
    clock.advance(SECOND)
    shared = SharedClock(clock.page_fd, clock.log_fd, "unit")
    shared.step(START)
    assert shared.now() == START + SECOND
    shared.close()


def test_an_entry_of_the_agenda_can_be_cancelled():
    """A function that ends takes its periodic sends along."""
    agenda, done = Agenda(), []
    agenda.at(5, lambda: done.append("no")).cancel()
    agenda.at(7, lambda: done.append("yes"))
    assert agenda.due == 7
    agenda.run(10)
    assert done == ["yes"]
    assert agenda.due == NEVER
