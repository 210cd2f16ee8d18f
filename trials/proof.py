"""Proof: are the scenarios able to fail? The clean unit must comply, and defects must be caught as they declare.

Proof is about the tests and never about a vehicle; the two share no column and no word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
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
    UNSHOWN = "not shown"
    """Nothing speaks against it but what this bench's fidelity cannot see: it takes a sealed network to tell."""
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
        return self.catch in (Catch.CLEAN, Catch.CAUGHT, Catch.UNSEEN, Catch.UNSHOWN)


def judge_pair(
    scenario: str, setup: Setup, trial: Trial | None, status: ExitStatus, error: BaseException | None
) -> Pair:
    """What a finished scenario proves."""
    blind = setup.fidelity.blind_spots
    if status is ExitStatus.INCONCLUSIVE and trial is not None and _blind_alone(trial, blind, clean=not setup.defects):
        who = setup.defects[0].defect if setup.defects else None
        expected = _expected(setup.defects[0]) if setup.defects else "complies"
        return Pair(scenario=scenario, defect=who, expected=expected, catch=Catch.UNSHOWN, reason="; ".join(blind))
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


def _blind_alone(trial: Trial, blind: Collection[str], *, clean: bool) -> bool:
    """Whether a scenario that was played to its end is inconclusive for nothing but *blind* spots.

    A defect may have left expectations unmet as well; a clean unit must have met them all.
    """
    unmet = {finding.verdict for judgement in trial.judgements for finding in judgement.findings} - {Verdict.COMPLIES}
    notes = {note for judgement in trial.judgements for note in judgement.notes}
    return trial.concluded and bool(notes) and notes <= set(blind) and not (clean and unmet)


def _matches(finding: Finding, wanted: CaughtAs) -> bool:
    if wanted.request is not None:
        return finding.request == wanted.request
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
    if how.request is not None:
        return f"violates {', '.join(defect.breaks)}: the request for {how.request}"
    what = (
        f"{' or '.join(how.item)} as {' > '.join((*(how.chain or ()), how.form or 'any form'))}"
        if how.item
        else "anything"
    )
    return f"violates {', '.join(defect.breaks)}: {what} to {how.recipient} over {how.uplink}" + (
        f" from {how.ecu}" if how.ecu else ""
    )


def shortcomings(pairs: Sequence[Pair], declared: Iterable[tuple[str, str]] = ()) -> list[str]:
    """What keeps the proof from being whole, a line each. What is merely not shown here is told by `unshown`.

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
    open_defects = {pair.defect for pair in pairs if pair.catch is Catch.UNSHOWN}
    open_scenarios = {pair.scenario for pair in pairs if pair.catch is Catch.UNSHOWN and pair.defect}
    lines += [f"defect {name} is caught by no scenario" for name in sorted(tried - set(caught_by) - open_defects)]
    lines += [
        f"defect {name} is tried by no scenario: none names {clauses}"
        for name, clauses in declared
        if name not in tried
    ]
    lines += [
        f"{scenario} catches {len(defects)} defect{'' if len(defects) == 1 else 's'}, fewer than {ENOUGH}"
        for scenario, defects in catches.items()
        if len(defects) < ENOUGH and scenario not in open_scenarios
    ]
    return lines


def unshown(pairs: Sequence[Pair]) -> list[str]:
    """What this bench's fidelity keeps from being shown, a line each; empty in the sealed network."""
    left = [pair for pair in pairs if pair.catch is Catch.UNSHOWN]
    caught = {pair.defect for pair in pairs if pair.catch is Catch.CAUGHT}
    lines = [f"that any scenario catches {name}" for name in sorted({p.defect for p in left if p.defect} - caught)]
    for scenario in dict.fromkeys(pair.scenario for pair in left):
        defects = [pair.defect for pair in left if pair.scenario == scenario and pair.defect]
        clean = ["whether the clean unit complies"] * any(p.scenario == scenario and not p.defect for p in left)
        plural = "" if len(defects) == 1 else "s"
        others = [f"whether it provokes {len(defects)} defect{plural} more"] if defects else []
        lines.append(f"{scenario}: {', and '.join(clean + others)}")
    return lines
