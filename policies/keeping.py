"""Claims about what is kept in a place: on the USB stick, in the car's own storage.

The same clauses judge it as judge what leaves: the place is a recipient, rows of channel ``usb`` or ``storage`` say
whose a file is and what it is for. A file of the car's that no row names is nobody's promise; an item in it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from policies.erasure import overdue
from policies.model import Policy
from policies.window import Window, judgement
from telltale.finding import Finding, Judgement
from telltale.items import is_within
from telltale.verdict import Verdict


def none_is_kept(
    window: Window, policy: Policy, items: Collection[str], place: str, *, now: int, gaps: Iterable[str] = ()
) -> Judgement:
    """None of *items*, nor anything narrower, is kept in *place* at bench time *now*.

    What cannot be read there may hold one. What an `erase` clause has gone by now breaks that clause.
    """

    def judge(reading: str) -> Iterator[Finding]:
        for finding in _concerning(window, policy, reading):
            if finding.sighting is None:
                yield finding
            elif any(is_within(finding.sighting.item, item) for item in items):
                late = overdue(finding, policy, reading, window.timeline, now)
                gone = f"{' and '.join(late)} has it gone by now" if late else finding.reason
                reason = f"{finding.sighting.item} is kept in {place}, where none may be ({gone})"
                clauses = tuple(late) or finding.clauses
                yield replace(finding, verdict=Verdict.VIOLATES, reason=reason, clauses=clauses)

    what = " and ".join(f"no {item}" for item in items)
    return judgement(f"{what} is kept in {place}", policy, judge, gaps=gaps)


def is_kept(
    window: Window, policy: Policy, items: Collection[str], place: str, *, gaps: Iterable[str] = ()
) -> Judgement:
    """Each of *items* is kept in *place*, whole; one that is not is a missed expectation."""

    def judge(reading: str) -> Iterator[Finding]:
        missing = dict.fromkeys(items)
        for finding in _concerning(window, policy, reading):
            if finding.sighting is None:
                yield finding
                continue
            met = [item for item in items if is_within(finding.sighting.item, item)]
            for item in met:
                missing.pop(item, None)
            if met:
                yield finding
        for item in missing:
            reason = f"expected, but not found: {item} in {place}"
            yield Finding(verdict=Verdict.INCONCLUSIVE, reason=reason, reading=reading)

    return judgement(f"{' and '.join(items)} is kept in {place}", policy, judge, gaps=gaps)


def all_covered(window: Window, policy: Policy, place: str, *, gaps: Iterable[str] = ()) -> Judgement:
    """Every item that is kept in *place* may be kept there, for what it is kept for."""
    return judgement(
        f"what is kept in {place} is covered by the policy",
        policy,
        lambda reading: _concerning(window, policy, reading),
        gaps=gaps,
    )


def _concerning(window: Window, policy: Policy, reading: str) -> Iterator[Finding]:
    """What is to be said of the place, without files that hold nothing and that no row speaks of."""
    for finding in window.cover(policy, reading):
        if finding.sighting is not None or finding.verdict is not Verdict.VIOLATES:
            yield finding
