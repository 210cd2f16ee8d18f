"""Whether what was uploaded can still be retrieved after the time that a clause allows.

*Gone* means not retrievable: asked with fresh, valid credentials, the answer is 404 or 410, while a control object is
still served the same way. An expired signature, a refusal, a failing server or a redirect is not erasure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from policies.model import Clause, Conditions, Policy
from policies.terms import covers_item
from policies.window import as_warning, judgement
from telltale.errors import InputError
from telltale.finding import Finding, Judgement
from telltale.timeline import Condition, Timeline
from telltale.times import SECOND, format_duration
from telltale.verdict import Verdict

GONE = frozenset({404, 410})
"""HTTP statuses that say that there is nothing (RFC 9110, 15.5.5 and 15.5.11)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One attempt to retrieve an upload."""

    way: str
    """How it was asked for, as people say it: ``the app``, ``its direct address``."""
    status: int | None
    """HTTP status; None when no answer came."""
    served: bool | None
    """Whether the answer was the upload itself; None where that cannot be told."""
    control_served: bool
    """Whether the control object was served the same way at the same time."""
    bench: int
    """Bench time, ns."""

    @property
    def doubt(self) -> str | None:
        """Why the check shows neither that the upload is there nor that it is gone; None if it shows one of them."""
        if self.served:
            return None
        if self.status is None:
            return "no answer came"
        if self.status not in GONE:
            return f"status {self.status} is no erasure"
        if self.served is None:
            return f"what came with status {self.status} cannot be told"
        return None if self.control_served else "the control object was not served either"


def erased(
    upload: Finding,
    checks: Sequence[Check],
    policy: Policy,
    *,
    since: int | None = None,
    timeline: Timeline | None = None,
    grace: int = 60 * SECOND,
    uncertainty: int = 0,
    reading: str | None = None,
    gaps: Iterable[str] = (),
) -> Judgement:
    """Judge whether *upload* was gone, on every way asked, when its time was up.

    :param upload: a finding of the sighting that was uploaded, attributed to organisation and function
    :param since: bench time from which the clause counts; the upload's own time if None
    :param timeline: the unit's state, for clauses whose time begins with a state
    :param grace: how long after the limit a first look may come and still speak for the limit, ns
    :param uncertainty: of the clocks against each other, ns; what is served that close after the limit is inconclusive,
        as is a first look that close before the end of *grace*
    :param reading: judge under this reading only
    :raises InputError: the policy has no clause that erases such an upload, or *upload* has no sighting or time
    """
    if upload.sighting is None or (since is None and upload.bench is None):
        raise InputError("an upload is judged by a finding with a sighting and a bench time")
    item = upload.sighting.item
    start = since if since is not None else upload.bench or 0
    readings = (reading,) if reading else policy.readings
    if not any(_erasing(policy, name, upload, item) for name in readings):
        raise InputError(f"no clause has {item} for {upload.function} erased", file=policy.folder)

    def judge(name: str) -> Iterator[Finding]:
        clauses = _erasing(policy, name, upload, item)
        if not clauses:
            reason = f"no clause has {item} for {upload.function} erased"
            yield replace(upload, verdict=Verdict.COMPLIES, reason=reason, clauses=(), reading=name)
        begins = {c.id: _begun(c.begins, timeline or Timeline(), start) if c.begins else start for c in clauses}
        for clause in clauses:
            begun = begins[clause.id]
            if begun is None and any(begins[other.id] is not None for other in clauses if not other.warning):
                continue  # this one is not due, and another that is decides
            if begun is None:
                reason = f"the time of {clause.id} has not begun: {_told(clause.begins)} did not come about"
                yield replace(upload, verdict=Verdict.INCONCLUSIVE, reason=reason, clauses=(clause.id,), reading=name)
                continue
            event = _told(clause.begins) if clause.begins else "the upload"
            limit = _Limit(begun, begun + (clause.within or 0), grace, uncertainty, event)
            for verdict, reason, bench in limit.judge(checks):
                told = f"{reason}; {clause.id} has it gone within {format_duration(limit.at - begun)}"
                finding = replace(upload, verdict=verdict, reason=told, clauses=(clause.id,), reading=name, bench=bench)
                yield as_warning(finding) if clause.warning else finding

    ways = " and ".join(dict.fromkeys(check.way for check in checks)) or "any way"
    return judgement(f"{item} can no longer be retrieved through {ways}", policy, judge, gaps=gaps, readings=readings)


def _erasing(policy: Policy, reading: str, upload: Finding, item: str) -> list[Clause]:
    return [
        clause
        for clause in policy.under(reading)
        if clause.modality == "erase"
        and covers_item(clause, item)
        and clause.is_about(upload.function, upload.organisation)
    ]


def overdue(finding: Finding, policy: Policy, reading: str, timeline: Timeline, now: int) -> list[str]:
    """The clauses by which what was kept when *finding* says should have been gone by bench time *now*."""
    if finding.sighting is None or finding.bench is None:
        return []
    late = []
    for clause in _erasing(policy, reading, finding, finding.sighting.item):
        begun = _begun(clause.begins, timeline, finding.bench) if clause.begins else finding.bench
        if begun is not None and begun + (clause.within or 0) <= now and not clause.warning:
            late.append(clause.id)
    return late


def _begun(states: Conditions, timeline: Timeline, upload: int) -> int | None:
    """When one of *states* first came about after *upload*, bench ns; None if none did."""

    def holds(bench: int) -> bool:
        return any(Condition(facts).unmet(timeline.state_at(bench)) is None for facts in states)

    held = holds(upload)
    for moment in sorted({change.bench for change in timeline if change.bench > upload}):
        if holds(moment) and not held:
            return moment
        held = holds(moment)
    return None


def _told(states: Conditions) -> str:
    return " or ".join(
        " and ".join(f"{fact} {' or '.join(map(str, values))}" for fact, values in facts.items()) for facts in states
    )


@dataclass(frozen=True, slots=True)
class _Limit:
    """When an upload's time was up, and how exactly the bench can tell."""

    start: int
    at: int
    grace: int
    uncertainty: int
    event: str
    """What its time is counted from."""

    def judge(self, checks: Sequence[Check]) -> Iterator[tuple[Verdict, str, int]]:
        """Verdict, reason and bench time for each way that was tried."""
        ways = list(dict.fromkeys(check.way for check in checks))
        if not ways:
            yield Verdict.INCONCLUSIVE, "nobody tried to retrieve it", self.at
        for way in ways:
            yield self._way(way, sorted((c for c in checks if c.way == way), key=lambda check: check.bench))

    def _way(self, way: str, asked: Sequence[Check]) -> tuple[Verdict, str, int]:
        late = [c for c in asked if c.bench >= self.at]
        served = next((c for c in reversed(late) if c.served), None)
        gone = next((c for c in late if not c.served and c.doubt is None), None)
        if served:
            certain = served.bench >= self.at + self.uncertainty
            verdict = Verdict.VIOLATES if certain else Verdict.INCONCLUSIVE
            so_close = "" if certain else ", which is within the clocks' uncertainty of the limit"
            return verdict, f"{way} still served it {self._after(served)} after {self.event}{so_close}", served.bench
        if not late:
            return Verdict.INCONCLUSIVE, f"{way} was not tried after the limit", self.at
        if gone is None:
            return Verdict.INCONCLUSIVE, f"{way} shows nothing: {late[0].doubt}", late[0].bench
        if gone.bench + self.uncertainty > self.at + self.grace:
            wait = format_duration(gone.bench - self.at)
            doubt = "" if gone.bench > self.at + self.grace else ", which the clocks leave open"
            return Verdict.INCONCLUSIVE, f"{way} was first tried {wait} after the limit{doubt}", gone.bench
        before = [c for c in asked if c.served]
        seen = f"after it was served {self._when(before[-1])}" if before else "and had not been seen to serve it"
        reason = f"{way} answered {gone.status} {self._after(gone)} after {self.event}, {seen}"
        return Verdict.COMPLIES, reason, gone.bench

    def _after(self, check: Check) -> str:
        return format_duration(check.bench - self.start)

    def _when(self, check: Check) -> str:
        return f"at {self._after(check)}" if check.bench >= self.start else "before that"
