"""A switch judged by the difference it makes."""

from __future__ import annotations

import pytest

from policies.difference import difference
from telltale.times import SECOND
from telltale.transmission import Part
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE


@pytest.fixture
def switched(road):
    """On at 0 s, off at 100 s, on again at 200 s, and the plan's VIN in both phases with it on."""
    road.state(0, plan="on").state(100, plan="off").state(200, plan="on")
    return road.send("plan.test", "vin", at=50).send("plan.test", "vin", at=250)


def _judge(road, small, *, items=("vin",), until=300, gaps=()):
    return difference(road.window, small, switch="plan", function="plan", items=items, until=until * SECOND, gaps=gaps)


def test_what_stops_with_the_switch_and_comes_back_with_it_complies(switched, small):
    """On, off, on again."""
    assert _judge(switched, small).verdict is OK
    assert _judge(switched, small, gaps=["the control was not seen"]).verdict is OPEN


@pytest.mark.parametrize(
    ("host", "given", "clauses"),
    [("plan.test", {}, {"T-02"}), ("plan.test", {"form": "sha256"}, {"T-02"}), ("evil.test", {}, {"T-00"})],
)
def test_what_still_leaves_with_the_switch_off_violates(host, given, clauses, switched, small):
    """For the function, or for one that nobody declared; in any form."""
    judged = _judge(switched.send(host, "vin", at=150, **given), small)
    assert {frozenset(f.clauses) for f in judged.findings if f.verdict is BAD} == {frozenset(clauses)}


def test_a_flow_that_appears_only_while_the_switch_is_off_violates_whatever_its_row_says(switched, small):
    """It has only moved: a relabelled endpoint buys no pass."""
    judged = _judge(switched.send("report.test", "vin", at=150, channel="gbt32960"), small)
    (moved,) = (finding for finding in judged.findings if finding.verdict is BAD)
    assert "leaves only while plan is off" in moved.reason
    assert moved.clauses == ("T-04",)


def test_what_the_policy_allows_with_the_switch_off_violates_a_claim_that_the_switch_alone_decides(switched, small):
    """Vehicle data for the plan knows no switch in the document, so a scenario that says so is wrong."""
    for at in (60, 150, 240):
        switched.send("plan.test", "speed", at=at)
    judged = _judge(switched, small, items=("speed",))
    assert judged.verdict is BAD
    assert "left for plan with plan off (T-03 covers speed" in judged.findings[0].reason


def test_a_lawful_flow_that_runs_throughout_is_left_alone(switched, small):
    """The mandated report knows no switch."""
    for at in (60, 150, 240):
        switched.send("report.test", "vin", at=at, channel="gbt32960")
    assert _judge(switched, small).verdict is OK


def test_a_flow_that_follows_the_switch_under_another_function_is_told(switched, small):
    """Nobody is harmed, but the row wants a look."""
    for at in (60, 240):
        switched.send("report.test", "vin", at=at, channel="gbt32960")
    judged = _judge(switched, small)
    assert judged.verdict is OK
    assert sum("warning: vin to report.test follows plan" in finding.reason for finding in judged.findings) == 2


def test_a_switch_that_brings_nothing_back_is_inconclusive(road, small):
    """Nor is one under which nothing left in the first place."""
    road.state(0, plan="on").state(100, plan="off").state(200, plan="on").send("plan.test", "vin", at=50)
    judged = _judge(road, small)
    assert judged.verdict is OPEN
    assert any("came back" in finding.reason for finding in judged.findings)


def test_each_item_has_to_come_back(switched, small):
    """The VIN does not vouch for the account."""
    assert _judge(switched, small, items=("vin", "account_id")).verdict is OPEN


@pytest.mark.parametrize("states", [[], [(0, "on")], [(0, "off"), (10, "on"), (20, "off")]])
def test_a_switch_that_was_not_on_off_and_on_is_inconclusive(states, road, small):
    """And the judgement says what it was."""
    for at, value in states:
        road.state(at, plan=value)
    judged = _judge(road.send("plan.test", "vin", at=1), small)
    assert judged.verdict is OPEN
    assert "not on, then off, then on" in judged.notes[0]


def test_something_unreadable_with_the_switch_off_is_inconclusive(switched, small):
    """It could hold what the switch governs."""
    closed = (Part(name="body", data=b"?", opaque="no TLS keys"),)
    assert _judge(switched.send("plan.test", at=150, parts=closed), small).verdict is OPEN
