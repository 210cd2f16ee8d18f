"""What was seen, and what was not, in lines of the terminal: the same words for ``audit`` and for ``sandbox``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from reports.audited import Audited
from reports.masking import mask_all, printable
from reports.overview import Overview
from reports.tables import sightings_table


def seen_lines(
    seen: Overview, gaps: Iterable[str], *, width: int, colour: bool, secrets: Sequence[str], source: str = ""
) -> Iterator[str]:
    """The table of sightings, the counts, what could not be read and what was not seen.

    :param secrets: identities in clear, masked wherever they stand
    :param source: what it was seen in, told behind the counts
    """
    if seen.sent:
        yield sightings_table(seen, width=width, colour=colour)
    yield f"{seen.counted}; {source}" if source else seen.counted
    for part in seen.unread:
        yield clean(f"not read: {part}", secrets)
    for gap in gaps:
        yield clean(f"not seen: {gap}", secrets)


def capture_lines(one: Audited, *, width: int, colour: bool, secrets: Sequence[str] = ()) -> Iterator[str]:
    """What came of one capture."""
    yield f"{clean(one.name, secrets)} ({one.kind or one.outcome}, {one.size:,} bytes)"
    if one.overview is None:
        return
    yield from seen_lines(one.overview, one.gaps, width=width, colour=colour, secrets=secrets)
    if one.ours:
        plural = "" if one.ours == 1 else "s"
        yield f"{one.ours:,} control transmission{plural} of the bench's own left out, as run.json names them"
    yield from (clean(line, secrets) for line in one.conclusion)


def closing(captures: Sequence[Audited]) -> str:
    """``7 captures: 6 violates, 1 not opened``."""
    counts = Counter(one.outcome for one in captures)
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in counts.most_common())
    return f"{len(captures):,} capture{'' if len(captures) == 1 else 's'}: {told}"


def clean(text: str, secrets: Sequence[str]) -> str:
    """*text* masked, and without what a terminal would obey; blanks at its start stay."""
    return printable(mask_all(text, secrets))
