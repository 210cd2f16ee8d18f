"""What a scenario's Then claims about what left the car, judged over a window under every reading.

Each claim takes *gaps*, what the caller knows could not be seen; they turn ``complies`` into ``inconclusive``. A claim
is the scenario's, but never weaker than the policy: what the policy forbids violates, whatever a table expects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from policies.access import limits_at
from policies.endpoints import attribute
from policies.judge import moment
from policies.model import Policy
from policies.window import Window, judgement
from telltale.finding import Finding, Judgement
from telltale.items import is_within
from telltale.sighting import RECOGNISED
from telltale.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """A row of a closed-world table: this item is expected to leave for this recipient and function."""

    item: str
    organisation: str
    function: str
    uplink: str | None = None
    """None leaves the uplink open."""
    ecu: str | None = None
    """The control unit that it leaves from; None leaves that open."""

    def __str__(self) -> str:
        over = f" over {self.uplink}" if self.uplink else ""
        sender = f" from {self.ecu}" if self.ecu else ""
        return f"{self.item} to {self.organisation} for {self.function}{over}{sender}"


def every_transmission_covered(window: Window, policy: Policy, *, gaps: Iterable[str] = ()) -> Judgement:
    """Whatever left the car was declared, readable and allowed.

    A window in which nothing left, or nothing but background, shows nothing.
    """
    counted = (t for t in window.transmissions if t.index not in window.own)
    empty = () if any(not attribute(t, policy).background for t in counted) else ("nothing left the car",)
    return judgement(
        "every transmission is covered by the policy",
        policy,
        lambda reading: window.cover(policy, reading),
        gaps=(*gaps, *empty),
    )


def none_leaves(
    window: Window, policy: Policy, items: Collection[str], function: str | None = None, *, gaps: Iterable[str] = ()
) -> Judgement:
    """None of *items*, nor anything narrower, leaves for *function* or for one that nobody declared.

    Other declared functions are left alone, but what they carry of the items must be covered. Without a *function*,
    none leaves at all.
    """

    def judge(reading: str) -> Iterator[Finding]:
        yield from window.limited([function], policy, reading)
        for finding in window.cover(policy, reading):
            concerned = function is None or finding.function in (None, function)
            if finding.sighting is None:
                if concerned and finding.verdict is Verdict.INCONCLUSIVE:
                    yield finding
            elif any(is_within(finding.sighting.item, item) for item in items):
                if concerned and finding.verdict is not Verdict.VIOLATES:
                    reason = f"{finding.sighting.item} left for {finding.function}, of which the scenario allows none"
                    yield replace(finding, verdict=Verdict.VIOLATES, reason=f"{reason} ({finding.reason})")
                else:
                    yield finding

    what = " and ".join(f"no {item}" for item in items)
    return judgement(f"{what} leaves the car{_for(function)}", policy, judge, gaps=gaps)


def nothing_leaves(
    window: Window, policy: Policy, function: str | None = None, *, gaps: Iterable[str] = ()
) -> Judgement:
    """Not one transmission for *function* (or at all), but for declared background that carries no item.

    With a *function*, undeclared transmissions count as well: nobody knows what they are for. A connection to a
    declared host that stayed closed (a handshake that was cut off) is no evidence either way.
    """

    def judge(reading: str) -> Iterator[Finding]:
        for transmission in window.transmissions:
            whose = attribute(transmission, policy)
            closed = {limit.function for limit in limits_at(transmission.recipient, policy, window.access)}
            concerned = (
                function is None
                or whose.function == function
                or (whose.function is None and (not closed or function in closed))
            )
            if concerned and not whose.background and transmission.index not in window.own:
                untold = function is not None and whose.function is None and whose.row is not None
                yield Finding(
                    verdict=Verdict.INCONCLUSIVE if untold else Verdict.VIOLATES,
                    reason=f"{transmission.summary} left, and what for stayed closed"
                    if untold
                    else f"{transmission.summary} left for {whose.function or 'an undeclared function'}",
                    reading=reading,
                    function=whose.function,
                    organisation=whose.organisation,
                    clauses=_licences(policy, reading, whose.function),
                    transmission=transmission,
                    bench=moment(transmission),
                )
        for finding in window.cover(policy, reading):
            concerned = function is None or finding.function in (None, function) or _background(finding, policy)
            if concerned and finding.verdict is not Verdict.COMPLIES:
                yield finding

    return judgement(f"nothing leaves the car{_for(function)}", policy, judge, gaps=gaps)


def exactly_these(window: Window, policy: Policy, rows: Sequence[Expected], *, gaps: Iterable[str] = ()) -> Judgement:
    """The rows, each at least once, and nothing else for their functions or for one that nobody declared.

    A row that is not seen is a missed expectation and inconclusive; a sighting that is in no row violates, but for what
    was only recognised and is no row's item, which must be covered. Declared background does not count; other declared
    functions must be covered.
    """
    functions, asked = {row.function for row in rows}, {row.item for row in rows}

    def judge(reading: str) -> Iterator[Finding]:
        yield from window.limited(functions, policy, reading)
        missing = dict.fromkeys(rows)
        for finding in window.cover(policy, reading):
            counted = finding.function in functions and not _background(finding, policy)
            if finding.sighting is None:
                if counted or finding.function is None:
                    yield finding
                continue
            if not counted:
                yield finding
                continue
            met = [row for row in rows if _meets(row, finding)]
            for row in met:
                missing.pop(row, None)
            unasked = finding.sighting.form == RECOGNISED and finding.sighting.item not in asked
            if met or unasked or finding.verdict is Verdict.VIOLATES:
                yield finding
            elif any(_may_meet(row, finding) for row in rows):
                reason = f"which control unit sent it cannot be told: {_seen(finding)}"
                yield replace(finding, verdict=Verdict.INCONCLUSIVE, reason=reason)
            else:
                yield replace(finding, verdict=Verdict.VIOLATES, reason=f"surplus: {_seen(finding)}")
        for row in missing:
            yield Finding(
                verdict=Verdict.INCONCLUSIVE,
                reason=f"expected, but not seen: {row}",
                reading=reading,
                function=row.function,
                organisation=row.organisation,
            )

    return judgement("exactly these leave the car: " + ", ".join(map(str, rows)), policy, judge, gaps=gaps)


def leaves_for_only(
    window: Window, policy: Policy, items: Collection[str], organisation: str, *, gaps: Iterable[str] = ()
) -> Judgement:
    """Each of *items* leaves for *organisation*, and for nobody else; one that is not seen is a missed expectation."""

    def judge(reading: str) -> Iterator[Finding]:
        missing = dict.fromkeys(items)
        for finding in window.cover(policy, reading):
            sighting = finding.sighting
            if sighting is None:
                if finding.verdict is Verdict.INCONCLUSIVE:
                    yield finding
                continue
            wanted = [item for item in items if is_within(sighting.item, item)]
            if not wanted:
                continue
            if finding.organisation == organisation:
                for item in wanted:
                    missing.pop(item, None)
                yield finding
            elif finding.verdict is Verdict.VIOLATES:
                yield finding
            else:
                yield replace(
                    finding, verdict=Verdict.VIOLATES, reason=f"not for {organisation} only: {_seen(finding)}"
                )
        yield from _unseen(missing, f"to {organisation}", reading)

    what = " and ".join(items)
    return judgement(f"{what} leaves the car for {organisation} only", policy, judge, gaps=gaps)


def no_finer_than(
    window: Window,
    policy: Policy,
    items: Collection[str],
    function: str,
    metres: float,
    *,
    gaps: Iterable[str] = (),
) -> Judgement:
    """What leaves of *items* for *function* is exact to *metres* or less; nothing leaving is a missed expectation."""

    def judge(reading: str) -> Iterator[Finding]:
        yield from window.limited([function], policy, reading)
        missing = dict.fromkeys(items)
        for finding in window.cover(policy, reading):
            sighting = finding.sighting
            if finding.function not in (None, function):
                continue
            if sighting is None:
                if finding.verdict is Verdict.INCONCLUSIVE:
                    yield finding
                continue
            wanted = [item for item in items if is_within(sighting.item, item)]
            for item in wanted:
                missing.pop(item, None)
            if not wanted:
                continue
            if finding.verdict is Verdict.VIOLATES or (sighting.precision is not None and sighting.precision >= metres):
                yield finding
            elif sighting.precision is None:
                reason = f"the precision of {sighting.item} was not measured"
                yield replace(finding, verdict=Verdict.INCONCLUSIVE, reason=reason)
            else:
                reason = f"{sighting.item} is exact to {sighting.precision:.0f} m, finer than {metres:g} m"
                yield replace(finding, verdict=Verdict.VIOLATES, reason=reason)
        yield from _unseen(missing, f"for {function}", reading)

    what = " and ".join(items)
    return judgement(f"{what} for {function} is no finer than {metres:g} m", policy, judge, gaps=gaps)


def _licences(policy: Policy, reading: str, function: str | None) -> tuple[str, ...]:
    """The clauses on which sending for *function* would have to rest; those of default deny if it has none."""
    permits = [c.id for c in policy.under(reading) if c.modality in ("permit", "oblige") and function in c.functions]
    return tuple(permits) or policy.document.default_deny


def _unseen(items: Iterable[str], where: str, reading: str) -> Iterator[Finding]:
    for item in items:
        reason = f"expected, but not seen: {item} {where}"
        yield Finding(verdict=Verdict.INCONCLUSIVE, reason=reason, reading=reading)


def _meets(row: Expected, finding: Finding) -> bool:
    transmission, sighting = finding.transmission, finding.sighting
    return (
        transmission is not None
        and sighting is not None
        and sighting.item == row.item
        and (finding.organisation, finding.function) == (row.organisation, row.function)
        and row.uplink in (None, transmission.uplink)
        and row.ecu in (None, transmission.ecu)
    )


def _may_meet(row: Expected, finding: Finding) -> bool:
    """Whether nothing but the control unit, which cannot be told, keeps the row from being met."""
    untold = finding.transmission is not None and finding.transmission.ecu is None
    return untold and _meets(replace(row, ecu=None), finding)


def _background(finding: Finding, policy: Policy) -> bool:
    return finding.transmission is not None and attribute(finding.transmission, policy).background


def _seen(finding: Finding) -> str:
    uplink = finding.transmission.uplink if finding.transmission else None
    what = finding.sighting.item if finding.sighting else "a transmission"
    ecu = finding.transmission.ecu if finding.transmission else None
    sender = f" from {ecu}" if ecu else ""
    return f"{what} to {finding.organisation} for {finding.function} over {uplink or 'an unknown uplink'}{sender}"


def _for(function: str | None) -> str:
    return f" for {function}" if function else ""
