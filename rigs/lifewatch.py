"""The life of a unit as a bench sees it: by what it draws, and by whether anything keeps it awake.

Nothing is taken from the unit's word: a supply's display tells sleep from waking, and the bench knows itself whether it
keeps the network awake. What is seen goes into the timeline as the facts ``life`` (``run``, ``after_run``, ``asleep``,
``waking``, ``off``) and ``supply`` (``on``, ``off``).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from rigs.instruments import Instruments
from rigs.vehicle import LifeRow
from telltale.timeline import Condition, Fact, Timeline
from telltale.times import utc

AWAKE = ("run", "after_run", "waking")
_LOWEST = 0.5
"""Volt at the terminals below which an output is off."""


def next_life(before: Fact | None, *, current: float, threshold: float, kept: bool) -> str:
    """What a unit is in that was in *before* and draws *current* ampere now.

    :param threshold: ampere below which it is asleep
    :param kept: whether something keeps it awake
    """
    if current < threshold:
        return "asleep"
    if before == "asleep":
        return "waking"  # whatever it does next, it has been woken
    if kept:
        return "run"
    return "waking" if before == "waking" else "after_run"


class LifeWatch:
    """One unit on its supply; a vehicle file without `life`, or a rig without a supply, is not watched."""

    def __init__(self, row: LifeRow | None, instruments: Instruments, timeline: Timeline) -> None:
        self.row = row
        self._supply = instruments.power
        self._clock = instruments.clock
        self._timeline = timeline
        self._keepers = [_condition(facts) for facts in row.kept_awake] if row else []

    @property
    def state(self) -> Fact | None:
        """As it was seen last; None if it never was."""
        return self._timeline.state_at(self._clock.now()).get("life")

    @property
    def asleep(self) -> bool:
        """Whether it was asleep when it was seen last, so that it cannot answer."""
        return self.state == "asleep"

    def look(self) -> None:
        """See how it stands now. :raises RigError: the supply does not answer"""
        if self.row is None or self._supply is None:
            return
        reading = self._supply.measure()
        if reading.voltage < _LOWEST:
            self._note("supply", "off")
            return
        self._note("supply", "on")
        state = self._timeline.state_at(self._clock.now())
        kept = any(keeper.unmet(state) is None for keeper in self._keepers)
        before = None
        while (now := self._next(state.get("life"), reading.current, kept=kept)) != before:  # woken, and kept at once
            self._note("life", now)
            state, before = {**state, "life": now}, now

    def progress(self, _passed: int, _asked: int) -> None:
        """Time passes: a clock's `rigs.protocols.Progress`."""
        self.look()

    def believed_off(self) -> None:
        """Nothing is heard of it any more."""
        if self.row is not None:
            self._note("life", "off")

    def _next(self, before: Fact | None, current: float, *, kept: bool) -> str:
        assert self.row is not None
        return next_life(before, current=current, threshold=self.row.asleep_below, kept=kept)

    def _note(self, fact: str, value: Fact) -> None:
        now = self._clock.now()
        if self._timeline.state_at(now).get(fact) != value:
            self._timeline.record(now, fact, value, "supply")


def _condition(facts: Mapping[str, Fact | list[Fact]]) -> Condition:
    return Condition({fact: tuple(v) if isinstance(v, list) else (v,) for fact, v in facts.items()})


def wakes(timeline: Timeline, start: int, stop: int) -> list[int]:
    """Bench times from *start* to *stop* at which the unit was seen to wake from sleep."""
    turns = [change for change in timeline if change.fact == "life"]
    return [
        after.bench
        for before, after in pairwise(turns)
        if before.value == "asleep" and after.value in AWAKE and start <= after.bench <= stop
    ]


def no_sign_of_life(timeline: Timeline, start: int, now: int) -> str | None:
    """Why silence from *start* to *now* shows nothing of a unit that sleeps: it could have been dead.

    One that was seen to fall asleep and to wake within that time has shown that it lives.
    """
    turns = [change for change in timeline if change.fact == "life"]
    if not turns or turns[-1].value != "asleep" or wakes(timeline, start, now):
        return None
    return f"asleep: it gave no sign of life since {utc(turns[-1].bench)}"
