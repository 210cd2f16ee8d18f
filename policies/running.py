"""Whether what a clause obliges the car to send goes on, at its interval, to whom it is owed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from policies.access import limits_of
from policies.endpoints import attribute
from policies.judge import moment
from policies.model import Basis, Clause, Policy
from policies.terms import covers_item
from policies.window import Window, judgement
from telltale.clocks import ClockOffset
from telltale.errors import InputError
from telltale.finding import Finding, Judgement
from telltale.sighting import Sighting
from telltale.times import format_duration
from telltale.transmission import Transmission
from telltale.verdict import Verdict

Span = tuple[int, int]
"""From and to, bench ns."""

_Carrier = tuple[Transmission, Sighting | None]


def keeps_running(
    window: Window,
    policy: Policy,
    function: str,
    *,
    items: Collection[str],
    interval: int,
    span: Span,
    slack: int = 0,
    basis: Basis = "sent",
    gaps: Iterable[str] = (),
    blind: Iterable[str] = (),
) -> Judgement:
    """Within *span*, each of *items* leaves for *function* at least every *interval* ns, to whom a clause owes it.

    A silence violates only in a capture without gaps and with nothing unreadable in it; else it may not have been one.

    :param slack: jitter that is let pass, ns
    :param basis: ``generated``: what was made in time counts, however much later it was sent (store and forward)
    :param blind: ways on which the report may have left unseen; where it was seen to go on, they do not matter
    :raises InputError: no clause obliges *function* to carry one of *items*
    """
    gaps, certain = tuple(gaps), not (*gaps, *blind)
    for item in items:
        if not any(_owing(policy, reading, function, item) for reading in policy.readings):
            raise InputError(f"no clause obliges `{function}` to carry `{item}`", file=policy.folder)

    closed = limits_of(function, policy, window.access)

    def judge(reading: str) -> Iterator[Finding]:
        yield from window.limited([function], policy, reading)
        for item in items:
            owing = _owing(policy, reading, function, item)
            if owing:
                duty = _Duty(function, item, owing, interval + slack, span, basis, window.clock)
                yield from duty.judge(window, policy, reading, certain=certain and not closed)
        for finding in window.between(span[0], span[1] + 1).cover(policy, reading):
            if finding.function == function and finding.sighting and finding.verdict is not Verdict.COMPLIES:
                yield finding

    what = " and ".join(items)
    how = "keeps running" if basis == "sent" else "is complete"
    claim = f"{function} {how} every {format_duration(interval)} with {what}"
    return judgement(claim, policy, judge, gaps=gaps)


def _owing(policy: Policy, reading: str, function: str, item: str) -> tuple[Clause, ...]:
    return tuple(
        clause
        for clause in policy.under(reading)
        if clause.modality == "oblige" and clause.speaks_of(function) and covers_item(clause, item)
    )


@dataclass(frozen=True, slots=True)
class _Duty:
    function: str
    item: str
    owing: tuple[Clause, ...]
    longest: int
    span: Span
    basis: Basis
    clock: ClockOffset | None
    """The unit's, by which it says when something was made."""

    def judge(self, window: Window, policy: Policy, reading: str, *, certain: bool) -> Iterator[Finding]:
        """A finding for every silence longer than allowed, or one that says that there is none."""
        carried, doubtful = self._moments(window, policy)
        sound = sorted(carried)
        turns = pairwise((self.span[0], *sound, self.span[1]))
        silences = [(start, stop) for start, stop in turns if stop - start > self.longest]
        for start, stop in silences:
            evidence = carried.get(start) or carried.get(stop)
            length, limit = format_duration(stop - start), format_duration(self.longest)
            reason = f"{self.function} went without {self.item} for {length}, longer than {limit}"
            if stop - start <= self.longest + self._give:
                reason = f"{reason}; by so little that {self.clock} leaves it open"
                yield self._finding(Verdict.INCONCLUSIVE, reason, reading, start, evidence)
            elif certain and not any(start <= at <= stop for at in doubtful):
                yield self._finding(Verdict.VIOLATES, reason, reading, start, evidence)
            else:
                reason = f"{reason}, or it could not be seen"
                yield self._finding(Verdict.INCONCLUSIVE, reason, reading, start, evidence)
        if not silences:
            limit = format_duration(self.longest)
            reason = f"{self.function} carried {self.item} {len(sound)} times, never more than {limit} apart"
            yield self._finding(Verdict.COMPLIES, reason, reading, self.span[1])

    def _moments(self, window: Window, policy: Policy) -> tuple[dict[int, _Carrier], list[int]]:
        """When the item went to whom it is owed, and when something went there that could not be read."""
        carrying = {sighting.transmission: sighting for sighting in window.sightings if sighting.item == self.item}
        sound: dict[int, _Carrier] = {}
        doubtful: list[int] = []
        for transmission in window.transmissions:
            at, whose = self._moment(transmission), attribute(transmission, policy)
            owed = any(clause.is_about(self.function, whose.organisation) for clause in self.owing)
            if whose.function != self.function or not owed or not self.span[0] <= at <= self.span[1]:
                continue
            if transmission.opaque or transmission.malformed is not None or not transmission.complete:
                doubtful.append(at)
            elif transmission.index in carrying or any(named.name == self.item for named in transmission.fields):
                sound[at] = transmission, carrying.get(transmission.index)
        return sound, doubtful

    def _moment(self, transmission: Transmission) -> int:
        made = transmission.generated if self.basis == "generated" else None
        if made is None:
            return moment(transmission)
        return made if self.clock is None else made - self.clock.offset

    @property
    def _give(self) -> int:
        """How far the moments of making may be off, ns."""
        return self.clock.uncertainty if self.clock is not None and self.basis == "generated" else 0

    def _finding(
        self, verdict: Verdict, reason: str, reading: str, bench: int, evidence: _Carrier | None = None
    ) -> Finding:
        """*evidence*: what was sent at the edge of the silence."""
        transmission, sighting = evidence or (None, None)
        return Finding(
            verdict=verdict,
            reason=reason,
            clauses=tuple(clause.id for clause in self.owing),
            reading=reading,
            function=self.function,
            transmission=transmission,
            sighting=sighting,
            bench=bench,
        )
