"""The unit's state when something was made or sent, by a clock that is not the bench's.

What a message says of its making is on the unit's clock, whose offset to the bench clock was measured with an
uncertainty. A fact that changed within that uncertainty is not known then, and no verdict may rest on it.
"""

from __future__ import annotations

from policies.terms import State
from telltale.clocks import ClockOffset
from telltale.timeline import Timeline
from telltale.times import SECOND, format_duration, utc

RESOLUTION = SECOND
"""Messages tell whole seconds (GB/T 32960.3-2016, 7.2.2: six bytes from year to second); ns."""


def state_when_made(
    timeline: Timeline, made: int, *, sent: int, clock: ClockOffset | None, done: str = "made"
) -> tuple[State, str | None]:
    """The facts that are known of the moment *made*, and why others are not; None if all are.

    :param made: what the message says, ns on the unit's clock
    :param sent: bench time of the sending, ns; nothing is made later
    :param clock: whose word *made* is; None takes it for bench time
    :param done: what is told to have happened then
    """
    if clock is None:
        return timeline.state_at(made), None
    first, last = made - clock.offset - clock.uncertainty, made - clock.offset + clock.uncertainty + RESOLUTION
    last = min(last, sent)
    state = timeline.state_at(last)
    if first > sent:
        lead = format_duration(first - sent)
        why = f"it says that it was made {lead} after it was sent, so {clock.source}'s clock is wrong by more than told"
        first = 0
    else:
        why = f"{clock} leaves open when it was {done}"
    turned: dict[str, int] = {}
    seen = dict(timeline.state_at(first))
    for change in timeline:
        if first < change.bench <= last and seen.setdefault(change.fact, change.value) != change.value:
            turned[change.fact] = change.bench
    if not turned:
        return state, None
    known = {fact: value for fact, value in state.items() if fact not in turned}
    edges = " and ".join(f"{fact} changed at {utc(moment)}" for fact, moment in turned.items())
    return known, f"{why}: {edges}"
