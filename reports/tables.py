"""Tables of the terminal."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from telltale.identity import masked
from telltale.sighting import Sighting
from telltale.transmission import Transmission

_COLOURS = {"complies": "green", "violates": "bold red", "inconclusive": "yellow", "skipped": "dim"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioRow:
    """One scenario in the verdict table."""

    title: str
    unit: str
    clauses: Sequence[str]
    verdict: str
    readings: str
    """``strict: violates, lenient: complies`` where they differ, else empty."""
    reason: str


def verdict_table(rows: Iterable[ScenarioRow], *, caption: str, width: int, colour: bool) -> str:
    """The verdicts of a session, a row a scenario; *caption* says on which kind of rig."""
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left", expand=True, pad_edge=False)
    table.add_column("scenario", ratio=5)
    table.add_column("unit", no_wrap=True)
    table.add_column("clauses", ratio=2)
    table.add_column("verdict", no_wrap=True)
    table.add_column("why", ratio=4)
    for row in rows:
        why = "; ".join(part for part in (row.readings, row.reason) if part)
        table.add_row(
            Text(row.title),
            Text(row.unit),
            Text(" ".join(row.clauses)),
            Text(row.verdict, style=_COLOURS.get(row.verdict, "")),
            Text(why),
        )
    return render(table, width=width, colour=colour)


def render(table: Table, *, width: int, colour: bool) -> str:
    """A rich table as text."""
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=colour, no_color=not colour, legacy_windows=False).print(table)
    return out.getvalue().rstrip("\n")


def proof_table(
    catches: Mapping[str, Mapping[str, str]], shortcomings: Sequence[str], *, caption: str, width: int, colour: bool
) -> str:
    """Which scenario catches which defects; it says nothing about a vehicle.

    :param catches: scenario to (defect, or ``clean unit``, to what came of it)
    """
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left", expand=True, pad_edge=False)
    table.add_column("scenario", ratio=4)
    table.add_column("clean unit", no_wrap=True)
    table.add_column("catches", ratio=5)
    table.add_column("does not provoke", ratio=3, style="dim")
    for scenario, came in catches.items():
        caught = [defect for defect, what in came.items() if what == "caught"]
        unseen = [defect for defect, what in came.items() if what == "not provoked"]
        clean = came.get("clean unit", "")
        table.add_row(
            Text(scenario),
            Text("complies" if clean == "clean" else clean, style="green" if clean == "clean" else "bold red"),
            Text("\n".join(caught), style="green"),
            Text("\n".join(unseen)),
        )
    lines = [render(table, width=width, colour=colour)]
    lines += [f"not proven: {line}" for line in shortcomings] or ["The proof is whole."]
    return "\n".join(lines)


def sightings_table(
    transmissions: Sequence[Transmission], sightings: Sequence[Sighting], *, width: int, colour: bool, reveal: bool
) -> str:
    """What was seen, a row a sighting; transmissions without one are counted by recipient below."""
    by_index = {t.index: t for t in transmissions}
    table = Table(box=box.SIMPLE_HEAD, expand=False, pad_edge=False)
    for heading in ("#", "recipient", "channel", "item", "value", "how", "where"):
        table.add_column(heading, no_wrap=heading in ("#", "value", "channel"))
    for s in sightings:
        t = by_index[s.transmission]
        table.add_row(
            str(t.index),
            Text(t.recipient),
            t.channel,
            s.item,
            Text(s.value if reveal else masked(s.value)),
            " > ".join((*s.chain, s.form)),
            f"{s.part} {s.offset}+{s.length}",
        )
    silent = Counter(
        (t.recipient, t.channel) for t in transmissions if t.index not in {s.transmission for s in sightings}
    )
    for (recipient, channel), count in sorted(silent.items()):
        table.add_row("", Text(recipient), channel, Text(f"nothing in {count} transmissions", style="dim"))
    return render(table, width=max(width, 100), colour=colour)
