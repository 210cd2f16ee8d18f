"""``telltale due``: what falls due later, and what has become of it, days after the run in which it began.

An obligation that began on a real rig is looked after with the rig's own probe and accounts, by the host's clock. The
world of a simulated rig ended with its run, so nothing can be asked of it any more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from policies import Policy, load_policy
from policies.erasure import Check, erased
from policies.ledger import Ledger, Obligation
from policies.responding import Look, responded
from policies.retaining import retained
from reports.obligations import ObligationRow, obligation_table
from rigs.drivers.clock import WallClock
from rigs.drivers.probe import HttpProbe
from rigs.rigfile import RealRig, load_rig
from rigs.vehicle import Vehicle
from telltale.errors import ExitStatus, InputError, RigError
from telltale.finding import Finding, Judgement
from telltale.sighting import Sighting
from telltale.times import SECOND, format_duration, utc
from telltale.verdict import Verdict
from trials.asking import look
from trials.progress import waiting
from trials.retrieval import Retrieval, Upload

_STATUS = {
    Verdict.COMPLIES: ExitStatus.COMPLIES,
    Verdict.VIOLATES: ExitStatus.VIOLATES,
    Verdict.INCONCLUSIVE: ExitStatus.INCONCLUSIVE,
}


def due(path: Path, *, check: bool, wait: bool, everything: bool, grace: int, json_file: Path | None) -> ExitStatus:
    """List the ledger at *path*; with *check* judge what has fallen due, with *wait* everything, each when it has.

    :param grace: how long after a limit a first look may come and still speak for the limit, ns
    :raises InputError: the ledger, or a file that it names, is wrong or gone
    :raises RigError: the ledger is locked
    """
    ledger = Ledger(path)
    if not path.exists():
        raise InputError("no such ledger; a run makes one below its --runs, `--ledger FILE` names another", file=path)
    before = {one.id: one.verdict for one in ledger.all()}
    if wait:
        _wait(ledger, grace)
    elif check:
        for one in _fallen(ledger):
            _check(ledger, one, grace)
    now = time.time_ns()
    obligations = ledger.all()
    shown = [
        _row(one, now) for one in obligations if everything or not one.settled or before[one.id] is not one.verdict
    ]
    out = Console()
    print(obligation_table(shown, width=max(out.width, 100), colour=out.is_terminal) if shown else "nothing is open")
    if json_file is not None:
        lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in shown)
        json_file.write_text("".join(lines), encoding="utf-8")
    return ExitStatus.gravest(
        [
            ExitStatus.COMPLIES,
            *(_STATUS[one.verdict] for one in obligations if one.verdict and one.verdict is not before[one.id]),
            *(ExitStatus.INCONCLUSIVE for one in obligations if not one.settled and _is_due(one, now)),
        ]
    )


def _is_due(one: Obligation, now: int) -> bool:
    return one.simulated or one.due + one.uncertainty <= now


def _fallen(ledger: Ledger) -> list[Obligation]:
    now = time.time_ns()
    return [one for one in ledger.all() if not one.settled and _is_due(one, now)]


def _wait(ledger: Ledger, grace: int) -> None:
    """Check each obligation when it falls due; an earlier wait that was cut off is gone on with from where it was."""
    for one in ledger.all():
        if one.settled:
            continue
        left = one.due + one.uncertainty - time.time_ns()
        if left > 0 and not one.simulated:
            with waiting(f"{one.clause}: {one.what}", left) as tell:
                WallClock().advance(left, tell)
        _check(ledger, one, grace)


def _check(ledger: Ledger, one: Obligation, grace: int) -> None:
    """Ask once, and write down the answer before what it comes to."""
    if one.simulated:
        ledger.judge(one.id, Verdict.INCONCLUSIVE, "the simulated world ended with its run, and nobody can be asked")
        return
    try:
        told = _look(one)
    except (InputError, RigError) as error:
        ledger.judge(one.id, Verdict.INCONCLUSIVE, f"nobody could be asked: {error}")
        return
    ledger.note(one.id, told)
    judgement = _judged(one, [*one.looks, *told], load_policy(Path(one.policy)), grace)
    found = [finding for finding in judgement.findings if one.clause in finding.clauses]
    verdict = Verdict.gravest(finding.verdict for finding in found) if found else Verdict.INCONCLUSIVE
    reasons = [finding.reason for finding in found if finding.verdict is verdict]
    ledger.judge(one.id, verdict, (reasons or [f"the policy has no clause {one.clause} about it any more"])[0])


def _look(one: Obligation) -> list[dict[str, Any]]:
    """What the cloud says now. :raises RigError: it does not answer, or the rig cannot ask it"""
    rig = load_rig(Path(one.rig))
    if not isinstance(rig, RealRig) or rig.addresses.probe is None:
        raise RigError(f"the rig {rig.name} has no `probe` to ask the maker's cloud with")
    tokens = rig.bench.tokens()
    if not tokens:
        raise RigError(f"the rig {rig.name} names no `accounts` of the owner's app")
    address = rig.addresses.probe
    probe = HttpProbe(authorities=address.authorities, timeout=address.timeout / SECOND)
    retrieval = Retrieval(probe, Vehicle.load(rig.vehicle).recordings, tokens)
    now = time.time_ns()
    if one.duty == "respond":
        return [asdict(look(retrieval, one.ask["at"], now))]
    return [asdict(check) for check in retrieval.checks(Upload(**one.ask), now)]


def _judged(one: Obligation, looks: list[dict[str, Any]], policy: Policy, grace: int) -> Judgement:
    """All looks together, under each reading of the obligation."""

    def under(reading: str) -> Judgement:
        if one.duty == "respond":
            answers = [Look(**told) for told in looks]
            return responded(one.what, answers, policy, since=one.begun, grace=grace, reading=reading)
        upload, checks = _uploaded(one), [Check(**told) for told in looks]
        known: dict[str, Any] = {"since": one.begun, "uncertainty": one.uncertainty, "reading": reading}
        if one.duty == "retain":
            return retained(upload, checks, policy, **known)
        return erased(upload, checks, policy, grace=grace, **known)

    parts = [under(reading) for reading in one.readings]
    return Judgement(
        claim=f"{one.clause}: {one.what}",
        verdicts={reading: part.verdicts[reading] for reading, part in zip(one.readings, parts, strict=True)},
        findings=tuple(finding for part in parts for finding in part.findings),
    )


def _uploaded(one: Obligation) -> Finding:
    """The upload as its run judged it, without the value, which no ledger holds."""
    where = {**one.upload["sighting"], "chain": tuple(one.upload["sighting"]["chain"])}
    return Finding(
        verdict=Verdict.COMPLIES,
        reason="it left the car",
        function=one.upload["function"],
        organisation=one.upload["organisation"],
        sighting=Sighting(transmission=one.transmission or 0, value="", **where),
        bench=one.begun,
    )


def _row(one: Obligation, now: int) -> ObligationRow:
    return ObligationRow(
        number=one.id,
        clause=one.clause,
        readings=one.readings,
        duty=one.duty,
        what=one.what,
        begun=utc(one.begun),
        due=utc(one.due),
        state=str(one.verdict) if one.verdict else "due" if _is_due(one, now) else "open",
        reason=one.reason or " ".join(_said(one, now)),
        run=one.run,
    )


def _said(one: Obligation, now: int) -> Iterator[str]:
    """What there is to say of one that nobody has judged."""
    if one.simulated:
        yield "its simulated world has ended;"
    elif one.due > now:
        yield f"in {format_duration(one.due - now)}: what to ask is {one.ask.get('at') or one.ask.get('name')};"
    else:
        yield "`telltale due --check` asks for it;"
    yield f"it began in {one.run}" + (f", transmission {one.transmission}" if one.transmission is not None else "")
