"""The audit of one capture: a function of a file, in bounded memory, that may run in any process."""

from __future__ import annotations

import contextlib
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from captures.decode import KeyLog
from captures.sightings import Engine, Examination
from captures.sources import open_source
from captures.sources.source import Source
from reports.audited import Audited
from reports.jsonlines import sighting_line
from reports.overview import MOST, Overview
from telltale.errors import InputError, TelltaleError, one_line
from telltale.identity import Identities
from telltale.timeline import Timeline
from telltale.transmission import Transmission
from trials.audit_controls import Ours

if TYPE_CHECKING:
    from policies import Policy
    from trials.audit_judge import AuditJudge

Tell = Callable[[int], None]
"""Is told how many bytes of the file were read so far."""
NOT_JUDGED = "not judged: a vehicle's bus, and what is on it has not left the car"
_STEP = 256
"""Transmissions between two words about progress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What all captures of an audit are audited by."""

    identities: Identities
    policy: Policy | None = None
    """None lists what is seen."""
    timeline: Timeline = field(default_factory=Timeline)
    keylog: KeyLog = field(default_factory=KeyLog)
    reveal: bool = False
    recognise: bool = True
    """Whether values are told too that have the shape of an item and are none of the identities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One capture to be audited."""

    path: Path
    name: str
    """As the report calls it."""
    size: int
    """Bytes."""
    lines: Path | None = None
    """Where its JSON lines go; None writes none."""
    controls: tuple[str, ...] = ()
    """Nonces of the bench's own control transmissions in it."""


class Auditor:
    """Audits one capture after the other by the same terms."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._engine = Engine(terms.identities, recognise=terms.recognise, by_name=_asked(terms))
        self._secrets = [i.value for i in terms.identities if isinstance(i.value, str)]

    def audit(self, job: Job, tell: Tell = lambda _read: None) -> Audited:
        """Whatever is wrong with one capture is told as its line; it never ends the audit of the others."""
        try:
            return self._audit(job, tell)
        except TelltaleError as error:
            told = error.message if isinstance(error, InputError) else str(error)
            return Audited(name=job.name, size=job.size, failure=told, failed=error.exit_status)
        except Exception as error:  # noqa: BLE001 - the other captures are to be audited, and the line says what failed
            return Audited(name=job.name, size=job.size, failure=_crash(error))

    def _audit(self, job: Job, tell: Tell) -> Audited:
        source = open_source(job.path, keylog=self._terms.keylog)
        overview = Overview(self._secrets, reveal=self._terms.reveal)
        judge = _judge(self._terms.policy, self._terms.timeline) if self._terms.policy else None
        limits = _Limits()
        aboard = left = False
        ours = Ours(job.controls)
        with _lines(job.lines) as write:
            for transmission, found in self._examined(source, tell):
                if ours.sent(transmission, found):
                    continue
                aboard, left = aboard or not transmission.left, left or transmission.left
                judged = judge.add(transmission, found.sightings) if judge else None
                overview.add(transmission, found.sightings, judged.verdicts if judged else None)
                if found.sightings or found.gaps:
                    name = overview.name(transmission.recipient, found.sightings)
                    limits.add(transmission.index, name, (*found.gaps, *(judged.gaps if judged else ())))
                    for s in found.sightings:
                        write(sighting_line(job.name, transmission, s, reveal=overview.reveal, recipient=name))
        gaps = tuple(dict.fromkeys((*source.gaps, *source.notes, *limits)))
        stayed = aboard and not left
        concluded = judge.conclude(gaps) if judge and not stayed else None
        return Audited(
            name=job.name,
            size=job.size,
            kind=source.kind,
            overview=overview,
            gaps=concluded.gaps if concluded else gaps,
            ours=ours.count,
            verdict=concluded.verdict if concluded else None,
            aboard=stayed,
            conclusion=concluded.lines if concluded else (NOT_JUDGED,) if judge else (),
        )

    def _examined(self, source: Source, tell: Tell) -> Iterator[tuple[Transmission, Examination]]:
        """Every transmission, searched; none of them is kept."""
        for count, (transmission, found) in enumerate(self._engine.examine_all(source.transmissions())):
            yield transmission.marked(found.opaque), found
            if count % _STEP == 0:
                tell(source.position)
        tell(source.size)


def _judge(policy: Policy, timeline: Timeline) -> AuditJudge:
    from trials.audit_judge import AuditJudge  # noqa: PLC0415 - a list of what is seen need not wait for the judge

    return AuditJudge(policy, timeline)


def _asked(terms: Terms) -> Collection[str]:
    """Data of the vehicle that the policy speaks of, and that only the names of fields can tell."""
    if terms.policy is None or not terms.recognise:
        return ()
    from policies.terms import items_named  # noqa: PLC0415 - as the judge

    return items_named(terms.policy)


@contextlib.contextmanager
def _lines(path: Path | None) -> Iterator[Callable[[str], object]]:
    """Writes lines to a file, or nowhere. What UTF-8 cannot hold stands as JSON's own escape."""
    if path is None:
        yield lambda _line: None
        return
    with path.open("w", encoding="utf-8", errors="backslashreplace") as out:
        yield lambda line: out.write(line + "\n")


class _Limits:
    """What the limits of the search left out, alike gaps in one sentence."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], int] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, index: int, recipient: str, gaps: Iterable[str]) -> None:
        """Enter the gaps of one transmission."""
        for gap in gaps:
            key = (recipient, gap) if len(self._first) < MOST else ("other recipients", "more was left out")
            self._first.setdefault(key, index)
            self._counts[key] += 1

    def __iter__(self) -> Iterator[str]:
        for (recipient, gap), index in self._first.items():
            more = self._counts[recipient, gap] - 1
            yield f"transmission {index} to {recipient}: {gap}" + (f", and {more:,} more like it" if more else "")


def _crash(error: Exception) -> str:
    """One line for a fault of ours, with the place that mends it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"the audit of this capture failed ({one_line(error)}, in {Path(place.filename).name}:{place.lineno})"
