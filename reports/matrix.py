"""The clause matrix: which scenarios test a clause, what came of the vehicle, and whether the tests are able to fail.

The verdict is about the vehicle, the proof about the tests. They have columns, and words, of their own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from reports.tables import render

COVERAGE = ("automated", "manual", "none")
_STYLES = {"complies": "green", "violates": "bold red", "inconclusive": "yellow", "none": "bold red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class MatrixRow:
    """One clause."""

    document: str
    clause: str
    section: str
    modality: str
    statement: str
    warning: bool
    scenarios: Sequence[str]
    coverage: str
    """``automated``: a scenario is tagged with it; ``manual``: somebody attests it, or a reason stands instead;
    ``none``."""
    verdict: Mapping[str, str]
    """Reading to the gravest that its runs came to; none without a run."""
    evidence: Sequence[str]
    """Folders of these runs."""
    caught: int
    """Defects of the clause that a scenario of it was seen to catch."""
    declared: int
    """Defects that declare to break it."""
    stale: Sequence[str]
    """What has changed since: the verdict's policy, what the proof rests on."""
    reason: str
    """Why no scenario names it, or how somebody finds out."""

    @property
    def verdicts(self) -> str:
        """The verdict in words; the readings apart where they differ."""
        if len(set(self.verdict.values())) < 2:
            return next(iter(self.verdict.values()), "not run")
        return ", ".join(f"{verdict} ({reading})" for reading, verdict in self.verdict.items())

    @property
    def proof(self) -> str:
        """``2 of 3 caught``."""
        told = f"{self.caught} of {self.declared} caught" if self.declared else "no defect"
        return told + (", stale" if self.stale and self.declared else "")


def matrix_lines(rows: Iterable[MatrixRow]) -> str:
    """A JSON object a line, a clause each."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)


def summary(rows: Sequence[MatrixRow]) -> str:
    """How many clauses there are of each coverage, with how many proven."""
    counts = Counter(row.coverage for row in rows)
    proven = sum(row.caught > 0 and row.coverage == "automated" for row in rows)
    told = ", ".join(f"{counts[coverage]} {coverage}" for coverage in COVERAGE)
    return f"{len(rows)} clauses: {told}; of the automated ones {proven} have a defect that was caught"


def matrix_table(rows: Sequence[MatrixRow], *, caption: str, width: int, colour: bool) -> str:
    """The matrix for a terminal.

    :param caption: on which kind of rig the verdicts were drawn, and what is stale
    """
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    for heading in ("clause", "section", "modality", "coverage", "scenarios", "verdict", "proof"):
        table.add_column(heading, no_wrap=heading != "verdict", justify="right" if heading == "scenarios" else "left")
    table.add_column("reason", ratio=1)
    for row in rows:
        table.add_row(
            Text(row.clause),
            Text(row.section),
            Text(row.modality),
            Text(row.coverage, style=_STYLES.get(row.coverage, "")),
            Text(str(len(row.scenarios) or "")),
            Text(row.verdicts, style=_STYLES.get(row.verdicts, "dim")),
            Text(row.proof),
            Text(row.reason, style="dim"),
        )
    return "\n\n".join((render(table, width=width, colour=colour), f"{summary(rows)}\n{caption}"))
