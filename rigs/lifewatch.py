"""The life of a unit as a bench sees it: by the signs of `rigs.lifesigns`, and by whether anything keeps it awake.

Nothing is taken from the unit's word. What is seen goes into the timeline as the facts ``life`` (``run``,
``after_run``, ``asleep``, ``waking``, ``off``, ``undecided``) and ``supply`` (``on``, ``off``).

It is ``asleep`` when every sign that the rig has says so. A unit that draws current is awake, whether it needs the bus
or not; one that draws none, and is heard all the same, is ``undecided`` as soon as that is more than a lag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rigs.instruments import Instruments, MissingInstrumentError
from rigs.lifesigns import Sign, Signs
from rigs.vehicle import Vehicle
from telltale.timeline import Change, Condition, Fact, Timeline
from telltale.times import utc

AWAKE = ("run", "after_run", "waking")
UNDECIDED = "undecided"
_LOWEST = 0.5
"""Volt at the terminals below which an output is off."""


def next_life(before: Fact | None, *, asleep: bool, kept: bool) -> str:
    """What a unit is in that was in *before* and is *asleep* now or not.

    :param kept: whether something keeps it awake
    """
    if asleep:
        return "asleep"
    if before == "asleep":
        return "waking"  # whatever it does next, it has been woken
    if kept:
        return "run"
    return "waking" if before == "waking" else "after_run"


def sleeps(signs: Sequence[Sign]) -> bool | None:
    """Whether a unit with these signs sleeps; None: they contradict each other."""
    if all(sign.asleep for sign in signs):
        return True
    drawn = [sign for sign in signs if sign.source == "supply"]
    return None if drawn and all(sign.asleep for sign in drawn) else False


@dataclass(kw_only=True, slots=True)
class _Contradiction:
    since: int
    words: str = ""
    """Empty while it may be a lag."""
    until: int | None = None


class LifeWatch:
    """One unit; a vehicle file without `life`, or a rig without a sign of it, is not watched."""

    def __init__(self, vehicle: Vehicle, instruments: Instruments, timeline: Timeline) -> None:
        self.row = row = vehicle.life
        self._signs = Signs(row, instruments, network=vehicle.network_message) if row else None
        self._supply = instruments.power
        self._clock = instruments.clock
        self._timeline = timeline
        self._keepers = [_condition(facts) for facts in row.kept_awake] if row else []
        self._contradictions: list[_Contradiction] = []
        self.told = "it was never looked at"
        """The signs as they were seen last, in words."""

    def use(self, instruments: Instruments) -> None:
        """Go on with other instruments: a unit's own ports come and go with its power."""
        if self._signs is not None:
            self._signs.use(instruments)

    @property
    def possible(self) -> bool:
        """Whether this rig can tell sleep from waking."""
        return self._signs is not None and self._signs.possible

    @property
    def state(self) -> Fact | None:
        """As it was seen last; None if it never was."""
        return self._timeline.state_at(self._clock.now()).get("life")

    @property
    def asleep(self) -> bool:
        """Whether it was asleep when it was seen last, so that it cannot answer."""
        return self.state == "asleep"

    def look(self) -> None:
        """See how it stands now. :raises RigError: an instrument does not answer"""
        if self.row is None or self._signs is None:
            return
        ampere = None
        if self._supply is not None:
            try:
                reading = self._supply.measure()
            except MissingInstrumentError:
                pass  # it is switched by hand, and measures nothing
            else:
                if reading.voltage < _LOWEST:
                    self._note("supply", "off")
                    return
                self._note("supply", "on")
                ampere = reading.current
        signs = self._signs.read(self._clock.now(), ampere)
        if not signs:
            return
        self.told = "; ".join(sign.told for sign in signs)
        if (asleep := sleeps(signs)) is None:
            self._contradicted(self.row.signs_agree_within)
        else:
            self._agreed()
            self._turn("+".join(sign.source for sign in signs), asleep=asleep)

    def progress(self, _passed: int, _asked: int) -> None:
        """Time passes: a clock's `rigs.protocols.Progress`."""
        self.look()

    def believed_off(self) -> None:
        """Nothing is heard of it any more."""
        if self.row is not None:
            self._agreed()
            self._note("life", "off")

    def contradictions(self, start: int) -> Iterator[str]:
        """What the signs could not agree on at any time since *start* (bench ns), each in words."""
        for one in self._contradictions:
            if one.words and (one.until is None or one.until >= start):
                yield f"whether it slept cannot be told: {one.words}"

    def _turn(self, source: str, *, asleep: bool) -> None:
        state = self._timeline.state_at(self._clock.now())
        kept = any(keeper.unmet(state) is None for keeper in self._keepers)
        life, before = state.get("life"), None
        while (now := next_life(life, asleep=asleep, kept=kept)) != before:  # woken, and kept awake at once
            self._note("life", now, source)
            life, before = now, now

    def _contradicted(self, lag: int) -> None:
        assert self._signs is not None
        now = self._clock.now()
        if not self._contradictions or self._contradictions[-1].until is not None:
            self._contradictions.append(_Contradiction(since=now))
        one = self._contradictions[-1]
        if now - one.since >= lag:
            one.words = f"{self.told}, since {utc(one.since)}"
            self._note("life", UNDECIDED, "bench")
        self._signs.doubted()

    def _agreed(self) -> None:
        if self._contradictions and self._contradictions[-1].until is None:
            self._contradictions[-1].until = self._clock.now()

    def _note(self, fact: str, value: Fact, source: str = "supply") -> None:
        now = self._clock.now()
        if self._timeline.state_at(now).get(fact) != value:
            self._timeline.record(now, fact, value, source)


def _condition(facts: Mapping[str, Fact | list[Fact]]) -> Condition:
    return Condition({fact: tuple(v) if isinstance(v, list) else (v,) for fact, v in facts.items()})


def wakes(timeline: Timeline, start: int, stop: int) -> list[int]:
    """Bench times from *start* to *stop* at which the unit was seen to wake from sleep."""
    turns = _decided(timeline)
    return [
        after.bench
        for before, after in pairwise(turns)
        if before.value == "asleep" and after.value in AWAKE and start <= after.bench <= stop
    ]


def no_sign_of_life(timeline: Timeline, start: int, now: int) -> str | None:
    """Why silence from *start* to *now* shows nothing of a unit that sleeps: it could have been dead.

    One that was seen to fall asleep and to wake within that time has shown that it lives.
    """
    turns = _decided(timeline)
    if not turns or turns[-1].value != "asleep" or wakes(timeline, start, now):
        return None
    return f"asleep: it gave no sign of life since {utc(turns[-1].bench)}"


def _decided(timeline: Timeline) -> list[Change]:
    """The turns of the life that were known as such."""
    return [change for change in timeline if change.fact == "life" and change.value != UNDECIDED]
