"""A time axis that gives each piece of a run room enough to be read.

Between two cuts the axis is linear. A piece that lasts takes width by its duration, but none less than a fair share of
it, so a short upload beside an hour of waiting is not squeezed into one pixel.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from itertools import pairwise

from telltale.times import SECOND

FAIR = 0.35
"""Part of the whole width that is shared out equally; the rest goes by duration."""
INSTANT = SECOND // 10
"""Pieces up to this long, ns, are moments and take no width to speak of."""
_ROUND = [
    SECOND * step
    for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
] + [SECOND * 86400 * days for days in (2, 5, 10, 30, 90, 180, 365)]
_ROOM = 58
"""Pixels between two times that are written out."""


class Axis:
    """From bench time (ns) to horizontal place (pixels), monotonic."""

    def __init__(self, start: int, stop: int, cuts: Iterable[int], *, left: float, right: float) -> None:
        self._moments = sorted({start, stop, *(cut for cut in cuts if start < cut < stop)})
        lengths = [after - before for before, after in pairwise(self._moments)]
        lasting = [length > INSTANT for length in lengths]
        whole = sum(lengths)
        fair = FAIR * (right - left) / max(sum(lasting), 1) if any(lasting) else 0.0
        rest = (right - left) - fair * sum(lasting)
        self._places = [left]
        for length, lasts in zip(lengths, lasting, strict=True):
            self._places.append(self._places[-1] + rest * length / whole + (fair if lasts else 0))
        self._lasting = lasting

    def x(self, moment: int) -> float:
        """Place of *moment*; what lies outside is put on the nearer edge."""
        moments, places = self._moments, self._places
        if moment <= moments[0]:
            return places[0]
        if moment >= moments[-1]:
            return places[-1]
        index = bisect.bisect_right(moments, moment) - 1
        share = (moment - moments[index]) / (moments[index + 1] - moments[index])
        return round(places[index] + share * (places[index + 1] - places[index]), 1)

    def breaks(self) -> list[float]:
        """Places where a piece that lasts has another scale than the one before it."""
        pieces = zip(pairwise(self._places), pairwise(self._moments), self._lasting, strict=True)
        scales = [(left, (right - left) / (b - a)) for (left, right), (a, b), lasts in pieces if lasts]
        return [place for (_, one), (place, other) in pairwise(scales) if abs(one - other) > 0.2 * max(one, other)]

    def ticks(self) -> Iterator[tuple[int, bool]]:
        """Moments to write out, none too near to another; True for borders between pieces."""
        kept: list[float] = []
        borders = [
            moment
            for index, moment in enumerate(self._moments)
            if index in (0, len(self._moments) - 1) or self._lasting[index - 1] or self._lasting[index]
        ]
        inner = [moment for before, after in pairwise(self._moments) for moment in self._between(before, after)]
        for moment, is_border in [(m, True) for m in borders] + [(m, False) for m in inner]:
            place = self.x(moment)
            if all(abs(place - other) >= _ROOM for other in kept):
                kept.append(place)
                yield moment, is_border

    def _between(self, before: int, after: int) -> list[int]:
        """Round times, counted from the axis' start, inside one piece."""
        room = self.x(after) - self.x(before)
        if room < 2 * _ROOM:
            return []
        step = next((s for s in _ROUND if (after - before) / s * 1.15 * _ROOM <= room), after - before)
        start = self._moments[0]
        first = -(-(before - start) // step) * step + start
        return [moment for moment in range(first, after, step) if moment > before]
