"""Whether a function goes on as before, once its user has refused something else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from policies.model import Policy
from policies.window import Window, judgement
from telltale.finding import Finding, Judgement
from telltale.verdict import Verdict


def goes_on(
    window: Window,
    policy: Policy,
    function: str,
    items: Collection[str],
    *,
    since: int,
    gaps: Iterable[str] = (),
) -> Judgement:
    """Each of *items* leaves for *function* after *since* (bench ns) as it did before.

    One that never left before is a missed expectation. One that leaves no more violates, with the last that left as its
    evidence; where something could not be seen, it may have left after all.
    """
    gaps = tuple(gaps)

    def judge(reading: str) -> Iterator[Finding]:
        yield from window.limited([function], policy, reading)
        carried = [f for f in window.cover(policy, reading) if f.function == function and f.sighting and f.transmission]
        for item in items:
            found = [f for f in carried if f.sighting and f.sighting.item == item]
            before = [f for f in found if (f.bench or 0) < since]
            after = [f for f in found if (f.bench or 0) >= since]
            if not before:
                reason = f"expected, but not seen: {item} for {function} before anything was refused"
                yield Finding(verdict=Verdict.INCONCLUSIVE, reason=reason, reading=reading, function=function)
            elif after:
                yield from after
            else:
                last = before[-1]
                lost = f"{function} has sent no {item} since"
                yield Finding(
                    verdict=Verdict.INCONCLUSIVE if gaps else Verdict.VIOLATES,
                    reason=f"{lost}, or it could not be seen" if gaps else f"{lost}; the last left before",
                    reading=reading,
                    function=function,
                    organisation=last.organisation,
                    transmission=last.transmission,
                    sighting=last.sighting,
                    bench=since,
                )

    what = " and ".join(items)
    return judgement(f"{function} goes on as before with {what}", policy, judge, gaps=gaps)
