"""Proof: is a scenario able to fail? The clean unit must comply, and defects of its clauses must be caught as declared.

Proof is about the test and never about a vehicle; the two share no column and no word.
"""

from __future__ import annotations

from dataclasses import dataclass

from rigs.sim.overlay import CaughtAs, Defect
from telltale.errors import ExitStatus
from telltale.finding import Finding
from telltale.verdict import Verdict
from trials.outcome import describe
from trials.setup import Setup
from trials.trial import Trial


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Whether one scenario did what it must against one defect, or against the clean unit."""

    defect: str | None
    expected: str
    holds: bool
    reason: str


def prove(setup: Setup, trial: Trial | None, status: ExitStatus, error: BaseException | None) -> Proof:
    """Judge a finished scenario as a proof."""
    told = str(error).splitlines()[0] if error else "complies"
    if not setup.defects:
        return Proof(
            defect=None,
            expected="complies",
            holds=status is ExitStatus.COMPLIES,
            reason=f"the clean unit does not comply: {error}",
        )
    defect = setup.defects[0]
    name = defect.defect
    if status is not ExitStatus.VIOLATES or trial is None:
        return Proof(defect=name, expected=_expected(defect), holds=False, reason=f"not caught: {told}")
    found = [
        finding
        for judgement in trial.judgements
        for finding in judgement.findings
        if finding.verdict is Verdict.VIOLATES
    ]
    caught = [
        finding
        for finding in found
        if _matches(finding, defect.caught_as) and set(finding.clauses) & set(defect.breaks)
    ]
    nearest = "; ".join(describe(finding) for finding in found[:3])
    return Proof(
        defect=name,
        expected=_expected(defect),
        holds=bool(caught),
        reason=describe(caught[0]) if caught else f"it violates, but not as declared: {nearest}",
    )


def _matches(finding: Finding, wanted: CaughtAs) -> bool:
    sighting, transmission = finding.sighting, finding.transmission
    if wanted.item is not None and (sighting is None or sighting.item != wanted.item):
        return False
    if sighting is not None:
        if wanted.form is not None and sighting.form != wanted.form:
            return False
        if wanted.chain is not None and sighting.chain != tuple(wanted.chain):
            return False
    return transmission is not None and (transmission.recipient, transmission.uplink) == (
        wanted.recipient,
        wanted.uplink,
    )


def _expected(defect: Defect) -> str:
    how = defect.caught_as
    form = " > ".join((*(how.chain or ()), how.form or "any form"))
    return (
        f"violates {', '.join(defect.breaks)}: {how.item or 'any item'} as {form} to {how.recipient} over {how.uplink}"
    )
