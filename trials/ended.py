"""Runs that have ended, read back from their folders: what each says of a clause, under each reading."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.run_folder import FINDINGS, RUN
from telltale.errors import InputError
from telltale.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """One run of a scenario."""

    folder: Path
    scenario: str
    rig: str
    unit: str
    says: str
    """Which kind of rig it was, and what that is worth."""
    ended: str
    clauses: tuple[str, ...]
    policy: str
    """SHA-256 of the policy folder that it was judged by."""
    verdict: Verdict
    defects: tuple[str, ...]
    judgements: tuple[dict[str, Any], ...]

    def of(self, clause: str, reading: str) -> Verdict | None:
        """What the run shows of a clause: broken, kept, or not to be told; None if it says nothing of it.

        A scenario that violates under other clauses does not vouch for this one: it is inconclusive.
        """
        if any(clause in row["broken"].get(reading, row["broken"].get("only", ())) for row in self.judgements):
            return Verdict.VIOLATES
        if clause not in self.clauses:
            return None
        seen = [v for row in self.judgements if (v := row["verdicts"].get(reading, row["verdicts"].get("only")))]
        kept = bool(seen) and set(seen) == {Verdict.COMPLIES} and self.verdict is not Verdict.INCONCLUSIVE
        return Verdict.COMPLIES if kept else Verdict.INCONCLUSIVE


def ended_runs(place: Path) -> Iterator[Ended]:
    """The run in the folder *place*, or every one below it, that has ended.

    :raises InputError: a run's files are not what a run writes
    """
    for file in sorted(place.rglob(RUN)) if not (place / RUN).is_file() else [place / RUN]:
        yield _read(file)


def latest(runs: Sequence[Ended]) -> list[Ended]:
    """Of each scenario the newest run without a seeded defect, on the rig that was used last."""
    clean = sorted((run for run in runs if not run.defects), key=lambda run: run.ended)
    on = [run for run in clean if run.rig == clean[-1].rig] if clean else []
    return list({(run.scenario, run.clauses): run for run in on}.values())


def _read(file: Path) -> Ended:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        findings = file.with_name(FINDINGS)
        lines = findings.read_text(encoding="utf-8").splitlines() if findings.exists() else []
        rows = [json.loads(line) for line in lines]
        return Ended(
            folder=file.parent,
            scenario=told["scenario"],
            rig=told["rig"],
            unit=told["unit"],
            says=told["says"],
            ended=told.get("ended", ""),
            clauses=tuple(told["clauses"]),
            policy=told.get("policy sha256", ""),
            verdict=Verdict(told["verdict"]),
            defects=tuple(told["defects"]),
            judgements=tuple({"verdicts": row["verdicts"], "broken": row.get("broken", {})} for row in rows),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"is no run of this program ({type(error).__name__})", file=file) from None
