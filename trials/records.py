"""What a run folder keeps of a trial, as rows of plain data; identities are masked in all of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from reports.masking import mask_all
from telltale.clocks import ClockOffset
from telltale.finding import Judgement
from telltale.identity import masked
from telltale.timeline import Change
from telltale.times import utc
from telltale.verdict import Verdict
from trials.observation import Observation
from trials.outcome import describe
from trials.setup import Setup

Row = dict[str, object]


def judgement(judged: Judgement, secrets: Sequence[str]) -> Row:
    """What one claim came to, for ``findings.jsonl``."""
    return {
        "claim": judged.claim,
        "verdicts": judged.verdicts,
        "clauses": judged.clauses,
        "broken": {reading: _broken(judged, reading) for reading in judged.verdicts},
        "findings": [mask_all(describe(finding), secrets) for finding in judged.findings],
        "not seen": judged.notes,
    }


def _broken(judged: Judgement, reading: str) -> list[str]:
    """The clauses that something violates under *reading*."""
    violating = (f for f in judged.findings if f.verdict is Verdict.VIOLATES and f.reading in (None, reading))
    return sorted({clause for finding in violating for clause in finding.clauses})


def run(setup: Setup, scenario: str, clauses: Sequence[str], verdict: Verdict) -> Row:
    """What was run, on what, with what, and how it ended, for ``run.json``."""
    return {
        **setup.provenance(),
        "scenario": scenario,
        "clauses": clauses,
        "verdict": verdict,
        "ended": utc(time.time_ns()),
    }


def change(changed: Change) -> Row:
    """A fact that took a value, for ``timeline.jsonl``."""
    return {"bench": utc(changed.bench), "fact": changed.fact, "value": changed.value, "source": changed.source}


def clocks(offsets: Iterable[ClockOffset]) -> list[Row]:
    """How each clock stood against the bench's, for ``run.json``."""
    return [
        {
            "clock": o.source,
            "offset ns": o.offset if o.known else None,
            "uncertainty ns": o.uncertainty if o.known else None,
            "measured": utc(o.measured) if o.known else None,
            "since": utc(o.measured if o.since is None else o.since) if o.known else None,
            "moved ns": o.moved,
        }
        for o in offsets
    ]


def transmissions(seen: Observation, secrets: Sequence[str]) -> Iterator[Row]:
    """Everything that was seen, for ``transmissions.jsonl``."""
    for t in seen.transmissions:
        yield {
            "transmission": t.index,
            "bench": utc(t.bench) if t.bench is not None else None,
            "wall": utc(t.sent),
            "uplink": t.uplink,
            "ecu": t.ecu,
            "channel": t.channel,
            "recipient": t.recipient,
            "summary": mask_all(t.summary, secrets),
            "status": t.status,
            "complete": t.complete,
            "packets": t.frames,
            "sightings": [f"{s.describe()} = {masked(s.value)}" for s in seen.sightings_in(t)],
        }
