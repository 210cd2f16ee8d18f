"""What left, and to whom: items on the left, recipients on the right, a band for each pair, coloured by verdict."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.drawing import INK, PALE, Drawing, fitting
from reports.gravity import COLOURS, GRAVITY, gravest
from reports.overview import Row
from telltale.verdict import Verdict

WIDTH = 1100
LEFT, RIGHT, BAR = 230, 690, 8
"""Where the bars of items and of recipients stand, and how wide they are, pixels."""
TOP, GAP, LEAST = 46, 14, 30
"""Above the first row, between two rows, and the least height of a row, pixels."""
MOST = 24
"""Rows on each side; further ones share the last."""
_OTHERS = "others"
_KEY = (
    (Verdict.VIOLATES, "violates"),
    (Verdict.INCONCLUSIVE, "inconclusive"),
    (Verdict.COMPLIES, "complies"),
    (None, "not judged"),
)


@dataclass(slots=True)
class _Band:
    """What left of one item for one recipient."""

    count: int = 0
    verdict: Verdict | None = None

    @property
    def width(self) -> float:
        """Pixels; ten times as many sightings are twice as wide or less."""
        return 3 + 4 * math.log10(self.count) if self.count else 0

    def __str__(self) -> str:
        told = f"{self.count:,} sighting{'' if self.count == 1 else 's'}"
        return f"{told}, {self.verdict}" if self.verdict else told


_Pair = tuple[str, str]


def flow_picture(rows: Iterable[Row]) -> Drawing | None:
    """The picture; None if there is nothing to show. Names come masked, with the rows."""
    bands: dict[_Pair, _Band] = defaultdict(_Band)
    for row in rows:
        _enter(bands, (row.item, row.recipient), row.count, row.verdict)
    if not bands:
        return None
    bands = _merged(bands)
    sides = [_ordered(bands, side) for side in (0, 1)]
    heights = [{name: _height(bands, side, name) for name in names} for side, names in enumerate(sides)]
    tallest = max(sum(side.values()) + GAP * (len(side) - 1) for side in heights)
    drawing = Drawing(WIDTH, round(TOP + tallest + 20), ())
    _legend(drawing, bands)
    tops = [_tops(side, tallest) for side in heights]
    for side, x in ((0, LEFT - BAR), (1, RIGHT)):
        for name, top in tops[side].items():
            drawing.rect((x, top, BAR, heights[side][name]), INK)
            _label(drawing, name, top + heights[side][name] / 2, _total(bands, side, name), side)
    used: list[dict[str, float]] = [
        {name: (heights[side][name] - _widths(bands, side, name)) / 2 for name in names}
        for side, names in enumerate(sides)
    ]
    for item in sides[0]:
        for recipient in sides[1]:
            band = bands.get((item, recipient))
            if band is None:
                continue
            y1, y2 = tops[0][item] + used[0][item], tops[1][recipient] + used[1][recipient]
            used[0][item] += band.width
            used[1][recipient] += band.width
            tip = f"{item} \N{RIGHTWARDS ARROW} {recipient}: {band}"
            drawing.path(_ribbon(y1, y2, band.width), COLOURS[band.verdict], opacity=0.55, tip=tip)
    return drawing


def _enter(bands: dict[_Pair, _Band], pair: _Pair, count: int, verdict: Verdict | None) -> None:
    band = bands[pair]
    band.count += count
    band.verdict = gravest((band.verdict, verdict))


def _merged(bands: Mapping[_Pair, _Band]) -> dict[_Pair, _Band]:
    """With what is beyond the room on either side as one row."""
    kept = [set(_ordered(bands, side)[: MOST - 1]) for side in (0, 1)]
    few = [len({pair[side] for pair in bands}) <= MOST for side in (0, 1)]
    merged: dict[_Pair, _Band] = defaultdict(_Band)
    for (item, recipient), band in bands.items():
        pair = (
            item if few[0] or item in kept[0] else _OTHERS,
            recipient if few[1] or recipient in kept[1] else _OTHERS,
        )
        _enter(merged, pair, band.count, band.verdict)
    return merged


def _ordered(bands: Mapping[_Pair, _Band], side: int) -> list[str]:
    """The names of a side: the gravest first, then those with most sightings; what shares a row comes last."""
    totals = {pair[side]: _total(bands, side, pair[side]) for pair in bands}
    return sorted(totals, key=lambda name: (name == _OTHERS, -GRAVITY[totals[name].verdict], -totals[name].count, name))


def _total(bands: Mapping[_Pair, _Band], side: int, name: str) -> _Band:
    mine = [band for pair, band in bands.items() if pair[side] == name]
    return _Band(sum(band.count for band in mine), gravest(band.verdict for band in mine))


def _widths(bands: Mapping[_Pair, _Band], side: int, name: str) -> float:
    return sum(band.width for pair, band in bands.items() if pair[side] == name)


def _height(bands: Mapping[_Pair, _Band], side: int, name: str) -> float:
    return max(LEAST, _widths(bands, side, name))


def _tops(heights: Mapping[str, float], tallest: float) -> dict[str, float]:
    """Where each row begins; the shorter side stands in the middle."""
    top = TOP + (tallest - sum(heights.values()) - GAP * (len(heights) - 1)) / 2
    tops = {}
    for name, height in heights.items():
        tops[name] = top
        top += height + GAP
    return tops


def _label(drawing: Drawing, name: str, y: float, total: _Band, side: int) -> None:
    x, anchor, room = (LEFT - BAR - 10, "end", LEFT - 30) if side == 0 else (RIGHT + BAR + 10, None, WIDTH - RIGHT - 30)
    drawing.text(x, y - 1, fitting(name, room, size=13), size=13, bold=True, anchor=anchor)
    fill = COLOURS[total.verdict] if total.verdict is Verdict.VIOLATES else PALE
    drawing.text(x, y + 13, str(total), size=11, anchor=anchor, fill=fill)


def _legend(drawing: Drawing, bands: Mapping[_Pair, _Band]) -> None:
    shown = {band.verdict for band in bands.values()}
    x = LEFT - BAR
    for verdict, name in _KEY:
        if verdict in shown:
            drawing.rect((x, 12, 12, 12), COLOURS[verdict])
            drawing.text(x + 18, 22, name, size=12)
            x += 34 + 7 * len(name)


def _ribbon(y1: float, y2: float, width: float) -> str:
    """A band from the bar of an item to that of a recipient."""
    middle = (LEFT + RIGHT) / 2
    return (
        f"M{LEFT},{y1:.1f} C{middle},{y1:.1f} {middle},{y2:.1f} {RIGHT},{y2:.1f} v{width:.1f} "
        f"C{middle},{y2 + width:.1f} {middle},{y1 + width:.1f} {LEFT},{y1 + width:.1f} z"
    )
