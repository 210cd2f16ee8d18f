"""The table of ``telltale due``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from reports.tables import render

_COLOURS = {"complies": "green", "violates": "bold red", "inconclusive": "yellow", "due": "bold yellow", "open": ""}


@dataclass(frozen=True, kw_only=True, slots=True)
class ObligationRow:
    """One obligation of the ledger."""

    number: int
    clause: str
    readings: Sequence[str]
    duty: str
    what: str
    begun: str
    due: str
    state: str
    """``open``, ``due``, or its verdict."""
    reason: str
    run: str


def obligation_table(rows: Sequence[ObligationRow], *, width: int, colour: bool) -> str:
    """A row each; *width* is the terminal's columns."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("", "clause", "what", "due", "", "says"):
        table.add_column(heading, no_wrap=heading == "due")
    for row in rows:
        table.add_row(
            str(row.number),
            row.clause,
            f"{row.duty} {row.what}",
            f"{row.due[:16].replace('T', ' ')} UTC",
            Text(row.state, style=_COLOURS[row.state]),
            Text(row.reason),
        )
    return render(table, width=width, colour=colour)
