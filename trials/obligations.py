"""What a scenario begins that falls due later: entered in the ledger at once, settled there when it is judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from policies.ledger import Duty, Obligation
from policies.model import Clause
from policies.responding import limit_of, responding
from policies.retaining import retaining
from policies.terms import covers_item
from policies.workdays import Deadline
from telltale.finding import Finding, Judgement
from telltale.times import format_duration, utc
from telltale.verdict import Verdict
from trials.asking import Asked
from trials.outcome import Inconclusive
from trials.retrieval import Upload

if TYPE_CHECKING:
    from trials.trial import Trial

RECORD = "obligations.jsonl"
"""The same in the run folder, whatever becomes of the ledger."""


def of_upload(trial: Trial, upload: Upload, seen: Finding, since: int) -> None:
    """Enter what the clauses have done with *upload*, which left at bench time *since*, ns.

    A time that begins with a later state of the car has not begun, and is not entered.
    """
    sighting = seen.sighting
    if sighting is None:
        return
    where = {name: getattr(sighting, name) for name in ("item", "form", "chain", "part", "offset", "length")}
    told: dict[str, Any] = {
        "what": upload.item,
        "transmission": sighting.transmission,
        "ask": asdict(upload),
        "upload": {"function": seen.function, "organisation": seen.organisation, "sighting": where},
    }

    def clauses(reading: str) -> list[Clause]:
        erasing = [
            clause
            for clause in trial.policy.under(reading)
            if clause.modality == "erase"
            and not clause.begins
            and covers_item(clause, upload.item)
            and clause.is_about(seen.function, seen.organisation)
        ]
        return [*erasing, *retaining(trial.policy, reading, seen)]

    _enter(trial, clauses, since, told)


def of_request(trial: Trial, asked: Asked) -> None:
    """Enter by when the request that was just made has to be answered."""
    told = {"what": asked.request, "ask": {"at": asked.at, "url": asked.url}}
    _enter(trial, lambda reading: responding(trial.policy, asked.request, reading), asked.bench, told)


def settle(trial: Trial, what: str, judgement: Judgement) -> Judgement:
    """Write down what *judgement* says of this run's obligations about *what*; what it leaves open stays open."""
    for number, one in trial.obligations.items():
        verdicts = [
            finding
            for finding in judgement.findings
            if one.what == what and one.clause in finding.clauses and finding.reading in (None, *one.readings)
        ]
        gravest = Verdict.gravest(finding.verdict for finding in verdicts) if verdicts else Verdict.INCONCLUSIVE
        if trial.ledger is not None and gravest is not Verdict.INCONCLUSIVE:
            reason = next(finding.reason for finding in verdicts if finding.verdict is gravest)
            trial.ledger.judge(number, gravest, reason)
            trial.settled.add(number)
    return judgement


def park(trial: Trial, duration: int) -> None:
    """End the scenario here if *duration* ns are longer than its patience, and its obligations stand in the ledger.

    :raises Inconclusive: they do; it names when the first of them is due, and what goes on with them
    """
    waiting = [one for number, one in trial.obligations.items() if number not in trial.settled]
    if trial.ledger is None or trial.patience is None or duration <= trial.patience or not waiting:
        return
    first = min(one.due for one in waiting)
    raise Inconclusive(
        f"parked: {format_duration(duration)} would have to pass, and --park allows {format_duration(trial.patience)}; "
        f"{len(waiting)} obligations stand in {trial.ledger.path}, the first due at {utc(first)}: "
        "`telltale due --check` or `--wait` goes on with them"
    )


def _enter(trial: Trial, clauses: Callable[[str], Iterable[Clause]], since: int, told: dict[str, Any]) -> None:
    """One obligation for each clause and each end that its readings give its time."""
    begun: dict[tuple[str, Deadline], Obligation] = {}
    for reading in trial.policy.readings:
        for clause in clauses(reading):
            if clause.warning:
                continue
            limit = limit_of(clause, since)
            known = begun.get((clause.id, limit))
            begun[clause.id, limit] = Obligation(
                duty=cast("Duty", clause.modality),
                clause=clause.id,
                readings=(*(known.readings if known else ()), reading),
                policy=str(trial.policy.folder.resolve()),
                rig=str(trial.setup.rig.path),
                simulated=trial.setup.unit is not None,
                run=str(trial.folder.path),
                begun=since,
                wall=time.time_ns() if trial.setup.unit is not None else since,
                earliest=limit.earliest,
                due=limit.latest,
                uncertainty=trial.upload_within if "upload" in told else 0,
                **told,
            )
    new = tuple(begun.values())
    if not new:
        return
    trial.folder.append(RECORD, ({**asdict(one), "ask": sorted(one.ask)} for one in new))
    if trial.ledger is not None:
        trial.obligations.update(zip(trial.ledger.enter(new), new, strict=True))
