"""What scenarios claim about a window of transmissions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.claims import (
    Expected,
    every_transmission_covered,
    exactly_these,
    leaves_for_only,
    no_finer_than,
    none_leaves,
    nothing_leaves,
)
from telltale.transmission import Part
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
CLOSED = (Part(name="body", data=b"?", opaque="no TLS keys"),)
VIN_FOR_PLAN = Expected(item="vin", organisation="maker", function="plan", uplink="cellular")


def test_a_window_in_which_nothing_left_shows_nothing(road, small):
    """Every transmission of none is no evidence."""
    judged = every_transmission_covered(road.window, small)
    assert (judged.verdict, judged.notes) == (OPEN, ("nothing left the car",))


def test_what_all_readings_say_alike_is_told_once(road, small):
    """And what they part over once for each."""
    road.state(plan="off").send("evil.test").send("logs.test", "vin")
    judged = every_transmission_covered(road.window, small)
    assert judged.verdicts == {"strict": BAD, "lenient": BAD}
    assert [(f.verdict, f.reading) for f in judged.findings] == [(BAD, None), (BAD, "strict"), (OK, "lenient")]
    assert judged.clauses == ("T-00", "T-08", "T-16")


def test_readings_of_an_ambiguous_clause_may_part(road, small):
    """The gravest is the judgement's verdict."""
    judged = every_transmission_covered(road.state(plan="off").send("logs.test", "vin").window, small)
    assert judged.verdicts == {"strict": BAD, "lenient": OK}
    assert (judged.verdict, judged.readings_differ) == (BAD, True)


def test_gaps_turn_complies_into_inconclusive_and_leave_violates(road, small):
    """What could not be seen may hide a leak, and never excuses one."""
    covered = road.state(plan="on").send("plan.test", "vin").window
    assert every_transmission_covered(covered, small).verdict is OK
    assert every_transmission_covered(covered, small, gaps=["the control was not seen"]).verdict is OPEN
    leaking = road.send("evil.test", "vin").window
    assert every_transmission_covered(leaking, small, gaps=["the control was not seen"]).verdict is BAD


@pytest.mark.parametrize(
    ("sent", "verdict"),
    [
        ([], OK),
        ([("plan.test", "vin", {})], BAD),
        ([("plan.test", "vin", {"form": "sha256"})], BAD),
        ([("plan.test", "speed", {})], OK),
        ([("report.test", "vin", {"channel": "gbt32960"})], OK),
        ([("evil.test", "vin", {})], BAD),
        ([("relay.test", "vin", {"channel": "gbt32960"})], BAD),
        ([("partner.test", "vin", {})], BAD),
        ([("plan.test", None, {"parts": CLOSED})], OPEN),
        ([("logs.test", None, {"parts": CLOSED})], OK),
        ([("evil.test", None, {})], OK),
        ([("evil.test", None, {"parts": CLOSED})], OPEN),
        ([("x.test", "vin", {"channel": "dns"})], BAD),
    ],
)
def test_none_leaves_for_a_function_nor_for_one_that_nobody_declared(sent, verdict, road, small):
    """Lawful other functions are left alone, if the policy covers them."""
    road.state(plan="off")
    for host, item, given in sent:
        road.send(host, *([item] if item else []), **given)
    assert none_leaves(road.window, small, ["vin", "account_id"], "plan").verdict is verdict


def test_a_claim_that_none_leaves_holds_even_where_the_policy_would_allow_it(road, small):
    """The scenario's word counts; the reason says that the policy would not have minded."""
    judged = none_leaves(road.state(plan="on").send("plan.test", "vin").window, small, ["vin"], "plan")
    assert judged.verdict is BAD
    assert "of which the scenario allows none" in judged.findings[0].reason
    assert "T-01" in judged.clauses


def test_without_a_function_none_leaves_at_all(road, small):
    """Not even in the report."""
    road.send("report.test", "vin", channel="gbt32960")
    assert none_leaves(road.window, small, ["vin"]).verdict is BAD
    assert none_leaves(road.window, small, ["email"]).verdict is OK


def test_none_of_a_broad_item_means_none_of_the_narrower_ones(road, small):
    """A position is a location."""
    road.send("report.test", "position", channel="gbt32960")
    assert none_leaves(road.window, small, ["location"]).verdict is BAD


@pytest.mark.parametrize(
    ("sent", "function", "verdict"),
    [
        ({"host": "weather.test"}, "weather", BAD),
        ({"host": "weather.test"}, None, BAD),
        ({"host": "weather.test"}, "plan", OK),
        ({"host": "evil.test"}, "weather", BAD),
        ({"host": "any.test", "channel": "dns"}, None, OK),
        ({"host": "any.test", "channel": "dns"}, "weather", OK),
        ({"host": "weather.test", "parts": CLOSED}, "weather", BAD),
    ],
)
def test_nothing_leaves_means_not_one_transmission_but_background(sent, function, verdict, road, small):
    """Whatever is in it; the clauses are those that it would have had to rest on."""
    judged = nothing_leaves(road.send(**sent).window, small, function)
    assert judged.verdict is verdict
    assert verdict is OK or set(judged.clauses) & {"T-06", "T-00"}


def test_a_closed_connection_to_a_declared_host_is_no_evidence_about_a_function(road, small):
    """A handshake that was cut off may have been for anything that the host serves; without a function it left."""
    sent = road.send("logs.test", channel="tls", parts=()).window
    assert nothing_leaves(sent, small, "weather").verdict is OPEN
    assert nothing_leaves(sent, small).verdict is BAD


def test_an_identity_in_background_is_not_nothing(road, small):
    """Declared background carries no item."""
    assert nothing_leaves(road.send("vin.test", "vin", channel="dns").window, small).verdict is BAD


@pytest.mark.parametrize(
    ("sent", "verdict", "reason"),
    [
        ([("plan.test", "vin", {})], OK, ""),
        ([("plan.test", "vin", {}), ("plan.test", "vin", {})], OK, ""),
        ([], OPEN, "expected, but not seen: vin to maker for plan over cellular"),
        ([("plan.test", "vin", {"uplink": "wifi"})], BAD, "surplus: vin to maker for plan over wifi"),
        ([("plan.test", "vin", {}), ("plan.test", "account_id", {})], BAD, "surplus: account_id"),
        ([("plan.test", "vin", {}), ("plan.test", "email", {})], BAD, "no clause permits email"),
        ([("plan.test", "vin", {}), ("evil.test", "vin", {})], BAD, "undeclared endpoint"),
        ([("plan.test", "vin", {}), ("evil.test", None, {})], BAD, "undeclared endpoint"),
        ([("plan.test", "vin", {}), ("plan.test", None, {"parts": CLOSED})], OPEN, "could not be read"),
        ([("plan.test", "vin", {}), ("report.test", "vin", {"channel": "gbt32960"})], OK, ""),
        ([("plan.test", "vin", {}), ("relay.test", "vin", {"channel": "gbt32960"})], BAD, "confines"),
        ([("plan.test", "vin", {}), ("x.test", None, {"channel": "dns"})], OK, ""),
        ([("plan.test", "vin", {}), ("x.test", "vin", {"channel": "dns"})], BAD, "name resolution"),
    ],
)
def test_exactly_these_is_a_closed_world(sent, verdict, reason, road, small):
    """A missing row is a missed expectation, a surplus one violates; background does not count."""
    road.state(plan="on")
    for host, item, given in sent:
        road.send(host, *([item] if item else []), **given)
    judged = exactly_these(road.window, small, [VIN_FOR_PLAN])
    assert judged.verdict is verdict
    assert any(reason in finding.reason for finding in judged.findings)


@pytest.mark.parametrize(
    ("ecu", "verdict", "reason"),
    [
        ("T-Box", OK, ""),
        ("IVI", BAD, "surplus: vin to maker for plan over cellular from IVI"),
        (None, OPEN, "which control unit sent it cannot be told"),
    ],
)
def test_a_row_may_say_which_control_unit_sends(ecu, verdict, reason, road, small):
    """Another one violates; one that cannot be told is neither."""
    road.state(plan="on").send("plan.test", "vin", ecu=ecu)
    judged = exactly_these(road.window, small, [replace(VIN_FOR_PLAN, ecu="T-Box")])
    assert judged.verdict is verdict
    assert any(reason in finding.reason for finding in judged.findings)


def test_a_row_that_the_policy_forbids_violates_though_it_was_expected(road, small):
    """A table cannot allow what the document does not."""
    road.state(plan="off").send("plan.test", "vin")
    judged = exactly_these(road.window, small, [VIN_FOR_PLAN])
    assert (judged.verdict, judged.clauses) == (BAD, ("T-02",))


def test_a_surplus_names_the_clause_that_would_have_allowed_it_elsewhere(road, small):
    """So that a defect of the uplink can be proven to be caught."""
    road.state(plan="on").send("plan.test", "vin").send("plan.test", "vin", uplink="wifi")
    judged = exactly_these(road.window, small, [VIN_FOR_PLAN])
    (surplus,) = (f for f in judged.findings if f.verdict is BAD and f.reading == "strict")
    assert (surplus.clauses, surplus.transmission.uplink) == (("T-01",), "wifi")


@pytest.mark.parametrize(
    ("sent", "verdict"),
    [
        ([], OPEN),
        ([("plan.test", {})], OK),
        ([("plan.test", {}), ("report.test", {"channel": "gbt32960"})], BAD),
        ([("plan.test", {}), ("evil.test", {})], BAD),
        ([("plan.test", {}), ("logs.test", {"parts": CLOSED})], OPEN),
    ],
)
def test_an_item_that_leaves_for_one_only(sent, verdict, road, small):
    """It has to leave, and to nobody else."""
    road.state(plan="on")
    for host, given in sent:
        road.send(host, *([] if "parts" in given else ["vin"]), **given)
    assert leaves_for_only(road.window, small, ["vin"], "maker").verdict is verdict


@pytest.mark.parametrize(
    ("precision", "metres", "verdict"),
    [(20000.0, 15000, OK), (11000.0, 15000, BAD), (11.0, 5, BAD), (None, 15000, OPEN)],
)
def test_precision_is_limited_by_the_scenario_and_by_the_policy(precision, metres, verdict, road, small):
    """The finer of the two limits counts; what was not measured shows nothing."""
    road.state(permission="on").send("weather.test", "position", precision=precision)
    assert no_finer_than(road.window, small, ["position"], "weather", metres).verdict is verdict


def test_a_precision_that_nobody_saw_is_inconclusive(road, small):
    """No position left."""
    assert no_finer_than(road.window, small, ["position"], "weather", 10).verdict is OPEN


def test_the_bench_s_own_transmissions_prove_nothing_about_the_car(road, small):
    """They are no leak, and they are not something that left the car."""
    window = replace(road.send("control.test", "vin").window, own=frozenset({0}))
    assert every_transmission_covered(window, small).verdict is OPEN
    assert none_leaves(window, small, ["vin"]).verdict is OK
    assert nothing_leaves(window, small).verdict is OK


def test_a_window_can_be_cut_in_time(road):
    """From its start until before its stop; the bench's own transmissions stay its own."""
    road.send("plan.test", at=1).send("plan.test", at=2).send("plan.test", at=3)
    cut = road.window.between(2_000_000_000, 3_000_000_000)
    assert [t.index for t in cut.transmissions] == [1]
