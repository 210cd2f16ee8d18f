"""The life of a unit as a table of states, and the timers between them. No I/O.

    booting     until it has booted, which takes no bench time
    run         something keeps it awake
    after_run   nothing does, and it finishes what it has to do
    asleep      nothing runs but what says so; the modem alone listens for a page
    waking      woken for a while, although nothing keeps it awake

(ISO 26262 and AUTOSAR name them alike: AUTOSAR SWS EcuStateManager, 7.1, and SWS CANNetworkManagement, 7.2.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from rigs.sim.agenda import Agenda, Entry
from rigs.sim.unit.terms import condition
from telltale.timeline import Fact
from telltale.times import SECOND

State = Literal["booting", "run", "after_run", "asleep", "waking"]
Event = Literal["kept", "released", "woken", "over"]
"""Something keeps it awake; nothing does any more; a source of waking; the state's own time is over."""
Cause = Literal["none", "timer", "sms", "can", "door", "command"]

TURNS: Mapping[tuple[State, Event], State] = {
    ("booting", "kept"): "run",
    ("booting", "released"): "after_run",
    ("run", "released"): "after_run",
    ("after_run", "kept"): "run",
    ("after_run", "over"): "asleep",
    ("asleep", "woken"): "waking",
    ("waking", "kept"): "run",
    ("waking", "over"): "asleep",
}
"""What is not in the table changes nothing."""

_FINISHING = 10 * SECOND
"""For how long sleep is put off, again and again, while something is still to be sent."""
_FIRST = -1
"""Rank of a turn of the life among what is due at one moment: sends belong to the state that it brings."""


class Life:
    """One unit's state.

    :param data: the file's ``life``, keys in the file's words
    :param now: bench time, ns
    :param busy: whether something is still to be sent that was triggered before
    :param turned: called after each change of state
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        agenda: Agenda,
        now: Callable[[], int],
        busy: Callable[[], bool],
        turned: Callable[[], None],
    ) -> None:
        self._data = data
        self._agenda = agenda
        self._now = now
        self._busy = busy
        self._turned = turned
        self._keepers = [condition(facts) for facts in data["kept awake by"]]
        sources = data["woken by"]
        self._sources: dict[Cause, Any] = {
            cause: condition(facts) for cause in ("can", "door") if (facts := sources[cause])
        }
        self._holding: set[Cause] = set()
        self._pending: Entry | None = None
        self.state: State = "booting"
        self.cause: Cause = "none"
        """What woke it last."""

    @property
    def draw(self) -> float:
        """Current from the supply, ampere."""
        return float(self._data["draws"].get(self.state.replace("_", " "), self._data["draws"]["run"]))

    @property
    def facts(self) -> dict[str, Fact]:
        """What the unit's own conditions may ask of it."""
        return {"life": self.state, "wake": self.cause}

    def learned(self, facts: Mapping[str, Fact]) -> None:
        """The unit's facts are these now: perhaps one of them wakes it, keeps it awake, or no longer does."""
        holding = {cause for cause, wanted in self._sources.items() if wanted.unmet(facts) is None}
        risen, self._holding = holding - self._holding, holding
        kept = any(keeper.unmet(facts) is None for keeper in self._keepers)
        if self.state == "asleep" and (risen or kept):
            self._wake("door" if "door" in risen else "can")
        self._happens("kept" if kept else "released")

    def texted(self, text: str) -> None:
        """A text message came in."""
        words = self._data["woken by"]["sms"]
        if words is not None and words in text:
            self._wake("sms")

    def commanded(self) -> None:
        """The cloud handed over a command on the link that is kept while it sleeps."""
        self._wake("command")

    def _wake(self, cause: Cause) -> None:
        if self.state == "asleep":
            self.cause = cause
            self._happens("woken")

    def _happens(self, event: Event) -> None:
        if (state := TURNS.get((self.state, event))) is None:
            return
        if self._pending:
            self._pending.cancel()
        self.state = state
        self._pending = self._timer()
        self._turned()

    def _timer(self) -> Entry | None:
        """What ends the present state by itself."""
        if self.state == "after_run":
            return self._in(self._data["after run"], self._over)
        if self.state == "waking":
            return self._in(self._data["wake lasts"], self._over)
        if self.state == "asleep" and (interval := self._data["woken by"]["timer"]) is not None:
            return self._in(interval, lambda: self._wake("timer"))
        return None

    def _over(self) -> None:
        if self._busy():
            self._pending = self._in(_FINISHING, self._over)
        else:
            self._happens("over")

    def _in(self, delay: int, action: Callable[[], None]) -> Entry:
        return self._agenda.at(self._now() + delay, action, rank=_FIRST)
