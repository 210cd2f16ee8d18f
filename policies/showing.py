"""Claims about what the maker's cloud shows to others: each item in it is given to them, and has to be covered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from policies.model import Policy
from policies.window import Window, judgement
from telltale.finding import Finding, Judgement
from telltale.items import is_within
from telltale.verdict import Verdict


def shown_is_covered(window: Window, policy: Policy, items: Collection[str], *, gaps: Iterable[str] = ()) -> Judgement:
    """Whatever *window* shows is covered for those who see it; one of *items* not shown is a missed expectation."""

    def judge(reading: str) -> Iterator[Finding]:
        missing = dict.fromkeys(items)
        for finding in window.cover(policy, reading):
            for item in [item for item in missing if finding.sighting and is_within(finding.sighting.item, item)]:
                del missing[item]
            yield finding
        for item in missing:
            reason = f"expected, but not shown: {item}"
            yield Finding(verdict=Verdict.INCONCLUSIVE, reason=reason, reading=reading)

    return judgement(f"{' and '.join(items)} is shown, and covered by the policy", policy, judge, gaps=gaps)
