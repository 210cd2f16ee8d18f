"""Proof: are the scenarios able to fail? The clean unit must comply, and defects must be caught as they declare.

Proof is about the tests and never about a vehicle; the two share no column and no word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rigs.sim.overlay import CaughtAs, Defect
from telltale.errors import ExitStatus
from telltale.finding import Finding
from telltale.verdict import Verdict
from trials.outcome import describe
from trials.setup import Setup
from trials.trial import Trial

ENOUGH = 2
"""Defects that a scenario must catch to count as proven."""


class Catch(StrEnum):
    """What came of one scenario on one unit."""

    CLEAN = "clean"
    """The clean unit complies."""
    CAUGHT = "caught"
    """The defect violates, as it declares."""
    UNSEEN = "not provoked"
    """The scenario complies: it does nothing that would bring this defect out. Another scenario has to catch it."""
    ASTRAY = "astray"
    """It violates, but not as declared."""
    FAILED = "failed"
    """The clean unit does not comply, or the bench could not judge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One scenario on the clean unit, or on one with a defect."""

    scenario: str
    defect: str | None
    expected: str
    catch: Catch
    reason: str

    @property
    def sound(self) -> bool:
        """Whether it speaks for the scenario, or at least not against it."""
        return self.catch in (Catch.CLEAN, Catch.CAUGHT, Catch.UNSEEN)


def judge_pair(
    scenario: str, setup: Setup, trial: Trial | None, status: ExitStatus, error: BaseException | None
) -> Pair:
    """What a finished scenario proves."""
    if not setup.defects:
        catch = Catch.CLEAN if status is ExitStatus.COMPLIES else Catch.FAILED
        came = "could not be judged" if status is ExitStatus.INCONCLUSIVE else "does not comply"
        told = f"the clean unit {came}: {error}" if error else ""
        return Pair(scenario=scenario, defect=None, expected="complies", catch=catch, reason=told)
    defect = setup.defects[0]
    catch, reason = _against(defect, trial, status, error)
    return Pair(scenario=scenario, defect=defect.defect, expected=_expected(defect), catch=catch, reason=reason)


def _against(defect: Defect, trial: Trial | None, status: ExitStatus, error: BaseException | None) -> tuple[Catch, str]:
    if status is ExitStatus.COMPLIES:
        return Catch.UNSEEN, "complies"
    if status is not ExitStatus.VIOLATES or trial is None:
        return Catch.FAILED, f"neither complies nor violates: {error}"
    found = [
        finding
        for judgement in trial.judgements
        for finding in judgement.findings
        if finding.verdict is Verdict.VIOLATES
    ]
    declared = {*defect.breaks, *defect.collateral}
    for finding in found:
        if _matches(finding, defect.caught_as) and declared & set(finding.clauses):
            return Catch.CAUGHT, describe(finding)
    return Catch.ASTRAY, "; ".join(describe(finding) for finding in found[:3])


def _matches(finding: Finding, wanted: CaughtAs) -> bool:
    sighting, transmission = finding.sighting, finding.transmission
    if transmission is None or (transmission.recipient, transmission.uplink) != (wanted.recipient, wanted.uplink):
        return False
    if wanted.ecu not in (None, transmission.ecu):
        return False
    if wanted.item is None:
        return True
    return (
        sighting is not None
        and sighting.item in wanted.item
        and wanted.form in (None, sighting.form)
        and (wanted.chain is None or tuple(wanted.chain) == sighting.chain)
    )


def _expected(defect: Defect) -> str:
    how = defect.caught_as
    what = (
        f"{' or '.join(how.item)} as {' > '.join((*(how.chain or ()), how.form or 'any form'))}"
        if how.item
        else "anything"
    )
    return f"violates {', '.join(defect.breaks)}: {what} to {how.recipient} over {how.uplink}" + (
        f" from {how.ecu}" if how.ecu else ""
    )


def shortcomings(pairs: Sequence[Pair], declared: Iterable[tuple[str, str]] = ()) -> list[str]:
    """What keeps the proof from being whole, a line each.

    :param declared: every defect that there is, as (name, its clauses), so that one that no scenario tries is told
    """
    lines = [
        f"{pair.scenario} <- {pair.defect or 'clean unit'}: {pair.catch}: {pair.reason}"
        for pair in pairs
        if not pair.sound
    ]
    caught_by: dict[str, set[str]] = defaultdict(set)
    catches: dict[str, set[str]] = {pair.scenario: set() for pair in pairs}
    for pair in pairs:
        if pair.catch is Catch.CAUGHT and pair.defect:
            caught_by[pair.defect].add(pair.scenario)
            catches[pair.scenario].add(pair.defect)
    tried = {pair.defect for pair in pairs if pair.defect}
    lines += [f"defect {name} is caught by no scenario" for name in sorted(tried - set(caught_by))]
    lines += [
        f"defect {name} is tried by no scenario: none names {clauses}"
        for name, clauses in declared
        if name not in tried
    ]
    lines += [
        f"{scenario} catches {len(defects)} defect{'' if len(defects) == 1 else 's'}, fewer than {ENOUGH}"
        for scenario, defects in catches.items()
        if len(defects) < ENOUGH
    ]
    return lines
