"""The ways out of the car over one trial: the bench's controls through each, and coverage taken away on purpose.

While an uplink is without coverage nothing can leave by it, so that no control is asked for; one goes through just
before and one right after. That nothing left meanwhile is not taken for granted: what did is told as a gap.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from telltale.errors import InputError, near_miss
from telltale.transmission import Transmission
from trials.observation import Control

if TYPE_CHECKING:
    from trials.session import Session
    from trials.trial import Trial

COVERAGE = ("coverage", "link")
"""What stands for all of the car's cellular uplinks at once: they share one modem."""


class Ways:
    """All uplinks of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._down: dict[str, int] = {}
        self._outages: list[tuple[str, int, int]] = []
        self.rounds: list[tuple[int, list[Control]]] = []
        """Every control transmission so far, seen or not, with those that were sent at one bench time, ns."""

    @property
    def controls(self) -> list[Control]:
        """Every control transmission so far, seen or not."""
        return [control for _, sent in self.rounds for control in sent]

    def send_controls(self) -> None:
        """One through each uplink that has coverage."""
        names = dict.fromkeys(self._session.uplinks.values())
        self._control(name for name in names if name not in self._down)

    def lose(self, words: str) -> None:
        """Coverage goes, of an uplink by name or of all cellular ones.

        :raises InputError: the bench has no such uplink
        :raises MissingInstrumentError: it cannot take coverage away
        """
        for uplink in self._named(words):
            if uplink not in self._down:
                self._control([uplink])
                self._session.instruments.needed_coverage().lost(uplink)
                self._down[uplink] = time.time_ns()
                self._record(uplink, "off")

    def regain(self, words: str) -> None:
        """Coverage is back, at full rate; raises as `lose` does."""
        for uplink in self._named(words):
            if (since := self._down.pop(uplink, None)) is not None:
                self._outages.append((uplink, since, time.time_ns()))
            self._session.instruments.needed_coverage().back(uplink)
            self._record(uplink, "on")
            self._control([uplink])

    def slow(self, words: str, rate: int) -> None:
        """No more than *rate* bit/s pass each way; raises as `lose` does."""
        for uplink in self._named(words):
            self._session.instruments.needed_coverage().slow(uplink, rate)
            self._record(uplink, "slow")

    def contradictions(self, transmissions: Iterable[Transmission]) -> Iterator[str]:
        """What left by an uplink while it was held to have no coverage."""
        spans = [*self._outages, *((uplink, since, time.time_ns()) for uplink, since in self._down.items())]
        for t in transmissions:
            if any(uplink == t.uplink and start < t.sent < stop for uplink, start, stop in spans):
                yield f"transmission {t.index} left over {t.uplink} while that was to be without coverage"

    def _control(self, uplinks: Iterable[str]) -> None:
        self.rounds.append((self._session.now(), [self._session.control(uplink) for uplink in uplinks]))

    def _named(self, words: str) -> tuple[str, ...]:
        known = self._session.instruments.needed_coverage().uplinks
        if words in COVERAGE:
            return tuple(name for name, kind in known.items() if kind == "cellular")
        if words not in known:
            raise InputError(f"unknown uplink `{words}`" + near_miss(words, known))
        return (words,)

    def _record(self, uplink: str, state: str) -> None:
        self._session.timeline.record(self._session.now(), f"coverage_{uplink}", state, "stimulus")


def come_and_go(trial: Trial, words: str, period: int, duration: int) -> None:
    """Coverage goes and comes, each for *period*, until *duration* (both bench ns) is over; then it is there."""
    until = trial.now + duration
    while trial.now < until:
        trial.change_coverage(lambda ways: ways.lose(words))
        trial.wait(min(period, max(until - trial.now, 0)))
        trial.change_coverage(lambda ways: ways.regain(words))
        trial.wait(min(period, max(until - trial.now, 0)))
