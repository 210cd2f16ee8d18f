"""Tables that Allure shows as tables: what left the car, unit state over time, the files of a run. CSV, RFC 4180."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from telltale.sighting import Sighting
from telltale.timeline import Timeline
from telltale.times import utc
from telltale.transmission import Transmission
from telltale.verdict import Verdict

_LEFT = ("recipient", "from", "over", "what", "function", "holds", "verdict", "times", "first", "last")


@dataclass
class _Alike:
    """Transmissions that differ in nothing but their time and their values."""

    first: int
    last: int
    count: int = 0


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV. A cell that a spreadsheet would take for a formula is written as text (OWASP, CSV injection)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def _plain(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def what_left(
    transmissions: Sequence[Transmission],
    sightings: Sequence[Sighting],
    judged: Mapping[int, tuple[str | None, Verdict]],
) -> str:
    """What left the car, alike transmissions in one row: how often, when first and last, holding what, how judged.

    :param judged: transmission's index to the car's function and the gravest verdict
    """
    held: dict[int, list[str]] = {}
    for sighting in sightings:
        how = " > ".join((*sighting.chain, sighting.form))
        held.setdefault(sighting.transmission, []).append(sighting.item + ("" if how == "plain" else f" ({how})"))
    rows: dict[tuple[str, ...], _Alike] = {}
    for t in transmissions:
        function, verdict = judged.get(t.index, (None, None))
        items = ", ".join(sorted(set(held.get(t.index, ()))))
        over = f"{t.uplink or 'unknown uplink'}, {t.channel}"
        key = (t.recipient, t.ecu or "", over, t.summary, function or "", items, str(verdict or "not judged"))
        moment = t.sent if t.bench is None else t.bench
        row = rows.setdefault(key, _Alike(first=moment, last=moment))
        row.last = max(row.last, moment)
        row.count += 1
    return as_csv(_LEFT, [(*key, row.count, _clock(row.first), _clock(row.last)) for key, row in rows.items()])


def _clock(moment: int) -> str:
    """Time of day, UTC, to the second; the day stands in the table of unit state."""
    return utc(moment)[11:19]


def unit_state(timeline: Timeline) -> str:
    """Every change of unit state."""
    changes = [(utc(change.bench), change.fact, change.value, change.source) for change in timeline]
    return as_csv(("bench time", "fact", "value", "source"), changes)


def recordings(folder: Path) -> str:
    """The files of a run with size and SHA-256, so that the report names its evidence without holding identities."""
    rows = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        rows.append((str(path.relative_to(folder)), path.stat().st_size, digest))
    return as_csv(("file", "bytes", "sha256"), rows)
