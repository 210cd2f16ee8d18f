"""The picture of a run: every fact, recipient and step, dense traffic binned, nothing from the unit as markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from reports.time_axis import Axis
from reports.timeline_plot import Band, Mark, plot
from telltale.timeline import Timeline
from telltale.times import SECOND
from telltale.verdict import Verdict

START = 1_795_338_346 * SECOND
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*, changes=(("ignition", "off"),), marks=(), bands=(), seconds=60, secrets=(), title="a scenario"):
    timeline = Timeline()
    for fact, value in changes:
        timeline.record(START, fact, value, "stimulus")
    span = (START, START + seconds * SECOND)
    return plot(title=title, timeline=timeline, marks=marks, bands=bands, span=span, secrets=secrets)


def texts(picture: str) -> list[str]:
    return [
        element.text or "" for element in ET.fromstring(picture).iter() if element.tag in (f"{SVG}text", f"{SVG}title")
    ]


def mark(at=1.0, recipient="a.test", verdict=None, **more):
    return Mark(bench=START + round(at * SECOND), recipient=recipient, uplink="cellular", verdict=verdict, **more)


def test_facts_recipients_and_steps_are_named():
    """With values, functions and how long a step took."""
    picture = drawn(
        changes=[("experience_plan", "off"), ("gear", "D")],
        marks=[mark(function="mandated report", verdict=Verdict.COMPLIES)],
        bands=[Band(start=START, stop=START + 60 * SECOND, text="When it is driven")],
    )
    told = texts(picture)
    assert {"experience plan", "gear", "D", "a.test", "cellular: mandated report", "1 sent"} <= set(told)
    assert any("When it is driven (1 min)" in text for text in told)


def test_five_thousand_reports_are_binned():
    """Fewer shapes than pixels, and none of the reports is lost from the count."""
    picture = drawn(marks=[mark(at=0.01 * n) for n in range(5000)])
    assert picture.count("<rect") < 400
    assert "5,000 sent" in texts(picture)
    assert (
        sum(
            int(text.split(": ")[1].split()[0])
            for text in texts(picture)
            if text.endswith("not judged") and ": " in text
        )
        == 5000
    )


def test_a_bin_shows_the_gravest_verdict_by_colour_and_by_shape():
    """One violation among a hundred is seen."""
    clean = drawn(marks=[mark(at=1, verdict=Verdict.COMPLIES) for _ in range(100)])
    picture = drawn(marks=[mark(at=1, verdict=Verdict.COMPLIES)] * 100 + [mark(at=1, verdict=Verdict.VIOLATES)])
    assert picture.count("<path") == clean.count("<path") + 1
    assert "1 violate" in texts(picture)


def test_nothing_from_a_unit_becomes_markup():
    """Hosts, values and titles are text; characters that XML cannot hold are replaced."""
    evil = "<script>alert(1)</script>\x00\x1b&'\""
    picture = drawn(changes=[("fact", evil), (evil, "x")], marks=[mark(recipient=evil, function=evil)], title=evil)
    assert not list(ET.fromstring(picture).iter(f"{SVG}script"))
    assert "<script" not in picture


def test_identities_are_masked_before_labels_are_cut():
    """Not even their first characters stay at the end of a shortened label."""
    vin = "LNBSCPEK9JD012493"
    picture = drawn(marks=[mark(recipient=f"a-rather-long-host-{vin}.example.test")], secrets=[vin], title=vin)
    assert "LNBS" not in picture


def test_many_recipients_share_the_last_row():
    """But one with a violation has a row of its own."""
    marks = [mark(recipient=f"host-{n}.test") for n in range(40)] + [
        mark(recipient="bad.test", verdict=Verdict.VIOLATES)
    ]
    told = texts(drawn(marks=marks))
    assert "bad.test" in told
    assert "28 other recipients" in told


def test_an_empty_run_is_drawn():
    """No facts, no traffic, no time."""
    assert "nothing" in texts(drawn(changes=(), seconds=0))


def test_a_fact_that_flutters_is_told_by_number():
    """A hundred phases are not drawn one by one."""
    timeline = Timeline()
    for n in range(100):
        timeline.record(START + n * SECOND, "speed", n, "can")
    assert "100 changes" in texts(
        plot(title="t", timeline=timeline, marks=(), bands=(), span=(START, START + 100 * SECOND))
    )


@pytest.mark.parametrize("cuts", [(), (30,), (1, 31, 3600), (0, 0, 3600)])
def test_the_axis_is_monotonic_and_spans_its_width(cuts):
    """Whatever the steps."""
    axis = Axis(0, 3600 * SECOND, [cut * SECOND for cut in cuts], left=100, right=1100)
    places = [axis.x(moment * SECOND) for moment in range(0, 3601, 5)]
    assert places[0] == pytest.approx(100)
    assert places[-1] == pytest.approx(1100)
    assert all(a <= b for a, b in pairwise(places))


def test_a_short_step_beside_an_hour_keeps_room():
    """Thirty seconds of upload before sixty minutes of waiting."""
    axis = Axis(0, 3630 * SECOND, [30 * SECOND], left=0, right=1000)
    assert axis.x(30 * SECOND) > 150
    assert axis.breaks() == [pytest.approx(axis.x(30 * SECOND), abs=0.1)]


def test_times_on_the_axis_keep_their_distance():
    """None is written over another."""
    axis = Axis(0, 3600 * SECOND, [n * SECOND for n in range(0, 3600, 40)], left=0, right=900)
    places = sorted(axis.x(moment) for moment, _ in axis.ticks())
    assert len(places) > 5
    assert all(b - a >= 50 for a, b in pairwise(places))


def test_steps_of_no_time_share_no_place():
    """Their numbers stand side by side."""
    bands = [Band(start=START, stop=START, text=f"Then {n}") for n in range(6)]
    circles = [float(c.attrib["cx"]) for c in ET.fromstring(drawn(bands=bands)).iter(f"{SVG}circle")]
    assert len(circles) == 6
    assert all(abs(a - b) >= 16 for i, a in enumerate(circles) for b in circles[:i])


def test_the_picture_holds_no_reference_to_the_outside():
    """But for the name of SVG's own namespace."""
    assert re.findall(r"https?://[^\"']+", drawn(marks=[mark()])) == ["http://www.w3.org/2000/svg"]
