"""What the car is obliged to send goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.running import keeps_running
from telltale.clocks import ClockOffset
from telltale.errors import InputError
from telltale.times import SECOND
from telltale.transmission import Field, Part
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
GBT = {"channel": "gbt32960"}


def _judge(road, small, *, span=(0, 60), gaps=(), slack=0, items=("vin", "position")):
    return keeps_running(
        road.window,
        small,
        "report",
        items=items,
        interval=10 * SECOND,
        span=(span[0] * SECOND, span[1] * SECOND),
        slack=round(slack * SECOND),
        gaps=gaps,
    )


def _report(road, *moments, items=("vin", "position"), **given):
    for at in moments:
        road.send("report.test", *items, at=at, **{**GBT, **given})
    return road


def test_a_report_at_its_interval_complies(road, small):
    """With each of its items, from the start of the span to its end."""
    judged = _judge(_report(road, *range(10, 61, 10)), small)
    assert (judged.verdict, judged.clauses) == (OK, ("T-04",))
    assert "carried vin 6 times" in judged.findings[0].reason


@pytest.mark.parametrize(
    "moments", [(20, 30, 40, 50, 60), (10, 20, 40, 50, 60), (10, 20, 30, 40), ()], ids=["start", "middle", "end", "all"]
)
def test_a_silence_longer_than_the_interval_violates(moments, road, small):
    """Wherever it lies; the finding says when it began and which clause it breaks."""
    judged = _judge(_report(road, *moments), small)
    broken = [finding for finding in judged.findings if finding.verdict is BAD]
    assert judged.verdict is BAD
    assert {finding.clauses for finding in broken} == {("T-04",)}
    assert all(finding.bench is not None for finding in broken)


def test_a_silence_in_a_capture_with_gaps_is_inconclusive(road, small):
    """It may have been the bench that did not hear."""
    assert _judge(_report(road, 10, 60), small, gaps=["12 packets dropped"]).verdict is OPEN


def test_a_silence_in_which_something_unreadable_was_sent_is_inconclusive(road, small):
    """It may have been the report."""
    _report(road, 10, 20, 40, 50, 60)
    _report(road, 30, items=(), parts=(Part(name="data", data=b"?", opaque="encrypted with RSA"),))
    assert _judge(road, small).verdict is OPEN


def test_a_report_that_lost_one_of_its_items_violates(road, small):
    """The VIN alone is not the report."""
    judged = _judge(_report(road, *range(10, 61, 10), items=("vin",)), small)
    assert "without position" in judged.findings[1].reason
    assert judged.verdict is BAD


def test_an_item_that_the_decoder_names_counts_as_carried(road, small):
    """A field of a frame, though its value is no identity of this run."""
    vin = Field(name="vin", value="X", part="payload", offset=4, length=17)
    judged = _judge(_report(road, *range(10, 61, 10), items=(), fields=(vin,)), small, items=("vin",))
    assert judged.verdict is OK


def test_a_report_to_somebody_else_is_silence_to_whom_it_is_owed(road, small):
    """And a violation of its own."""
    for at in range(10, 61, 10):
        road.send("relay.test", "vin", "position", at=at, **GBT)
    judged = _judge(road, small)
    assert {clause for f in judged.findings if f.verdict is BAD for clause in f.clauses} == {"T-04", "T-05"}


def test_jitter_within_the_slack_is_let_pass(road, small):
    """And no more."""
    _report(road, 10.4, 20.8, 31.2, 41.6, 52, 60)
    assert _judge(road, small, slack=0.5).verdict is OK
    assert _judge(road, small, slack=0.3).verdict is BAD


@pytest.mark.parametrize(
    ("known_to", "verdict"), [(1, BAD), (10, OPEN)], ids=["silent for longer", "perhaps not silent"]
)
def test_what_was_made_is_counted_by_bench_time(known_to, verdict, road, small):
    """The unit's clock is 90 s behind; nothing was made from 20 s to 40 s."""
    _report(road, 10, 20, 40, 50, 60)
    late = [replace(t, generated=t.bench - 90 * SECOND, bench=200 * SECOND) for t in road.transmissions]
    clock = ClockOffset(source="the unit", offset=-90 * SECOND, uncertainty=known_to * SECOND, measured=0)
    judged = keeps_running(
        replace(road.window, transmissions=tuple(late), clock=clock),
        small,
        "report",
        items=["vin"],
        interval=10 * SECOND,
        span=(0, 60 * SECOND),
        basis="generated",
    )
    assert judged.verdict is verdict
    silences = [finding.reason for finding in judged.findings if "went without vin" in finding.reason]
    assert len(silences) == 1
    assert ("leaves it open" in silences[0]) is (verdict is OPEN)


def test_only_what_a_clause_obliges_can_be_asked_for(road, small):
    """One line, with what was given."""
    with pytest.raises(InputError, match="no clause obliges `report` to carry `email`"):
        _judge(road, small, items=("email",))
