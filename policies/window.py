"""What a claim is judged over, and how findings under several readings become one judgement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace

from policies.judge import cover, moment
from policies.model import Policy
from telltale.finding import Finding, Judgement
from telltale.sighting import Sighting
from telltale.timeline import Timeline
from telltale.transmission import Transmission


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Transmissions with what was seen in them, and the unit's state over time."""

    transmissions: tuple[Transmission, ...]
    sightings: tuple[Sighting, ...]
    timeline: Timeline
    own: frozenset[int] = frozenset()
    """Indices of the bench's own transmissions (the positive control)."""

    def between(self, start: int, stop: int) -> Window:
        """What was sent from bench time *start* until before *stop*; the timeline stays whole."""
        kept = tuple(t for t in self.transmissions if start <= moment(t) < stop)
        numbers = {t.index for t in kept}
        return replace(
            self, transmissions=kept, sightings=tuple(s for s in self.sightings if s.transmission in numbers)
        )

    def cover(self, policy: Policy, reading: str) -> list[Finding]:
        """`policies.judge.cover` over this window."""
        return cover(self.transmissions, self.sightings, self.timeline, policy, reading=reading, own=self.own)


def judgement(
    claim: str,
    policy: Policy,
    judge: Callable[[str], Iterable[Finding]],
    *,
    gaps: Iterable[str] = (),
    readings: Iterable[str] | None = None,
) -> Judgement:
    """The claim judged by *judge* under each reading; what every reading says alike is told once, without a reading."""
    names = tuple(readings or policy.readings)
    found: dict[Hashable, Finding] = {}
    said: dict[Hashable, set[str]] = {}
    for reading in names:
        for finding in judge(reading):
            key = _same(finding)
            found.setdefault(key, finding)
            said.setdefault(key, set()).add(reading)
    findings: list[Finding] = []
    for key, finding in found.items():
        if len(said[key]) == len(names):
            findings.append(replace(finding, reading=None))
        else:
            findings += [replace(finding, reading=reading) for reading in names if reading in said[key]]
    clauses = sorted({clause for finding in findings for clause in finding.clauses})
    return Judgement.of(claim, findings, gaps=gaps, clauses=clauses, readings=names)


def _same(finding: Finding) -> Hashable:
    """Equal for findings that differ in their reading at most; cheap, whatever the transmission holds."""
    transmission = finding.transmission.index if finding.transmission else None
    return finding.verdict, finding.reason, finding.clauses, finding.bench, transmission, id(finding.sighting)
