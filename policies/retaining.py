"""Whether what was uploaded could still be retrieved for as long as a clause has it kept.

Kept means that some way serves it; a direct address may end sooner than the app. Lost means that every way answers 404
or 410 beside a control object that is served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from policies.erasure import Check
from policies.model import Clause, Policy
from policies.terms import covers_item
from policies.window import as_warning, judgement
from telltale.errors import InputError
from telltale.finding import Finding, Judgement
from telltale.times import format_duration
from telltale.verdict import Verdict


def retaining(policy: Policy, reading: str, upload: Finding) -> list[Clause]:
    """The clauses that have *upload* kept for a time; one that names no function or recipient speaks of all."""
    item = upload.sighting.item if upload.sighting else ""
    return [
        clause
        for clause in policy.under(reading)
        if clause.modality == "retain"
        and covers_item(clause, item)
        and (not clause.functions or upload.function in clause.functions or "any" in clause.functions)
        and (not clause.recipients or upload.organisation in clause.recipients or "any" in clause.recipients)
    ]


def retained(
    upload: Finding,
    checks: Sequence[Check],
    policy: Policy,
    *,
    since: int,
    uncertainty: int = 0,
    reading: str | None = None,
    gaps: Iterable[str] = (),
) -> Judgement:
    """Judge whether *upload* was kept until its least time was over.

    :param upload: a finding of the sighting that was uploaded, attributed to organisation and function
    :param since: bench time from which the clause counts, ns
    :param uncertainty: of the clocks against each other, ns; that close to the limit nothing is sure
    :param reading: judge under this reading only
    :raises InputError: the policy has no clause that has such an upload kept, or *upload* has no sighting
    """
    if upload.sighting is None:
        raise InputError("an upload is judged by a finding with a sighting")
    item, readings = upload.sighting.item, (reading,) if reading else policy.readings
    if not any(retaining(policy, name, upload) for name in readings):
        raise InputError(f"no clause has {item} for {upload.function} kept for a time", file=policy.folder)

    def judge(name: str) -> Iterator[Finding]:
        for clause in retaining(policy, name, upload):
            verdict, reason, bench = _kept(checks, since, since + (clause.within or 0), uncertainty)
            told = f"{reason}; {clause.id} has it kept for {format_duration(clause.within or 0)} at least"
            finding = replace(upload, verdict=verdict, reason=told, clauses=(clause.id,), reading=name, bench=bench)
            yield as_warning(finding) if clause.warning else finding

    return judgement(f"{item} can still be retrieved", policy, judge, gaps=gaps, readings=readings)


def _kept(checks: Sequence[Check], since: int, limit: int, uncertainty: int) -> tuple[Verdict, str, int]:
    """Verdict, reason and the bench time of the look that it rests on."""

    def after(bench: int) -> str:
        return f"{format_duration(bench - since)} after the upload"

    served = max((check.bench for check in checks if check.served), default=None)
    if served is not None and served >= limit + uncertainty:
        return Verdict.COMPLIES, f"it was still served {after(served)}", served
    for bench in sorted({check.bench for check in checks}):
        asked = [check for check in checks if check.bench == bench]
        if bench < limit - uncertainty and all(not check.served and check.doubt is None for check in asked):
            return Verdict.VIOLATES, f"no way served it {after(bench)}", bench
    if served is None:
        doubts = [check.doubt for check in checks if check.doubt]
        return Verdict.INCONCLUSIVE, f"it was not seen to be served: {(doubts or ['nobody tried'])[-1]}", limit
    return Verdict.INCONCLUSIVE, f"it was last seen {after(served)}, when its least time was not surely over", served
