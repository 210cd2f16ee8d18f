"""Tables of ``telltale doctor``: the connections of a rig, and the clauses that it can judge."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from reports.tables import render

_COLOURS = {"ok": "green", "wrong": "bold red", "missing": "dim"}
_PROSPECTS = {"can judge": "green", "cannot": "yellow", "not tested": "dim"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionRow:
    """One connection of the bench."""

    connection: str
    tried: str
    state: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClauseRow:
    """One clause of the policy on this rig."""

    clause: str
    prospect: str
    because: Sequence[str]


def checkup_tables(
    connections: Sequence[ConnectionRow], clauses: Sequence[ClauseRow], *, width: int, colour: bool
) -> str:
    """Both tables, each with its counts.

    :param width: columns of the terminal
    """
    bench = _table("connection", "", "tried", "says")
    for row in connections:
        bench.add_row(row.connection, _word(row.state, _COLOURS), Text(row.tried), Text(row.says))
    register = _table("clause", "", "because")
    for clause in clauses:
        register.add_row(clause.clause, _word(clause.prospect, _PROSPECTS), Text("\n".join(clause.because)))
    return "\n\n".join(
        (
            render(bench, width=width, colour=colour),
            _counted("connection", (row.state for row in connections)),
            render(register, width=width, colour=colour),
            _counted("clause", (row.prospect for row in clauses)),
        )
    )


def checkup_lines(rows: Iterable[ConnectionRow | ClauseRow]) -> str:
    """A JSON object a line, with the fields of the row."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)


def _table(*headings: str) -> Table:
    """Columns that break narrow together: sentences stand in all but the words of a state and the ids of clauses."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading in ("", "clause"), overflow="fold")
    return table


def _word(word: str, colours: dict[str, str]) -> Text:
    return Text(word, style=colours[word])


def _counted(what: str, states: Iterable[str]) -> str:
    counts = Counter(states)
    whole = counts.total()
    told = ", ".join(f"{number} {state}" for state, number in counts.most_common())
    return f"{whole} {what}{'' if whole == 1 else 's'}: {told or 'none'}"
