"""The judge: sightings and unit state in, findings out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies import load_policy
from policies.judge import cover
from telltale.clocks import ClockOffset
from telltale.times import SECOND
from telltale.transmission import Part
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE

# what is sent: host, item, further words of `Road.send`; unit state; reading; verdict, clauses, words of the reason
PARKED = {"gear": "P", "lock": "locked"}
VIDEO = {"path": "/v1/video"}
TABLE = {
    "a permit in force": (("plan.test", "vin"), {"plan": "on"}, "strict", OK, {"T-01"}, "covers vin"),
    "a permit out of force": (("plan.test", "vin"), {"plan": "off"}, "strict", BAD, {"T-02"}, "plan is off"),
    "an item that no clause of the function speaks of": (
        *(("plan.test", "email"), {"plan": "on"}, "strict"),
        *(BAD, {"T-01", "T-03"}, "no clause permits email"),
    ),
    "a narrower item of a broad clause": (("plan.test", "speed"), {}, "strict", OK, {"T-03"}, "covers speed"),
    "a narrower item of a clause that is not broad": (
        *(("logs.test", "speed"), {}, "strict"),
        *(BAD, {"T-08", "T-09", "T-10"}, "T-10 does not: it is about vehicle_data"),
    ),
    "a broader item than the clause's": (
        *(("weather.test", "location", {"precision": 11000.0}), {"permission": "on"}, "strict"),
        *(BAD, {"T-06"}, "it is about position"),
    ),
    "an allowed form": (("logs.test", "account_id", {"form": "sm3"}), {}, "strict", OK, {"T-09"}, "as sm3"),
    "a form that is not allowed": (
        ("logs.test", "account_id"),
        {},
        "strict",
        BAD,
        {"T-09"},
        "plain, not sha256 or sm3",
    ),
    "a rough position": (
        *(("weather.test", "position", {"precision": 11000.0}), {"permission": "on"}, "strict"),
        *(OK, {"T-06"}, ""),
    ),
    "a position too exact": (
        *(("weather.test", "position", {"precision": 11.0}), {"permission": "on"}, "strict"),
        *(BAD, {"T-07"}, "exact to 11 m"),
    ),
    "a position whose precision was not measured": (
        *(("weather.test", "position"), {"permission": "on"}, "strict"),
        *(OPEN, {"T-07"}, "not measured"),
    ),
    "a permit whose state is not known": (
        *(("weather.test", "position", {"precision": 11000.0}), {}, "strict"),
        *(OPEN, {"T-06"}, "permission is unknown"),
    ),
    "a prohibition whose state is not known": (
        *(("cam.test", "cabin_video", VIDEO), {"gear": "P"}, "strict"),
        *(OPEN, {"T-12"}, "lock is unknown"),
    ),
    "an exception that holds": (("cam.test", "cabin_video", VIDEO), PARKED, "strict", OK, {"T-11"}, ""),
    "an exception that fails in one fact": (
        *(("cam.test", "cabin_video", VIDEO), {"gear": "D"}, "strict"),
        *(BAD, {"T-12"}, "gear is D, not P"),
    ),
    "an oblige clause permits": (("report.test", "vin", {"channel": "gbt32960"}), {}, "strict", OK, {"T-04"}, ""),
    "a recipient outside what a clause is confined to": (
        *(("relay.test", "vin", {"channel": "gbt32960"}), {}, "strict"),
        *(BAD, {"T-05"}, "confines vin to platform, not Maker"),
    ),
    "a permit for another recipient": (
        *(("partner.test", "account_id", {"form": "sm3"}), {}, "strict"),
        *(BAD, {"T-09"}, "for Maker, not partner"),
    ),
    "a prohibition beats a permit": (("partner.test", "vin"), {"plan": "on"}, "lenient", BAD, {"T-17"}, "forbids vin"),
    "under one reading a condition more": (
        ("logs.test", "vin"),
        {"plan": "off"},
        "strict",
        BAD,
        {"T-08"},
        "plan is off",
    ),
    "under the other reading none": (("logs.test", "vin"), {"plan": "off"}, "lenient", OK, {"T-08", "T-16"}, ""),
    "a clause of another reading": (
        *(("cam.test", "vin", VIDEO), {}, "strict"),
        *(BAD, {"T-11"}, "no clause permits vin"),
    ),
    "an inferred clause only warns": (
        *(("cam.test", "vin", VIDEO), {}, "lenient"),
        *(OK, {"T-16"}, "warning: T-15 forbids vin"),
    ),
    "a host that no row names": (("evil.test", "vin"), {"plan": "on"}, "lenient", BAD, {"T-00"}, "undeclared endpoint"),
    "a path that no row names": (
        *(("cam.test", "vin", {"path": "/v2/video"}), {}, "lenient"),
        *(BAD, {"T-00"}, "undeclared endpoint"),
    ),
    "a declared host in clear": (
        *(("plan.test", "vin", {"channel": "http"}), {"plan": "on"}, "strict"),
        *(BAD, {"T-00"}, "undeclared endpoint"),
    ),
    "an identity in a background transmission": (
        *(("vin.test", "vin", {"channel": "dns"}), {"plan": "on"}, "lenient"),
        *(BAD, {"T-00"}, "no clause permits vin"),
    ),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_a_sighting_complies_only_if_a_permit_covers_it_and_nothing_stands_against_it(row, road, small):
    """Item, form, recipient, function and unit state, each in its turn."""
    (host, item, *given), state, reading, verdict, clauses, words = row
    road.state(**state).send(host, item, **(given[0] if given else {}))
    found = [f for f in _cover(road, small, reading) if f.sighting]
    assert [(f.verdict, set(f.clauses)) for f in found] == [(verdict, clauses)], found[0].reason
    assert words in found[0].reason


@pytest.mark.parametrize(
    ("host", "channel", "verdict"),
    [("report.test", "gbt32960", OK), ("logs.test", "https", BAD), ("evil.test", "https", BAD)],
)
def test_any_function_may_leave_some_out(host, channel, verdict, road, write):
    """A clause for any function but the report's stands against all others."""
    forbids = "T-18: {section: 一, statement: no VIN, modality: forbid, items: vin, functions: any, but for: report"
    policy = load_policy(write("clauses.yaml", "clauses:\n", f"clauses:\n  {forbids}, recipients: any}}\n"))
    [found] = [
        f for f in _cover(road.state(plan="on").send(host, "vin", channel=channel), policy, "lenient") if f.sighting
    ]
    assert (found.verdict, "T-18" in found.clauses) == (verdict, verdict is BAD), found.reason


@pytest.mark.parametrize(("channel", "verdict"), [("https", OK), ("http", BAD)])
def test_a_clause_may_be_about_channels(channel, verdict, road, write):
    """What it forbids in clear may leave encrypted; that the host is not declared for it is told beside."""
    forbids = (
        "T-18: {section: 一, statement: not in clear, modality: forbid, items: vin, functions: any, channels: http"
    )
    policy = load_policy(write("clauses.yaml", "clauses:\n", f"clauses:\n  {forbids}, recipients: any}}\n"))
    sent = road.state(plan="on").send("plan.test", "vin", channel=channel)
    [found] = [f for f in _cover(sent, policy, "lenient") if f.sighting]
    assert (found.verdict, "T-18" in found.clauses) == (verdict, verdict is BAD), found.reason
    assert ("T-00" in found.clauses) == (verdict is BAD)


@pytest.mark.parametrize(
    ("host", "country", "verdict", "words"),
    [
        ("plan.test", "CN", OK, "covers vin"),
        ("plan.test", "DE", BAD, "plan.test stands in DE"),
        ("plan.test", None, OPEN, "nobody says where plan.test stands"),
        ("evil.test", "CN", BAD, "undeclared endpoint"),
    ],
)
def test_a_clause_may_confine_to_countries(host, country, verdict, words, road, write):
    """Where a server stands is said by its row, or by the file for all; unsaid, it is inconclusive."""
    confines = "T-18: {section: 一, statement: at home, modality: confine, items: any, functions: any, countries: CN"
    folder = write("clauses.yaml", "clauses:\n", f"clauses:\n  {confines}, recipients: any}}\n")
    rows = folder / "endpoints.yaml"
    if country:
        rows.write_text(f"country: {country}\n" + rows.read_text(encoding="utf-8"), encoding="utf-8")
    [found] = [f for f in _cover(road.state(plan="on").send(host, "vin"), load_policy(folder), "lenient") if f.sighting]
    assert found.verdict is verdict
    assert words in found.reason


@pytest.mark.parametrize(
    ("moments", "verdict", "clauses"),
    [
        ((5, 5), OK, {"T-01"}),
        ((5, 15), BAD, {"T-02"}),
        ((15, 25), BAD, {"T-01"}),
        ((None, 25), OK, {"T-01"}),
        ((25, 25), OK, {"T-01"}),
    ],
)
def test_the_moment_of_making_counts_for_one_clause_and_that_of_sending_for_the_other(
    moments, verdict, clauses, road, small
):
    """The plan is on, off from 10 s, on again from 20 s; what was made while it was off may never leave."""
    road.state(0, plan="on").state(10, plan="off").state(20, plan="on")
    road.send("plan.test", "vin", at=moments[1], generated=moments[0])
    (finding,) = _cover(road, small, "strict")
    assert (finding.verdict, set(finding.clauses)) == (verdict, clauses)


def test_a_transmission_may_tell_when_its_content_was_made(road, small):
    """Where the sighting does not."""
    road.state(0, plan="off").state(10, plan="on").send("plan.test", "vin", at=12)
    road.transmissions = [replace(road.transmissions[0], generated=5 * SECOND)]
    (finding,) = _cover(road, small, "strict")
    assert finding.verdict is BAD


@pytest.mark.parametrize(
    ("behind", "known_to", "verdict"),
    [(0, 1, "violates"), (90, 1, "complies"), (90, 2, "inconclusive"), (0, 600, "inconclusive")],
)
def test_a_unit_whose_clock_is_off_does_not_decide_by_it(road, small, behind, known_to, verdict):
    """Made at 105 s as it says, sent at 300 s; the plan was off until 193.5 s, by the bench's own clock."""
    road.state(0, plan="off").state(193.5, plan="on")
    road.send("plan.test", "vin", at=300, generated=105)
    clock = ClockOffset(source="the unit", offset=-behind * SECOND, uncertainty=known_to * SECOND, measured=0)
    told = cover(road.transmissions, road.sightings, road.timeline, small, reading="strict", clock=clock)
    (finding,) = told
    assert finding.verdict == verdict
    if verdict == "inconclusive":
        assert "the clock of the unit (" in finding.reason
        assert "plan changed at" in finding.reason


def test_a_change_counts_from_its_own_moment_on(road, small):
    """What leaves at the very moment of the switch is judged by its new position."""
    road.state(0, plan="on").state(10, plan="off").send("plan.test", "vin", at=10)
    assert [f.verdict for f in _cover(road, small, "strict")] == [BAD]


def test_an_undeclared_transmission_is_told_even_when_nothing_was_seen_in_it(road, small):
    """Nothing is dropped for want of a row."""
    (finding,) = _cover(road.send("evil.test"), small, "strict")
    assert (finding.verdict, finding.clauses, finding.function) == (BAD, ("T-00",), None)
    assert "https to evil.test (message 0)" in finding.reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"parts": (Part(name="body", data=b"?", opaque="no TLS keys"),)}, "could not be read: body (no TLS keys)"),
        ({"malformed": "bad checksum"}, "malformed: bad checksum"),
        ({"complete": False}, "cut off before its end"),
    ],
)
def test_what_could_not_be_read_to_its_end_is_inconclusive(given, reason, road, small):
    """Silence about its content proves nothing."""
    (finding,) = _cover(road.send("plan.test", **given), small, "strict")
    assert finding.verdict is OPEN
    assert reason in finding.reason


def test_a_row_may_declare_that_its_content_stays_closed(road, small):
    """With its evidence, in the maker's interpretation."""
    closed = (Part(name="payload", data=b"?", opaque="no TLS keys"),)
    assert _cover(road.send("sealed.test", channel="tls", parts=closed), small, "strict") == []


def test_closed_tls_is_known_by_its_host_and_granted_no_function(road, small):
    """To a declared host it is inconclusive, to any other a violation as well."""
    closed = (Part(name="sni", data=b"plan.test"), Part(name="payload", data=b"?", opaque="no TLS keys"))
    road.send("plan.test", channel="tls", parts=closed).send("evil.test", channel="tls", parts=closed)
    road.state(plan="on").send("plan.test", "vin", channel="tls", parts=closed)
    found = _cover(road, small, "strict")
    assert [(f.verdict, f.organisation, f.function) for f in found] == [
        (OPEN, "maker", None),
        (BAD, None, None),
        (OPEN, None, None),
        (OPEN, "maker", None),
        (BAD, "maker", None),
    ]


def test_an_unknown_protocol_inside_opened_tls_is_undeclared(road, small):
    """Its host alone does not make it what the row speaks of."""
    (finding,) = _cover(
        road.send("plan.test", channel="tls", parts=(Part(name="payload", data=b"hi"),)), small, "strict"
    )
    assert finding.verdict is BAD


def test_the_bench_s_own_transmissions_are_not_the_car_s(road, small):
    """Nor is what is seen in them."""
    road.send("control.test", "vin")
    assert cover(road.transmissions, road.sightings, road.timeline, small, reading="strict", own={0}) == []


def test_a_sighting_without_its_transmission_is_refused(road, small):
    """Dropping it would hide a leak."""
    road.send("plan.test", "vin")
    with pytest.raises(ValueError, match="names transmission 0"):
        cover([], road.sightings, road.timeline, small, reading="strict")


def test_a_finding_says_all_that_a_report_needs(road, small):
    """Clause, function, organisation, transmission, sighting, bench time, reading; and no identity."""
    (finding,) = _cover(road.state(plan="off").send("plan.test", "vin", at=3), small, "strict")
    assert (finding.clauses, finding.function, finding.organisation) == (("T-02",), "plan", "maker")
    assert (finding.transmission, finding.sighting) == (road.transmissions[0], road.sightings[0])
    assert (finding.bench, finding.reading) == (3 * SECOND, "strict")
    assert "secret" not in finding.reason


def _cover(road, policy, reading):
    return cover(road.transmissions, road.sightings, road.timeline, policy, reading=reading)
