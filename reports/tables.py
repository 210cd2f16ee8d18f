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

from reports.overview import Overview

_COLOURS = {"complies": "green", "violates": "bold red", "inconclusive": "yellow", "skipped": "dim"}
_BROKEN = {"recipient": 32, "value": 32, "how": 12}
"""Columns of sightings that are broken, and the characters up to which they are not."""
_UNBOUND = 10_000
"""Columns of a terminal that nothing is too wide for."""


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
    """The verdicts of a session, a row a scenario, then why those that do not comply do not, then the counts.

    :param caption: on which kind of rig, a line each
    :param width: columns of the terminal
    """
    numbered = list(enumerate(rows, 1))
    clauses = [" ".join(row.clauses) for _, row in numbered]
    longest = max((len(clause) for _, row in numbered for clause in row.clauses), default=0)
    fitted = min(max(map(len, clauses), default=0), max(longest, width // 5))  # ids wrap between, never inside
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column("scenario", ratio=1)
    table.add_column("unit", no_wrap=True)
    table.add_column("clauses", width=max(fitted, len("clauses")))
    table.add_column("verdict", no_wrap=True)
    if any(row.readings for _, row in numbered):
        table.add_column("readings that differ", width=20)
    for (number, row), named in zip(numbered, clauses, strict=True):
        cells = [Text(str(number)), Text(row.title), Text(row.unit), Text(named), _coloured(row.verdict)]
        table.add_row(*cells, *([Text(row.readings.replace("; ", "\n").replace(", ", "\n"))] if row.readings else []))
    parts = [render(table, width=width, colour=colour)]
    if unlike := [(number, row) for number, row in numbered if row.reason and row.verdict != "complies"]:
        why = Table.grid(padding=(0, 1), expand=True)
        why.add_column(justify="right", style="dim", no_wrap=True)
        why.add_column(no_wrap=True)
        why.add_column(ratio=1)
        for number, row in unlike:
            why.add_row(Text(str(number)), _coloured(row.verdict), Text(row.reason))
        parts.append(render(why, width=width, colour=colour))
    parts.append("\n".join(line for line in (counted(row.verdict for _, row in numbered), caption) if line))
    return "\n\n".join(parts)


def counted(verdicts: Iterable[str]) -> str:
    """``3 scenarios: 1 violates, 2 complies``, the gravest first."""
    counts = Counter(verdicts)
    order = ("violates", "inconclusive", "complies", "skipped")
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict])
    whole = counts.total()
    return f"{whole} scenario{'' if whole == 1 else 's'}: {told or 'nothing was judged'}"


def _coloured(verdict: str) -> Text:
    return Text(verdict, style=_COLOURS.get(verdict, ""))


def render(table: Table, *, width: int, colour: bool) -> str:
    """A rich table as text, without the blanks that would fill its lines."""
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=colour, no_color=not colour, legacy_windows=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").splitlines())


def proof_table(
    catches: Mapping[str, Mapping[str, str]],
    shortcomings: Sequence[str],
    unshown: Sequence[str] = (),
    *,
    caption: str,
    width: int,
    colour: bool,
) -> str:
    """Which scenario catches which defects; it says nothing about a vehicle.

    :param catches: scenario to (defect, or ``clean unit``, to what came of it)
    :param unshown: what a bench that sees more would have to show
    """
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left", expand=True, pad_edge=False)
    table.add_column("scenario", ratio=4)
    table.add_column("clean unit", no_wrap=True)
    table.add_column("catches", ratio=5, overflow="fold")
    table.add_column("does not provoke", ratio=3, style="dim", overflow="fold")
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
    lines += [f"not proven: {line}" for line in shortcomings]
    lines += [f"not shown here: {line}" for line in unshown]
    if not shortcomings:
        lines.append("The proof is whole, as far as it can be shown here." if unshown else "The proof is whole.")
    return "\n".join(lines)


def sightings_table(seen: Overview, *, width: int, colour: bool) -> str:
    """What was seen, a row for alike sightings; transmissions without one are counted by recipient below."""
    further = {
        "times": any(row.count > 1 for row in seen.rows),
        "verdict": any(row.verdict for row in seen.rows),
    }
    cells: dict[str, list[Text]] = {
        "#": [Text(str(row.transmission)) for row in seen.rows],
        "recipient": [Text(row.recipient) for row in seen.rows],
        "channel": [Text(row.channel) for row in seen.rows],
        "item": [Text(row.item) for row in seen.rows],
        "value": [Text(row.value) for row in seen.rows],
        "how": [Text(row.how) for row in seen.rows],
        "where": [Text(row.where) for row in seen.rows],
        "times": [Text(f"{row.count:,}") for row in seen.rows],
        "verdict": [_coloured(row.verdict or "") for row in seen.rows],
    }
    for (recipient, channel), count in sorted(seen.silent.items()):
        silent = {"recipient": recipient, "channel": channel, "value": f"none ({count:,} sent)"}
        for heading, column in cells.items():
            column.append(Text(silent.get(heading, ""), style="dim" if heading == "value" else ""))
    shown = {heading: column for heading, column in cells.items() if further.get(heading, True)}
    table = Table(box=box.SIMPLE_HEAD, expand=False, pad_edge=False)
    for heading, column in shown.items():
        longest = max((cell.cell_len for cell in column), default=0)
        if heading in _BROKEN and longest > _BROKEN[heading]:
            table.add_column(heading, overflow="fold", max_width=max(_BROKEN[heading], width // 3))
        else:
            table.add_column(heading, no_wrap=True, min_width=longest)
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    least = Console(width=_UNBOUND).measure(table).minimum  # a column that is cut off would tell what is not so
    text = render(table, width=max(width, 100, least), colour=colour)
    return f"{text}\nand {seen.beyond:,} more, for which there is no room here" if seen.beyond else text
