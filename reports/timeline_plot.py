"""A scenario's run as one picture: unit state on top, what left the car below it, the Gherkin steps behind both.

The time axis is the bench's. Each step gets a width of its own, so that thirty seconds of upload stay readable beside
an hour of waiting; where the scale changes stands a step's border, with the bench time below it. Dense traffic is
binned. The picture is self-contained SVG without script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.drawing import INK, PALE, Drawing, fitting
from reports.gravity import COLOURS, GRAVITY
from reports.time_axis import Axis
from telltale.timeline import Timeline
from telltale.times import SECOND, format_duration, utc
from telltale.verdict import Verdict

WIDTH = 1180
LEFT, RIGHT = 218, 96
LANE, ROW = 20, 34
BIN = 4
"""Pixels that share one tick."""
MOST_RECIPIENTS = 14
"""Rows of recipients; further ones share the last row."""
MOST_PHASES = 40
"""Phases of a fact that are drawn one by one; of more, only their number is told."""

_LANE = ("#b6d7ff", "#ffdfb6", "#d8c8f6", "#bfe5d6", "#f7cfe0", "#e3e0c4")
_REST = "#eef1f4"
_RESTING = {"off", "none", "closed", "idle", "quiet", "False", "0"}
"""Values that mean that nothing is going on; they are drawn pale."""
_BAND = ("#f6f8fa", "#eaeef2")
_KEY = (
    (Verdict.COMPLIES, "complies"),
    (Verdict.VIOLATES, "violates \N{BLACK DOWN-POINTING SMALL TRIANGLE}"),
    (Verdict.INCONCLUSIVE, "inconclusive"),
    (None, "not judged"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """One transmission in the picture."""

    bench: int
    """Bench time of its first byte, ns."""
    recipient: str
    uplink: str | None
    function: str | None = None
    """The car's function that it belongs to, as the policy names it; None is not known."""
    verdict: Verdict | None = None
    """The gravest of its findings; None if nothing was said about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A Gherkin step and the bench span that it took, ns."""

    start: int
    stop: int
    text: str


def plot(
    *,
    title: str,
    timeline: Timeline,
    marks: Iterable[Mark],
    bands: Sequence[Band],
    span: tuple[int, int],
    secrets: Sequence[str] = (),
) -> str:
    """The picture as SVG text.

    :param span: bench time of the left and right edge, ns
    :param secrets: identities in clear, masked wherever they would stand
    """
    return str(_Picture(title, timeline, list(marks), bands, span, secrets).canvas)


@dataclass
class _Row:
    recipient: str
    marks: list[Mark]

    @property
    def about(self) -> str:
        """Uplinks and functions, for the second line of the label."""
        uplinks = sorted({mark.uplink or "unknown uplink" for mark in self.marks})
        functions = sorted({mark.function for mark in self.marks if mark.function})
        return ", ".join(uplinks) + (f": {', '.join(functions)}" if functions else "")


class _Picture:
    def __init__(  # noqa: PLR0917 - the one caller is `plot`, in this order
        self,
        title: str,
        timeline: Timeline,
        marks: list[Mark],
        bands: Sequence[Band],
        span: tuple[int, int],
        secrets: Sequence[str],
    ) -> None:
        self._bands = bands
        self._start, self._stop = span[0], max(span[1], span[0] + 1)
        cuts = [edge for band in bands for edge in (band.start, band.stop)]
        self._axis = Axis(self._start, self._stop, cuts, left=LEFT, right=WIDTH - RIGHT)
        facts = list(dict.fromkeys(change.fact for change in timeline))
        rows = _rows(marks)
        top = 66
        rows_start = top + LANE * len(facts) + 26
        bottom = rows_start + ROW * max(len(rows), 1)
        legend = bottom + 60
        self.canvas = Drawing(WIDTH, legend + 17 * len(bands) + 4, secrets)
        self.canvas.text(14, 22, title, size=15, bold=True)
        self.canvas.text(14, 40, f"bench time, from {utc(self._start)}", fill=PALE)
        self._steps(top, bottom)
        self.canvas.text(14, top - 5, "unit state", bold=True)
        for index, fact in enumerate(facts):
            self._lane(top + LANE * index, fact, timeline)
        self.canvas.text(14, rows_start - 6, "what left the car", bold=True)
        if not rows:
            self.canvas.text(LEFT + 6, rows_start + 16, "nothing", fill=PALE)
        for index, row in enumerate(rows):
            self._recipient(rows_start + ROW * index, row)
        self._times(top, bottom)
        self._legend(legend)

    def _steps(self, top: int, bottom: int) -> None:
        """Steps that take time are bands, the others thin lines; both carry the step's number."""
        taken: list[float] = []
        lasting = 0
        for number, band in enumerate(self._bands, 1):
            left, right = self._axis.x(band.start), self._axis.x(band.stop)
            place = (left + right) / 2
            if right - left > 2:
                self.canvas.rect((left, top, right - left, bottom - top), _BAND[lasting % 2])
                lasting += 1
            else:
                self.canvas.line(place, top, place, bottom)
            while any(abs(place - other) < 17 for other in taken):
                place += 17
            taken.append(place)
            self.canvas.circle(place, top - 9, 8, "#ffffff", edge=PALE, tip=band.text)
            self.canvas.text(place, top - 5, str(number), size=10, anchor="middle")

    def _lane(self, y: int, fact: str, timeline: Timeline) -> None:
        self.canvas.text(LEFT - 8, y + 14, self._fit(fact.replace("_", " ")), anchor="end")
        phases = timeline.phases(fact, self._stop)
        if len(phases) > MOST_PHASES:
            self.canvas.rect((LEFT, y + 2, WIDTH - RIGHT - LEFT, LANE - 4), _LANE[0])
            self.canvas.text(LEFT + 6, y + 14, f"{len(phases)} changes", size=11)
            return
        live = [v for v in dict.fromkeys(str(value) for _, _, value in phases) if v not in _RESTING]
        for start, stop, value in phases:
            left, right = self._axis.x(start), self._axis.x(stop)
            colour = _REST if str(value) in _RESTING else _LANE[live.index(str(value)) % len(_LANE)]
            box = (left, y + 2, max(right - left, 1.5), LANE - 4)
            self.canvas.rect(box, colour, edge="#ffffff", tip=f"{fact} = {value}, {utc(start)} to {utc(stop)}")
            if label := self._fit(str(value), right - left - 8):
                self.canvas.text(left + 5, y + 14, label, size=11)

    def _recipient(self, y: int, row: _Row) -> None:
        base = y + ROW - 8
        self.canvas.text(LEFT - 8, y + 11, self._fit(row.recipient), anchor="end")
        about = self._fit(row.about, size=10)
        self.canvas.text(LEFT - 8, y + 23, about, size=10, anchor="end", fill=PALE)
        self.canvas.line(LEFT, base, WIDTH - RIGHT, base)
        bins: dict[int, list[Mark]] = {}
        for mark in row.marks:
            bins.setdefault(int(self._axis.x(mark.bench) // BIN), []).append(mark)
        for place, held in sorted(bins.items()):
            gravest = _gravest(held)
            high = min(6 + 3 * len(held).bit_length(), base - y - 2)
            counts = ", ".join(f"{n} {verdict or 'not judged'}" for verdict, n in _counted(held))
            when = " to ".join(dict.fromkeys((utc(held[0].bench), utc(held[-1].bench))))
            tip = f"{row.recipient}, {when}: {counts}"
            self.canvas.rect((place * BIN, base - high, BIN - 1, high), COLOURS[gravest], tip=tip)
            if gravest is Verdict.VIOLATES:  # told by shape as well as by colour
                middle = place * BIN + (BIN - 1) / 2
                self.canvas.path(f"M{middle - 3.5:g},{base - high - 6:g} h7 l-3.5,5 z", COLOURS[gravest])
        self.canvas.text(WIDTH - RIGHT + 8, y + 11, f"{len(row.marks):,} sent", size=11)
        if bad := sum(mark.verdict is Verdict.VIOLATES for mark in row.marks):
            self.canvas.text(WIDTH - RIGHT + 8, y + 23, f"{bad:,} violate", size=11, fill=COLOURS[Verdict.VIOLATES])

    def _fit(self, text: str, width: float = LEFT - 24, size: float = 11.5) -> str:
        return fitting(self.canvas.clean(text), width, size=size)  # masked before it is cut, or half an identity stays

    def _times(self, top: int, bottom: int) -> None:
        """Bench time after the start, at the steps' borders and at round times in between; then the key."""
        self.canvas.line(LEFT, bottom, WIDTH - RIGHT, bottom, INK)
        self.canvas.line(LEFT, top, LEFT, bottom)
        for moment, is_border in self._axis.ticks():
            x = self._axis.x(moment)
            self.canvas.line(x, bottom, x, bottom + (7 if is_border else 4), INK)
            self.canvas.text(x, bottom + 19, _since(moment - self._start), size=10.5, anchor="middle", fill=PALE)
        for x in self._axis.breaks():
            self.canvas.path(f"M{x - 3:g},{bottom + 4} l3,-8 M{x + 1:g},{bottom + 4} l3,-8", "none", edge=INK)
        for index, (verdict, word) in enumerate(_KEY):
            x = LEFT + 95 * index
            self.canvas.rect((x, bottom + 28, 10, 10), COLOURS[verdict])
            self.canvas.text(x + 15, bottom + 37, word, size=11)
        note = "taller: more of them; // the scale changes from step to step"
        self.canvas.text(LEFT + 95 * len(_KEY), bottom + 37, note, size=11, fill=PALE)

    def _legend(self, y: int) -> None:
        for number, band in enumerate(self._bands, 1):
            row = y + 17 * (number - 1)
            self.canvas.text(LEFT - 8, row, _since(band.start - self._start), size=11, anchor="end", fill=PALE)
            took = f" ({format_duration(band.stop - band.start)})" if band.stop - band.start >= SECOND else ""
            self.canvas.text(LEFT, row, f"{number}  {self._fit(band.text, WIDTH - LEFT - 120)}{took}")


def _rows(marks: Iterable[Mark]) -> list[_Row]:
    """A row a recipient, in the order of first contact; those with violations are never among the joined ones."""
    rows: dict[str, _Row] = {}
    for mark in sorted(marks, key=lambda mark: mark.bench):
        rows.setdefault(mark.recipient, _Row(mark.recipient, [])).marks.append(mark)
    if len(rows) <= MOST_RECIPIENTS:
        return list(rows.values())
    ranked = sorted(rows.values(), key=lambda row: (-GRAVITY[_gravest(row.marks)], -len(row.marks)))
    kept = {row.recipient for row in ranked[: MOST_RECIPIENTS - 1]}
    joined = [mark for row in rows.values() if row.recipient not in kept for mark in row.marks]
    others = _Row(f"{len(rows) - len(kept)} other recipients", sorted(joined, key=lambda mark: mark.bench))
    return [*(row for row in rows.values() if row.recipient in kept), others]


def _gravest(marks: Iterable[Mark]) -> Verdict | None:
    return max((mark.verdict for mark in marks), key=lambda verdict: GRAVITY[verdict])


def _counted(marks: Iterable[Mark]) -> list[tuple[Verdict | None, int]]:
    return Counter(mark.verdict for mark in marks).most_common()


def _since(nanoseconds: int) -> str:
    """``+1:02:03``, ``+0:30``: hours are left out when there are none, fractions are told below one second."""
    if 0 < nanoseconds < SECOND:
        return f"+{nanoseconds / SECOND:.3g} s"
    seconds = nanoseconds // SECOND
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"+{days} d {hours}:{minutes:02d}:{seconds:02d}"
    return f"+{hours}:{minutes:02d}:{seconds:02d}" if hours else f"+{minutes}:{seconds:02d}"
