"""The policies that come with the project, against their source texts and against cars that keep them."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import pytest

from policies import load_policy
from policies.claims import every_transmission_covered
from policies.sections import section_digest
from telltale.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SOURCES = {
    "xiaomi-ev-2025-06": ("003_317671e9d665abd2.txt", "xiaomi.jsonl"),
    "mini-connected-zh-2025-09": ("000_877d4097dda4ebd1.txt", "mini_cn.jsonl"),
}
OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE


@cache
def _policy(name):
    return load_policy(ROOT / "policies" / name)


@pytest.mark.parametrize("name", SOURCES)
def test_the_digests_are_those_of_the_source_text(name):
    """Of the whole file, and of each section by its marks."""
    source = SHARED / "seeds" / SOURCES[name][0]
    if not source.is_file():
        pytest.skip("the source texts are not part of the repository")
    declared = _policy(name).document.source
    data = source.read_bytes()
    assert hashlib.sha256(data).hexdigest() == declared.sha256
    text = data.decode()
    assert {section: section_digest(text, section) for section in declared.sections} == declared.sections


@pytest.mark.parametrize("name", SOURCES)
def test_clauses_keep_the_inventory_s_ids_and_not_its_sentences(name):
    """Statements are our own words."""
    inventory = SHARED / "clauses" / SOURCES[name][1]
    if not inventory.is_file():
        pytest.skip("the clause inventory is not part of the repository")
    rows = {row["id"]: row for row in map(json.loads, inventory.read_text(encoding="utf-8").splitlines())}
    for clause in _policy(name).clauses.values():
        assert clause.id in rows
        assert clause.statement.strip() != rows[clause.id]["paraphrase_en"]
        inferred = rows[clause.id]["ambiguity"].startswith(("INFERRED", "HARNESS EXTENSION"))
        assert clause.warning is inferred, clause.id


@pytest.mark.parametrize("name", SOURCES)
def test_every_endpoint_serves_a_function_that_clauses_speak_of_or_is_background(name):
    """A row for a function without clauses would make a violation of all that it carries."""
    policy = _policy(name)
    spoken = {function for clause in policy.clauses.values() for function in clause.functions}
    assert all(row.background or row.function in spoken for row in policy.endpoints)


PLAN = "ux-plan.xiaomiev.test"
REPORT = "gb32960.nev-platform.test"
SAFETY = "safety.xiaomiev.test"
WEATHER = "weather.xiaomiev.test"
MEDIA = "media.xiaomiev.test"
CABIN = "cabin.bmw-cn.test"
TELEMETRY = "telemetry.bmw-cn.test"
OFF = {"experience_plan": "off"}
CITY, STREET = {"precision": 11000.0}, {"precision": 11.0}
XIAOMI = {
    "signed_in": "owner",
    "experience_plan": "on",
    "sentry_mode": "on",
    "location_permission": "on",
    "gear": "P",
    "lock": "locked",
    "place": "elsewhere",
    # as a car that has been handed over
    "policy_pending": "off",
    "service_stopped": "off",
    "guardian_pending": "off",
    "account": "valid",
    "country": "mainland",
}
CLOSED = {"XM-00-07", "XM-00-09", "XM-00-10", "XM-SH-01"}
GBT = {"channel": "gbt32960"}
# what leaves: host, items, further words of `Road.send`; changes of the state; strict, lenient, clauses that speak
XIAOMI_TABLE = {
    "the plan's records": ((PLAN, "vin", "account_id", "soc"), {}, {}, OK, OK, {"XM-21-01", "XM-21-02"}),
    "a VIN for the plan, off": ((PLAN, "vin"), {}, OFF, BAD, BAD, {"XM-21-03", "XM-21-05", "XM-AN-03"}),
    "a hashed VIN for the plan, off": (
        *((PLAN, "vin"), {"form": "sha256"}, OFF),
        *(BAD, BAD, {"XM-21-03", "XM-21-05", "XM-AN-03"}),
    ),
    "running data for the plan, off": ((PLAN, "speed"), {}, OFF, OK, OK, {"XM-21-04"}),
    "a position recognised for the plan": (
        *((PLAN, "position"), {"form": "recognised"}, OFF),
        *(OPEN, OPEN, {"XM-P1-08"}),
    ),
    "a position for the plan": ((PLAN, "position"), {}, {}, BAD, BAD, {"XM-P1-08"}),
    "the mandated report": ((REPORT, "vin", "iccid", "position"), GBT, OFF, OK, OK, {"XM-20-01", "XM-20-11"}),
    "an account in the mandated report": (
        *((REPORT, "account_id"), GBT, {}, BAD, BAD),
        {"XM-20-01", "XM-20-02", "XM-20-11", "XM-20-12"},
    ),
    "safety logs, plan on": ((SAFETY, "vin", "account_id"), {}, {}, OK, OK, {"XM-20-07"}),
    "safety logs, plan off": ((SAFETY, "vin"), {}, OFF, BAD, OK, {"XM-20-07", "XM-21-03"}),
    "the weather of the city": ((WEATHER, "position"), CITY, {"weather": "open"}, OK, OK, {"XM-08-01"}),
    "the weather of the street": (
        (WEATHER, "position"),
        STREET,
        {"weather": "open"},
        BAD,
        BAD,
        {"XM-08-03", "XM-P1-10"},
    ),
    "the weather without permission": (
        *((WEATHER, "position"), CITY, {"weather": "open", "location_permission": "off"}),
        *(BAD, BAD, {"XM-P1-04", "XM-P1-05"}),
    ),
    "weather that nobody looks at": (
        *((WEATHER, "position"), CITY, {"weather": "closed"}),
        *(BAD, BAD, {"XM-08-01"}),
    ),
    "a VIN for the weather": ((WEATHER, "vin"), {}, {"weather": "open"}, BAD, BAD, {"XM-08-01", "XM-08-04"}),
    "a danger clip": (
        *((MEDIA, "sentry_video", "vin", "account_id"), {}, {"danger": "verdict"}),
        *(OK, OK, {"XM-02-05", "XM-02-13"}),
    ),
    "a clip of somebody who came near": (
        *((MEDIA, "sentry_video"), {}, {"danger": "none"}),
        *(BAD, BAD, {"XM-02-02", "XM-02-04"}),
    ),
    "a clip of an unlocked car": (
        *((MEDIA, "sentry_video"), {}, {"danger": "verdict", "lock": "unlocked"}),
        *(BAD, BAD, {"XM-02-01"}),
    ),
    "the command link alone, which shows nothing": (("cmd.xiaomiev.test",), {"channel": "mqtt"}, {}, OPEN, OPEN, set()),
    "a VIN on the command link": (("cmd.xiaomiev.test", "vin"), {"channel": "mqtt"}, {}, BAD, BAD, CLOSED),
    "a VIN in a name": (("x.test", "vin"), {"channel": "dns", "kind": "query"}, {}, BAD, BAD, CLOSED),
    "another host": (("cdn.example", "vin"), {}, {}, BAD, BAD, CLOSED),
}
MINI = {"gear": "P", "lock": "locked", "alarm": "quiet", "remote_alarm": "on", "remote_camera": "idle"}
POST = {"kind": "POST"}
ALARM, PICTURE = {**POST, "path": "/v1/recordings/alarm"}, {**POST, "path": "/v1/recordings/picture"}
MINI_TABLE = {
    "alarm video": ((CABIN, "cabin_video", "vin"), ALARM, {"alarm": "triggered"}, OK, {"MC-041", "MC-044"}),
    "a picture that the owner asked for": (
        *((CABIN, "cabin_image", "vin"), PICTURE, {"remote_camera": "requested"}),
        *(OK, {"MC-041", "MC-044"}),
    ),
    "a picture that nobody asked for": ((CABIN, "cabin_image"), PICTURE, {}, BAD, {"MC-043"}),
    "alarm video with the alarm off": (
        *((CABIN, "cabin_video"), ALARM, {"alarm": "triggered", "remote_alarm": "off"}),
        *(BAD, {"MC-043"}),
    ),
    "alarm video to somebody else": (("cdn.example", "cabin_video"), ALARM, {"alarm": "triggered"}, BAD, {"MC-008"}),
    "a picture with the position": (
        *((CABIN, "position"), PICTURE, {"remote_camera": "requested"}),
        *(BAD, {"MC-048"}),
    ),
    "drive telemetry": (
        *((TELEMETRY, "vin", "speed", "odometer", "soc"), {}, {}),
        *(OK, {"MC-041", "MC-060", "MC-062", "MC-063"}),
    ),
    "a phone number in telemetry": (
        *((TELEMETRY, "phone_number"), {}, {}),
        *(BAD, {"MC-041", "MC-060", "MC-062", "MC-063"}),
    ),
    "a VIN in a name": (("x.test", "vin"), {"channel": "dns", "kind": "query"}, {}, BAD, {"MC-008"}),
}


@pytest.mark.parametrize("row", XIAOMI_TABLE.values(), ids=XIAOMI_TABLE)
def test_xiaomi(row, road):
    """Under both readings."""
    (host, *items), given, state, strict, lenient, clauses = row
    road.state(**{**XIAOMI, **state}).send(host, *items, **given)
    judged = every_transmission_covered(road.window, _policy("xiaomi-ev-2025-06"))
    assert (judged.verdicts, set(judged.clauses)) == ({"strict": strict, "lenient": lenient}, clauses)


def test_what_is_covered_in_every_state_complies_though_the_state_is_not_known(road):
    """Running data may leave for the plan, on by one clause and off by another; the VIN only while it is on."""
    road.state(**{fact: value for fact, value in XIAOMI.items() if fact not in OFF})
    judged = every_transmission_covered(road.send(PLAN, "speed").window, _policy("xiaomi-ev-2025-06"))
    assert (judged.verdict, set(judged.clauses)) == (OK, {"XM-21-02", "XM-21-04"})
    judged = every_transmission_covered(road.send(PLAN, "vin").window, _policy("xiaomi-ev-2025-06"))
    assert judged.verdict is OPEN


@pytest.mark.parametrize("row", MINI_TABLE.values(), ids=MINI_TABLE)
def test_mini(row, road):
    """Its document leaves nothing open here."""
    (host, *items), given, state, verdict, clauses = row
    road.state(**{**MINI, **state}).send(host, *items, **given)
    judged = every_transmission_covered(road.window, _policy("mini-connected-zh-2025-09"))
    assert (judged.verdict, set(judged.clauses)) == (verdict, clauses)


def test_what_waited_under_the_plan_does_not_leave_once_it_is_off(road):
    """In the strict reading; what was made while it was off leaves in none, once it is on again."""
    road.state(0, **XIAOMI).state(10, experience_plan="off").send(PLAN, "vin", at=15, generated=5)
    road.state(20, experience_plan="on").send(PLAN, "vin", at=25, generated=15)
    found = every_transmission_covered(road.window, _policy("xiaomi-ev-2025-06")).findings
    assert [(f.reading, f.verdict, f.clauses) for f in found] == [
        ("strict", BAD, ("XM-21-05",)),
        ("strict", BAD, ("XM-21-03", "XM-AN-03")),
        ("lenient", OK, ("XM-21-01",)),
        ("lenient", BAD, ("XM-21-03", "XM-21-05", "XM-AN-03")),
    ]
    assert "(XM-21-05: generated 00:00:05, sent 00:00:15, judged by the moment of sending)" in found[0].reason
    assert "XM-21-01: generated 00:00:05, sent 00:00:15, judged by the moment of generation" in found[2].reason
