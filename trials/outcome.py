"""How a scenario ends when its verdict is not ``complies``.

`Violation` is an `AssertionError`, so every tool around pytest shows it as *failed*; `Inconclusive` is none, so it is
*broken*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from telltale.errors import ExitStatus, TelltaleError
from telltale.finding import Finding, Judgement
from telltale.times import utc
from telltale.verdict import Verdict

_FIGURE = re.compile(r"\d+")
"""What differs in the reasons of alike findings: a time of day, a size, a number of a transmission."""
_MOST = 2_000
"""Lines of one judgement; what comes after is only counted."""


class Violation(TelltaleError, AssertionError):  # noqa: N818 - a verdict, not an error
    """A claim of the policy is broken, with evidence."""

    exit_status = ExitStatus.VIOLATES


class Inconclusive(TelltaleError):  # noqa: N818 - a verdict, not an error
    """The bench could not see enough to judge."""

    exit_status = ExitStatus.INCONCLUSIVE


def describe(finding: Finding) -> str:
    """One line for a finding: clauses, item, form, chain, recipient, uplink, time, byte range and the reason."""
    where: list[str] = []
    sighting, transmission = finding.sighting, finding.transmission
    if finding.clauses:
        where.append(", ".join(finding.clauses))
    if finding.reading:
        where.append(f"{finding.reading} reading")
    if sighting:
        where.append(sighting.describe())
    if transmission:
        sender = f"from {transmission.ecu} " if transmission.ecu else ""
        where.append(f"{sender}to {transmission.recipient} over {transmission.uplink or 'an unknown uplink'}")
        where.append(f"transmission {transmission.index} ({transmission.channel})")
    if (moment := _moment(finding)) is not None:
        where.append(f"at {utc(moment)}")
    return f"{finding.verdict}: {finding.reason}" + (f" [{'; '.join(where)}]" if where else "")


def settle(judgements: Sequence[Judgement]) -> TelltaleError | None:
    """The exception that a scenario with these judgements ends with; None when all of them comply."""
    verdict = Verdict.gravest(judgement.verdict for judgement in judgements)
    if verdict is Verdict.COMPLIES:
        return None
    lines = [
        line for judgement in judgements if judgement.verdict is not Verdict.COMPLIES for line in explain(judgement)
    ]
    if not judgements:
        lines = ["nothing was judged"]
    return (Violation if verdict is Verdict.VIOLATES else Inconclusive)("\n".join(lines))


def explain(judgement: Judgement) -> list[str]:
    """Lines for people: the claim with its verdicts, what does not comply (alike findings on one line), the gaps."""
    lines = [headline(judgement), *(f"  {line}" for line in Alike(judgement.findings))]
    return lines + [f"  not seen: {note}" for note in judgement.notes]


def headline(judgement: Judgement) -> str:
    """The claim with its verdict under each reading."""
    verdicts = ", ".join(
        str(verdict) if reading == "only" else f"{verdict} ({reading} reading)"
        for reading, verdict in judgement.verdicts.items()
    )
    return f"{judgement.claim}: {verdicts}"


@dataclass(slots=True)
class _Group:
    """Findings that differ in their time and place alone."""

    line: str
    """The first of them."""
    place: tuple[int | None, int | None]
    """Transmission and moment of the last of them."""
    more: int = 0

    def __str__(self) -> str:
        if not self.more:
            return self.line
        last = self.place[1]
        return f"{self.line}, and {self.more:,} more like it" + (f" until {utc(last)}" if last is not None else "")


class Alike:
    """Findings as lines for people, alike ones on one; those that comply are left out. Holds no transmission."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._groups: dict[tuple[object, ...], _Group] = {}
        self._beyond = 0
        for finding in findings:
            self.add(finding)

    def __iter__(self) -> Iterator[str]:
        yield from map(str, self._groups.values())
        if self._beyond:
            yield f"and {self._beyond:,} more findings"

    def add(self, finding: Finding) -> None:
        """Enter a finding; those of one likeness come in order of time."""
        if finding.verdict is Verdict.COMPLIES:
            return
        place = finding.transmission.index if finding.transmission else None, _moment(finding)
        group = self._groups.get(likeness := _likeness(finding))
        if group is None and len(self._groups) >= _MOST:
            self._beyond += 1
        elif group is None:
            self._groups[likeness] = _Group(describe(finding), place)
        elif place != group.place:
            group.more += 1
            group.place = place


def _likeness(finding: Finding) -> tuple[object, ...]:
    """What is the same in findings that differ in their time and place alone."""
    sighting, transmission = finding.sighting, finding.transmission
    seen = (sighting.item, sighting.form, sighting.chain, sighting.part) if sighting else ()
    sent = (transmission.recipient, transmission.uplink, transmission.channel) if transmission else ()
    reason = _FIGURE.sub("", finding.reason)
    return (finding.verdict, reason, finding.clauses, finding.reading, seen, sent)


def _moment(finding: Finding) -> int | None:
    """Bench time of the matter judged, ns."""
    return finding.bench if finding.bench is not None else finding.transmission.bench if finding.transmission else None
