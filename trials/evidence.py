"""What a run has to show: beside each step, and for the scenario as a whole. Identities are masked in all of it.

The recordings themselves hold identities in clear, so they stay in the run folder; the report names them with their
hashes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from reports.can_log import as_text
from reports.csvtables import recordings, unit_state, what_left
from reports.excerpt import as_html
from reports.masking import mask_all
from reports.run_folder import RunFolder
from reports.timeline_plot import Band, Mark, plot
from rigs.protocols import Asked
from telltale.finding import Finding, Judgement
from telltale.timeline import Timeline
from telltale.times import utc
from telltale.verdict import Verdict
from trials.observation import Observation
from trials.outcome import explain
from trials.setup import Setup

EXCERPTS = 6
"""Transmissions shown beside a claim at most; all of them are in the run folder."""
OF_A_KIND = 2
"""Of those, transmissions for the same function and recipient with the same verdict."""
MOST_GROUNDS = 20
"""Reasons told for a claim that complies."""


class Exhibit(NamedTuple):
    """One piece of evidence."""

    name: str
    kind: str
    """Suffix that tells what the text is: ``.html``, ``.svg``, ``.csv``, ``.txt``."""
    text: str


def introduction(setup: Setup, clauses: Iterable[str], said: str) -> str:
    """What a scenario is about, in Markdown: the feature's own words, its clauses, and what kind of rig it ran on.

    :param said: description of the feature and of the scenario, as its author wrote it
    """
    named = (setup.policy.clause(clause) for clause in clauses)
    promises = "\n".join(f"- **{clause.id}** ({clause.section}): {clause.statement}" for clause in named)
    return "\n\n".join(text for text in (said.strip(), promises, f"{setup.caption} {setup.seeded}".strip()) if text)


def of_claim(judgement: Judgement, seen: Observation | None, secrets: Sequence[str]) -> Iterator[Exhibit]:
    """The judgement in words, and the transmissions that it rests on with their sightings marked."""
    words = "\n".join([*explain(judgement), *grounds(judgement)])
    yield Exhibit("judgement", ".txt", mask_all(words, secrets))
    for findings in worth_showing(judgement.findings):
        first = findings[0]
        if (sent := first.transmission) is not None:
            sightings = seen.sightings_in(sent) if seen else ()
            sightings = sightings or tuple(f.sighting for f in findings if f.sighting)
            name = f"{first.verdict}: {sent.summary} to {sent.recipient}, transmission {sent.index}"
            page = as_html(sent, sightings, secrets=secrets, findings=findings)
            yield Exhibit(mask_all(name, secrets), ".html", page)


def grounds(judgement: Judgement) -> list[str]:
    """What a verdict of ``complies`` rests on, alike findings on one line."""
    reasons = Counter(f.reason for f in judgement.findings if f.verdict is Verdict.COMPLIES)
    lines = [
        f"  complies: {reason}" + (f" ({n:,} times)" if n > 1 else "")
        for reason, n in reasons.most_common(MOST_GROUNDS)
    ]
    more = len(reasons) - len(lines)
    return lines + ([f"  and {more:,} grounds more"] if more > 0 else [])


def of_asked(asked: Iterable[Asked], secrets: Sequence[str]) -> Exhibit:
    """What the engineer was asked to do by hand, when the answer came, and what it was."""
    lines = [
        f"{utc(entry.wall)} {entry.prompt}: {entry.answer}" + (f" ({entry.note})" if entry.note else "")
        for entry in asked
    ]
    return Exhibit("asked by hand", ".txt", mask_all("\n".join(lines), secrets))


def of_accounts(seen: Observation) -> Exhibit:
    """The accounting equations."""
    lines = [
        line for name, account in seen.accounts.items() for line in (name, *(f"  {a}" for a in account.split("\n")))
    ]
    return Exhibit("accounting", ".txt", "\n".join(lines))


def of_run(
    folder: RunFolder,
    timeline: Timeline,
    seen: Observation | None,
    judgements: Sequence[Judgement],
    secrets: Sequence[str],
) -> Iterator[Exhibit]:
    """What belongs to the whole scenario, once its run folder is complete."""
    if (drawn := folder.file("timeline.svg")).is_file():
        yield Exhibit("timeline", ".svg", drawn.read_text(encoding="utf-8"))
    if seen:
        table = what_left(seen.transmissions, seen.sightings, said_of(judgements))
        yield Exhibit("what left the car", ".csv", mask_all(table, secrets))
    yield Exhibit("unit state", ".csv", mask_all(unit_state(timeline), secrets))
    if (recording := folder.file("can.blf")).is_file():
        yield Exhibit("CAN log", ".txt", as_text(recording, secrets=secrets))
    for name in ("modem", "gnss"):
        if (log := folder.file(f"{name}.log")).is_file():
            text = log.read_text(encoding="utf-8", errors="backslashreplace")
            yield Exhibit(f"serial log: {name}", ".txt", mask_all(text, secrets))
    yield Exhibit(f"recordings in {folder.path.name}", ".csv", recordings(folder.path))


def picture(
    *,
    title: str,
    timeline: Timeline,
    seen: Observation | None,
    judgements: Sequence[Judgement],
    begun: Sequence[tuple[int, str]],
    ended: int,
    secrets: Sequence[str],
) -> str:
    """The run as one SVG.

    :param begun: bench time (ns) and text of each Gherkin step
    :param ended: bench time at which the last one ended, ns
    """
    said = said_of(judgements)
    marks = [
        Mark(bench=t.bench, recipient=t.recipient, uplink=t.uplink, function=function, verdict=verdict)
        for t in (seen.transmissions if seen else ())
        if t.bench is not None
        for function, verdict in (said.get(t.index, (None, None)),)
    ]
    bands = [Band(start=start, stop=ended, text=text) for start, text in begun]
    bands = [replace(band, stop=after) for band, (after, _) in zip(bands, [*begun[1:], (ended, "")], strict=True)]
    start = min([ended, *(band.start for band in bands), *(change.bench for change in timeline)])
    return plot(title=title, timeline=timeline, marks=marks, bands=bands, span=(start, ended), secrets=secrets)


def said_of(judgements: Iterable[Judgement]) -> dict[int, tuple[str | None, Verdict]]:
    """The function and the gravest verdict of each transmission that something was said about, by its index."""
    said: dict[int, list[Finding]] = {}
    for judgement in judgements:
        for finding in judgement.findings:
            if finding.transmission is not None:
                said.setdefault(finding.transmission.index, []).append(finding)
    return {
        index: (next((f.function for f in found if f.function), None), Verdict.gravest(f.verdict for f in found))
        for index, found in said.items()
    }


def worth_showing(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings by transmission: what does not comply first, and one of each kind before a second of any."""
    by_transmission: dict[int, list[Finding]] = {}
    for finding in sorted(findings, key=_gravity):
        if finding.transmission is not None:
            by_transmission.setdefault(finding.transmission.index, []).append(finding)
    kinds: Counter[tuple[object, ...]] = Counter()
    ranked: list[tuple[int, int, list[Finding]]] = []
    for found in by_transmission.values():
        first = found[0]
        kind = (first.verdict, first.function, first.organisation, first.transmission and first.transmission.kind)
        kinds[kind] += 1
        if kinds[kind] <= OF_A_KIND:
            ranked.append((_gravity(first), kinds[kind], found))
    return [found for *_, found in sorted(ranked, key=lambda rank: rank[:2])][:EXCERPTS]


def _gravity(finding: Finding) -> int:
    return (Verdict.VIOLATES, Verdict.INCONCLUSIVE, Verdict.COMPLIES).index(finding.verdict)
