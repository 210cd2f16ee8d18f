"""What a claim is judged over, and how findings under several readings become one judgement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from policies.access import Access, limits_of
from policies.judge import cover, moment
from policies.model import Policy
from telltale.clocks import ClockOffset
from telltale.finding import Finding, Judgement
from telltale.hosts import meets
from telltale.sighting import Sighting
from telltale.timeline import Timeline
from telltale.times import utc
from telltale.transmission import Transmission, Volume
from telltale.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Transmissions with what was seen in them, and the unit's state over time."""

    transmissions: tuple[Transmission, ...]
    sightings: tuple[Sighting, ...]
    timeline: Timeline
    own: frozenset[int] = frozenset()
    """Indices of the bench's own transmissions (the positive control)."""
    access: Access = field(default_factory=dict)
    """How much of each recipient's traffic the bench can open, see `policies.access`."""
    volumes: Mapping[int, Volume] = field(default_factory=dict)
    """Bytes each way by conversation, for what cannot be read."""
    clock: ClockOffset | None = None
    """The unit's, see `policies.moments`."""
    packets: ClockOffset | None = None
    """The capture's, if it is off the bench's."""

    def between(self, start: int, stop: int) -> Window:
        """What was sent from bench time *start* until before *stop*; the timeline stays whole."""
        return self.where(lambda t: start <= moment(t) < stop)

    def where(self, keep: Callable[[Transmission], bool]) -> Window:
        """The transmissions that *keep* takes, with what was seen in them; the timeline stays whole."""
        kept = tuple(t for t in self.transmissions if keep(t))
        numbers = {t.index for t in kept}
        return replace(
            self, transmissions=kept, sightings=tuple(s for s in self.sightings if s.transmission in numbers)
        )

    def cover(self, policy: Policy, reading: str) -> list[Finding]:
        """`policies.judge.cover` over this window."""
        return cover(
            self.transmissions,
            self.sightings,
            self.timeline,
            policy,
            reading=reading,
            own=self.own,
            clock=self.clock,
            packets=self.packets,
            access=self.access,
        )

    def limited(self, functions: Iterable[str | None], policy: Policy, reading: str) -> Iterator[Finding]:
        """A finding for each recipient of *functions* that stays closed, with the volume and times of what it got."""
        for function in dict.fromkeys(functions):
            for limit in limits_of(function, policy, self.access) if function else ():
                yield Finding(
                    verdict=Verdict.INCONCLUSIVE,
                    reason=f"{limit.reason} ({self.volume_to(limit.host)})",
                    clauses=limit.clauses,
                    reading=reading,
                    function=function,
                )

    def volume_to(self, host: str) -> str:
        """What a closed recipient got in this window, for people: transmissions, times, connections, bytes each way."""
        sent = [t for t in self.transmissions if meets(host, t.recipient) and t.index not in self.own]
        if not sent:
            return "nothing was sent there"
        volumes = [self.volumes[n] for n in {t.conversation for t in sent} if n is not None and n in self.volumes]
        up, down = sum(v.sent for v in volumes), sum(v.received for v in volumes)
        first, last = moment(sent[0]), moment(sent[-1])
        count = f"{len(sent)} transmission{'' if len(sent) == 1 else 's'}"
        connections = f"{len(volumes)} connection{'' if len(volumes) == 1 else 's'}"
        when = f"at {utc(first)}" if first == last else f"from {utc(first)} to {utc(last)}"
        return f"{count} {when}; {connections} with {up:,} bytes sent and {down:,} received"


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


def as_warning(finding: Finding) -> Finding:
    """An inferred clause decides no verdict; what it comes to is told."""
    if finding.verdict is Verdict.COMPLIES:
        return finding
    word = "warning" if finding.verdict is Verdict.VIOLATES else "undecided"
    return replace(finding, verdict=Verdict.COMPLIES, reason=f"{word}: {finding.reason}")
