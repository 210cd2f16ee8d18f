"""Whether a request of somebody's was answered in the time that a clause gives.

An answer counts from when the bench saw it. The cloud's own word for the moment of an answer is believed against the
cloud alone: one that it dates after the limit came too late, one that it dates before was perhaps never there to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policies.model import ANY, Clause, Policy
from policies.window import as_warning, judgement
from policies.workdays import Deadline, after_working_days
from telltale.errors import InputError, near_miss
from telltale.finding import Finding, Judgement
from telltale.times import SECOND, format_duration, utc
from telltale.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One look at what has become of a request."""

    bench: int
    """Bench time, ns."""
    answer: str | None = None
    """What it was answered; None: it is still open."""
    dated: int | None = None
    """When that was, by the cloud's own word, ns."""
    doubt: str | None = None
    """Why the look shows neither an answer nor that there is none; None if it shows one of them."""


def limit_of(clause: Clause, start: int) -> Deadline:
    """When the time of *clause* is up that began at bench time *start*, ns."""
    if clause.working_days is not None:
        return after_working_days(start, clause.working_days)
    return Deadline.at(start + (clause.within or 0))


def allowed(clause: Clause) -> str:
    """The time that *clause* gives, in words: ``15 working days``, ``60 min``."""
    if clause.working_days is not None:
        return f"{clause.working_days} working days"
    return format_duration(clause.within or 0)


def responding(policy: Policy, request: str, reading: str) -> list[Clause]:
    """The clauses that give a time for the answer to *request*."""
    return [
        clause
        for clause in policy.under(reading)
        if clause.modality == "respond" and (ANY in clause.requests or request in clause.requests)
    ]


def responded(
    request: str,
    looks: Sequence[Look],
    policy: Policy,
    *,
    since: int,
    grace: int = 60 * SECOND,
    reading: str | None = None,
    gaps: Iterable[str] = (),
) -> Judgement:
    """Judge whether *request* was answered in time, under each clause that gives one.

    :param since: bench time at which the cloud had taken the request, ns
    :param grace: how long after a limit a first look may come and still speak for the limit, ns
    :param reading: judge under this reading only
    :raises InputError: the policy knows no such request, or no clause gives a time for its answer
    """
    if request not in policy.document.requests:
        unknown = f"unknown request `{request}`" + near_miss(request, policy.document.requests)
        raise InputError(unknown, file=policy.folder)
    readings = (reading,) if reading else policy.readings
    if not any(responding(policy, request, name) for name in readings):
        raise InputError(f"no clause says by when {request} is answered", file=policy.folder)

    def judge(name: str) -> Iterator[Finding]:
        for clause in responding(policy, request, name):
            limit = limit_of(clause, since)
            verdict, reason, bench = _answered(looks, since, limit, grace)
            by = utc(limit.latest) if limit.certain else f"between {utc(limit.earliest)} and {utc(limit.latest)}"
            told = f"{request}: {reason}; {clause.id} has it answered within {allowed(clause)}, that is by {by}"
            finding = Finding(
                verdict=verdict, reason=told, clauses=(clause.id,), reading=name, request=request, bench=bench
            )
            yield as_warning(finding) if clause.warning else finding

    return judgement(f"{request} is answered in time", policy, judge, gaps=gaps, readings=readings)


_UNANNOUNCED = "and that year's working days are not announced"


def _answered(looks: Sequence[Look], since: int, limit: Deadline, grace: int) -> tuple[Verdict, str, int]:
    """Verdict, reason and the bench time of the look that it rests on."""
    telling = sorted((look for look in looks if look.doubt is None), key=lambda look: look.bench)
    if not telling:
        doubts = [f"no look shows anything: {look.doubt}" for look in looks]
        return Verdict.INCONCLUSIVE, (doubts or ["nobody looked for an answer"])[-1], limit.latest
    late = next((look for look in telling if look.answer is None and look.bench >= limit.latest), None)
    first = next((look for look in telling if look.answer is not None), None)
    if late is not None:
        return Verdict.VIOLATES, f"still open {_after(late, since)}", late.bench
    return _open(telling[-1], since, limit) if first is None else _seen(first, since, limit, grace)


def _open(last: Look, since: int, limit: Deadline) -> tuple[Verdict, str, int]:
    """Of a request that was never seen answered, before its time was surely up."""
    why = _UNANNOUNCED if last.bench >= limit.earliest else "when its time was not up"
    return Verdict.INCONCLUSIVE, f"still open {_after(last, since)}, {why}", last.bench


def _seen(first: Look, since: int, limit: Deadline, grace: int) -> tuple[Verdict, str, int]:
    """Of one whose answer was first seen at *first*."""
    seen = f"seen answered ({first.answer}) {_after(first, since)}"
    if first.dated is not None and first.dated > limit.latest:
        return Verdict.VIOLATES, f"{seen}, by an answer dated {utc(first.dated)}", first.bench
    if first.bench <= limit.earliest + grace:
        return Verdict.COMPLIES, seen, first.bench
    why = _UNANNOUNCED if first.bench <= limit.latest + grace else "and nobody had looked when its time was up"
    return Verdict.INCONCLUSIVE, f"{seen}, {why}", first.bench


def _after(look: Look, since: int) -> str:
    return f"{format_duration(look.bench - since)} after it was taken"
