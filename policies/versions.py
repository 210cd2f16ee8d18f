"""A run over several versions of the unit's software: every claim is judged over each of them apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from policies.window import Window
from telltale.finding import Finding, Judgement
from telltale.times import SECOND
from telltale.verdict import Verdict

SOFTWARE = "software"
"""The fact that tells the version."""
_TOUCH = SECOND
"""A version in which nothing left and that a window holds no more of than this is only where the window begins."""


def by_version(window: Window, span: tuple[int, int], judge: Callable[[Window], Judgement]) -> Judgement:
    """*judge* over the part of *window* that each version ran in, put together.

    The gravest verdict counts under each reading; findings and notes say which version they are about, and so does one
    more finding for each version, which says what it came to. With a single version it is `judge` as it is.

    :param span: bench times that the window is about, from and to, ns
    """
    start, stop = span
    phases = [p for p in window.timeline.phases(SOFTWARE, stop + 1) if p[0] <= stop and p[1] > start]
    parts: list[tuple[str, Window]] = []
    for number, (begun, ended, version) in enumerate(phases):
        first = start if number == 0 else begun  # what left before the version was read is the first one's
        last = stop + 1 if number == len(phases) - 1 else ended
        part = window.between(first, last)
        if part.transmissions or last - first > _TOUCH or number == len(phases) - 1:
            parts.append((str(version), part))
    if len(parts) < 2:
        return judge(window)
    return _together([(version, judge(part)) for version, part in parts], stop)


def _together(parts: list[tuple[str, Judgement]], stop: int) -> Judgement:
    return Judgement.together(_told(version, judgement, stop) for version, judgement in parts)


def _told(version: str, judgement: Judgement, stop: int) -> Judgement:
    """What one version came to, with its name in every finding and note, and one finding more that says it."""
    said = ", ".join(
        str(verdict) if len(judgement.verdicts) == 1 else f"{verdict} ({reading} reading)"
        for reading, verdict in judgement.verdicts.items()
    )
    # the gravest of them is what counts; a version's own finding only tells, so it never adds to the verdict
    own = Finding(verdict=Verdict.COMPLIES, reason=f"with software {version}: {said}", bench=stop)
    return replace(
        judgement,
        findings=(own, *(replace(f, reason=f"with software {version}: {f.reason}") for f in judgement.findings)),
        notes=tuple(f"with software {version}: {note}" for note in judgement.notes),
    )
