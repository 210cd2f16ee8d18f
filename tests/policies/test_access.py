"""What a bench cannot open it cannot judge: told before a run and after it by one function."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.access import limits, limits_at, limits_for
from policies.claims import (
    Expected,
    every_transmission_covered,
    exactly_these,
    leaves_for_only,
    no_finer_than,
    none_leaves,
    nothing_leaves,
)
from policies.difference import difference
from policies.running import keeps_running
from telltale.times import SECOND
from telltale.transmission import Part, Volume
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
CLOSED = {"channel": "tls", "parts": (Part(name="payload", data=b"?", opaque="no TLS keys"),), "conversation": 5}
PLAN_CLOSED = {"plan.test": "metadata"}
REASON = "what goes to plan.test for plan stays closed to this rig, whose access to it is metadata"


@pytest.fixture
def closed(road):
    """A window of a bench that sees metadata of plan.test alone; something went there, and to the logs."""
    road.state(plan="on").send("plan.test", at=2, **CLOSED).send("plan.test", at=9, **CLOSED)
    road.send("logs.test", "vin", at=3)
    return replace(road.window, access=PLAN_CLOSED, volumes={5: Volume(sent=1200, received=340)})


def test_the_functions_of_a_closed_recipient_are_known_beforehand(small):
    """With the clauses that name them; those about any function are judged for the others."""
    [limit] = limits(small, PLAN_CLOSED)
    assert (limit.host, limit.function) == ("plan.test", "plan")
    assert limit.clauses == ("T-01", "T-02", "T-03")
    assert limit.reason == REASON
    assert limits(small, {"plan.test": "keylog", "logs.test": "intercept"}) == ()


def test_the_most_specific_row_decides_what_is_closed(small):
    """An ending closes what no name opens; what is declared opaque is accepted unread."""
    closed = {(limit.host, limit.function) for limit in limits(small, {"*.test": "metadata", "plan.test": "keylog"})}
    assert ("plan.test", "plan") not in closed
    assert ("weather.test", "weather") in closed
    assert {function for host, function in closed if host == "cam.test"} == {"camera", "logs"}
    assert not any(host == "sealed.test" for host, _ in closed)


def test_a_recipient_of_several_functions_closes_each_of_them(small):
    """As a transmission names it."""
    assert {limit.function for limit in limits_at("cam.test", small, {"cam.test": "metadata"})} == {"camera", "logs"}
    assert limits_at("cam.test", small, PLAN_CLOSED) == ()
    assert [limit.host for limit in limits_for(["position"], small, {"*.test": "metadata"})] == ["weather.test"]


def test_absence_and_presence_are_inconclusive_with_recipient_access_and_volume(closed, small):
    """For the function whose recipient is closed."""
    rows = [Expected(item="vin", organisation="maker", function="plan", uplink="cellular")]
    for judged in (none_leaves(closed, small, ["vin"], "plan"), exactly_these(closed, small, rows)):
        assert set(judged.verdicts.values()) == {OPEN}
        [told] = {finding.reason for finding in judged.findings if finding.transmission is None and finding.clauses}
        assert told == (
            f"{REASON} (2 transmissions from 1970-01-01T00:00:02.000Z to 1970-01-01T00:00:09.000Z; "
            "1 connection with 1,200 bytes sent and 340 received)"
        )
        assert {"T-01", "T-02"} <= set(judged.clauses)


def test_absence_is_inconclusive_even_if_nothing_went_there(road, small):
    """What a rig can judge is known before the run, and does not hang on what the car does."""
    window = replace(road.state(plan="off").window, access=PLAN_CLOSED)
    judged = none_leaves(window, small, ["vin"], "plan")
    assert set(judged.verdicts.values()) == {OPEN}
    assert "(nothing was sent there)" in judged.findings[0].reason


def test_claims_about_other_functions_are_not_touched(closed, small):
    """Theirs was opened."""
    assert set(none_leaves(closed, small, ["position"], "weather").verdicts.values()) == {OK}
    assert set(nothing_leaves(closed, small, "weather").verdicts.values()) == {OK}
    assert set(no_finer_than(closed, small, ["position"], "weather", 10).verdicts.values()) == {OPEN}  # not seen at all
    assert not any("metadata" in f.reason for f in no_finer_than(closed, small, ["position"], "weather", 10).findings)


def test_silence_needs_no_content(closed, road, small):
    """Nothing sent is seen from outside; that something went is no proof of what for."""
    assert set(nothing_leaves(closed, small, "plan").verdicts.values()) == {OPEN}
    quiet = replace(road.window, transmissions=(), sightings=(), access=PLAN_CLOSED)
    assert set(nothing_leaves(quiet, small, "plan").verdicts.values()) == {OK}
    assert set(nothing_leaves(closed, small).verdicts.values()) == {BAD}


def test_claims_about_the_whole_car_hang_on_what_was_sent(closed, road, small):
    """A closed recipient that got nothing hides nothing from them."""
    for judged in (
        every_transmission_covered(closed, small),
        none_leaves(closed, small, ["iccid"]),
        leaves_for_only(closed, small, ["vin"], "maker"),
    ):
        assert set(judged.verdicts.values()) == {OPEN}
        assert any(REASON in finding.reason for finding in judged.findings)
    kept = tuple(t for t in road.transmissions if t.recipient != "plan.test")
    quiet = replace(closed, transmissions=kept)
    assert set(every_transmission_covered(quiet, small).verdicts.values()) == {OK}


def test_a_silence_of_a_duty_that_cannot_be_read_violates_nothing(road, small):
    """It may have gone on unseen."""
    road.send("report.test", at=2, **CLOSED)
    window = replace(road.window, access={"report.test": "metadata"})
    judged = keeps_running(window, small, "report", items=["vin"], interval=10 * SECOND, span=(0, 60 * SECOND))
    assert set(judged.verdicts.values()) == {OPEN}


def test_the_effect_of_a_switch_cannot_be_seen_at_a_closed_recipient(road, small):
    """The reason is told beside what is missing."""
    road.state(0, plan="on").state(10, plan="off").state(20, plan="on")
    window = replace(road.window, access=PLAN_CLOSED)
    judged = difference(window, small, switch="plan", function="plan", items=["vin"], until=30 * SECOND)
    assert set(judged.verdicts.values()) == {OPEN}
    assert any(REASON in finding.reason for finding in judged.findings)


def test_what_is_seen_all_the_same_violates(road, small):
    """A name in clear is evidence, whatever the access."""
    road.state(plan="off").send("plan.test", "vin", **CLOSED)
    window = replace(road.window, access=PLAN_CLOSED)
    assert BAD in none_leaves(window, small, ["vin"], "plan").verdicts.values()
