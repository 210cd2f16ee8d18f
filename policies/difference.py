"""A switch judged by the difference it makes, on, off and on again, with the same stimuli in each phase.

The endpoint rows are somebody's interpretation, and a relabelled one could buy a pass. The difference does not believe
them: what starts to leave elsewhere the moment a switch goes off has only moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from policies.model import Policy
from policies.window import Window, judgement
from telltale.finding import Finding, Judgement
from telltale.items import is_within
from telltale.verdict import Verdict

Flow = tuple[str, str]
"""Recipient, as the unit named it, and item."""

PHASES = ("on", "off", "on")


def difference(
    window: Window,
    policy: Policy,
    *,
    switch: str,
    function: str,
    items: Collection[str],
    until: int,
    gaps: Iterable[str] = (),
) -> Judgement:
    """Whether *switch* alone decides that *items* leave for *function*, over the last three phases before *until*.

    * With the switch off, none of the items leaves for the function, or for one that nobody declared.
    * A recipient that gets an item only while the switch is off violates, whatever function its row declares.
    * A recipient that gets an item only while the switch is on is told, if its row declares another function.
    * Where an item does not leave with the switch on, or does not come back, the switch's effect was not seen.

    :param switch: the fact of the timeline, ``experience_plan``
    :param until: bench time of the end of the last phase, ns
    """
    spans = window.timeline.phases(switch, until)[-3:]
    claim = f"{switch} alone decides whether {' and '.join(items)} leave for {function}"
    values = tuple(value for _, _, value in spans)
    if values != PHASES:
        was = ", then ".join(map(str, values)) or "never set"
        return judgement(claim, policy, lambda _: (), gaps=(*gaps, f"{switch} was {was}, not on, then off, then on"))
    on, off, again = (window.between(start, stop) for start, stop, _ in spans)

    def judge(reading: str) -> Iterator[Finding]:
        yield from window.limited([function], policy, reading)
        found = [[f for f in phase.cover(policy, reading) if _matters(f, items)] for phase in (on, off, again)]
        before, without, after = ({_flow(f) for f in phase if f.sighting} for phase in found)
        for finding in found[1]:
            yield _while_off(finding, switch, function, moved=_flow(finding) not in before | after)
        for finding in (*found[0], *found[2]):
            follows = finding.sighting and _flow(finding) not in without and finding.function != function
            if finding.verdict is Verdict.VIOLATES:
                yield finding
            elif follows:
                reason = f"warning: {_told(finding)} follows {switch}, though its row declares {finding.function}"
                yield replace(finding, reason=reason)
        for item in items:
            for phase, missing in ((found[0], "left while it was on"), (found[2], "came back when it was on again")):
                if not any(f.function == function and f.sighting and is_within(f.sighting.item, item) for f in phase):
                    reason = f"no {item} for {function} {missing}, so the effect of {switch} was not seen"
                    yield Finding(
                        verdict=Verdict.INCONCLUSIVE, reason=reason, reading=reading, function=function, bench=until
                    )

    return judgement(claim, policy, judge, gaps=gaps)


def _while_off(finding: Finding, switch: str, function: str, *, moved: bool) -> Finding:
    """What a finding of the phase without the switch comes to."""
    if finding.sighting is None or finding.verdict is Verdict.VIOLATES:
        return finding
    if finding.function == function:
        reason = f"{_told(finding)} left for {function} with {switch} off ({finding.reason})"
        return replace(finding, verdict=Verdict.VIOLATES, reason=reason)
    if moved:
        reason = f"{_told(finding)} leaves only while {switch} is off, though its row declares {finding.function}"
        return replace(finding, verdict=Verdict.VIOLATES, reason=reason)
    return finding


def _matters(finding: Finding, items: Collection[str]) -> bool:
    """A sighting of the items, or something that could hide one."""
    if finding.sighting is None:
        return finding.verdict is Verdict.INCONCLUSIVE
    return any(is_within(finding.sighting.item, item) for item in items)


def _flow(finding: Finding) -> Flow:
    recipient = finding.transmission.recipient if finding.transmission else ""
    return recipient, finding.sighting.item if finding.sighting else ""


def _told(finding: Finding) -> str:
    recipient, item = _flow(finding)
    return f"{item} to {recipient}"
