"""``telltale matrix``: from each clause to its scenarios, the vehicle's verdict, the tests' proof and the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from policies import Policy, load_policy
from policies.model import Clause
from reports.matrix import MatrixRow, matrix_lines, matrix_table
from reports.matrix_page import matrix_page
from telltale.errors import ExitStatus, InputError
from telltale.verdict import Verdict
from trials.catalogue import Scenario, Seedable, known_defects, scenarios
from trials.ended import Ended, ended_runs, latest
from trials.proof import Catch
from trials.proofs import Entry, read, short
from trials.stamps import of_file, of_policy


def matrix(
    place: Path, *, features: Path, runs: Path, run: Path | None, json_file: Path | None, html_file: Path | None
) -> ExitStatus:
    """Print the matrix of the policy at *place*; 1 if a clause has neither a scenario nor a reason.

    :param runs: where the last runs and what was proven are kept
    :param run: a run's folder, or one that holds several, instead of the last runs
    :raises InputError: a file is wrong
    """
    policy = load_policy(place)
    found = [one for one in scenarios(features) if one.tags & policy.clause_ids]
    if run is not None and not run.is_dir():
        raise InputError("no such run folder", file=run)
    shown = latest([one for one in ended_runs(run or runs) if set(one.clauses) & policy.clause_ids])
    if run is not None and not shown:
        raise InputError("holds no run of this policy without a seeded defect", file=run)
    known = _Known(policy, found, shown, read(runs), known_defects(found))
    rows = [known.row(clause) for clause in policy.clauses.values()]
    caption = "\n".join(dict.fromkeys((*(one.says for one in shown), *known.doubts))) or "No run was found."
    out = Console()
    print(matrix_table(rows, caption=caption, width=max(out.width, 120), colour=out.is_terminal))
    title = f"{policy.document.publisher}: {policy.document.title} ({policy.document.version})"
    for file, text in ((json_file, matrix_lines(rows)), (html_file, matrix_page(rows, title=title, caption=caption))):
        if file is not None:
            try:
                file.write_text(text, encoding="utf-8")
            except OSError as error:
                raise InputError(f"cannot be written: {error.strerror}", file=file) from None
    return ExitStatus.VIOLATES if any(row.coverage == "none" for row in rows) else ExitStatus.COMPLIES


@dataclass(frozen=True)
class _Known:
    """All that there is to say of a policy's clauses."""

    policy: Policy
    scenarios: Sequence[Scenario]
    runs: Sequence[Ended]
    entries: Sequence[Entry]
    defects: Mapping[str, Seedable]

    @property
    def doubts(self) -> list[str]:
        """What has changed since the runs and the proofs, a line each."""
        today = of_policy(self.policy.folder)
        old = sum(one.policy != today for one in self.runs)
        stale = sum(bool(self._stale(one)) for one in self._entries())
        lines = [f"{old} of {len(self.runs)} runs were judged by the policy as it was before"] if old else []
        told = "1 entry of the proof is" if stale == 1 else f"{stale} entries of the proof are"
        return [*lines, f"{told} stale: files that it rests on have changed"] if stale else lines

    def row(self, clause: Clause) -> MatrixRow:
        document = self.policy.document
        naming = [one for one in self.scenarios if clause.id in one.tags]
        declared = {name for name, known in self.defects.items() if clause.id in known.breaks}
        entries = [one for one in self._entries() if clause.id in one.clauses and one.defect in declared]
        caught = [one for one in entries if one.outcome is Catch.CAUGHT]
        verdict, evidence = self._verdict(clause)
        reason = clause.untested or (clause.procedure if clause.modality == "attest" else None) or ""
        return MatrixRow(
            document=f"{document.publisher} {document.version}",
            clause=clause.id,
            section=clause.section,
            modality=clause.modality,
            statement=clause.statement.strip(),
            warning=clause.warning,
            scenarios=[f"{one.feature.stem}: {one.title}" for one in naming],
            coverage="automated" if naming else "manual" if reason else "none",
            verdict=verdict,
            evidence=evidence,
            caught=len({one.defect for one in caught}),
            declared=len(declared),
            stale=sorted({f"the proof's {what} has changed" for one in caught for what in self._stale(one)}),
            reason=" ".join(reason.split()),
        )

    def _verdict(self, clause: Clause) -> tuple[dict[str, str], list[str]]:
        """Under each reading the gravest of all runs that say something of the clause, and their folders."""
        verdicts: dict[str, str] = {}
        evidence: dict[str, None] = {}
        for reading in self.policy.readings:
            told = {one.folder: v for one in self.runs if (v := one.of(clause.id, reading)) is not None}
            if told:
                verdicts[reading] = str(Verdict.gravest(told.values()))
                evidence.update(dict.fromkeys(short(folder) for folder in told))
        return verdicts, list(evidence)

    def _entries(self) -> list[Entry]:
        """What was proven of scenarios that there are."""
        at = {(short(one.feature), one.title): one for one in self.scenarios}
        named = {key[0] for key in at}
        return [
            one
            for one in self.entries
            if one.feature in named and any(s.is_called(one.scenario) for (f, _), s in at.items() if f == one.feature)
        ]

    def _stale(self, entry: Entry) -> list[str]:
        """Which of the files that an entry rests on are others by now."""
        today = {"policy": of_policy(self.policy.folder)}
        today["feature"] = of_file(next(one.feature for one in self.scenarios if short(one.feature) == entry.feature))
        if entry.defect is not None and entry.defect in self.defects:
            today |= self.defects[entry.defect].digests
        return [what for what, digest in today.items() if entry.digests.get(what) != digest]
