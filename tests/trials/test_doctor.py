"""``telltale doctor``: what is wrong with a rig, which clauses it can judge; and whether that comes true."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from policies.prospects import forecast
from tests.trials.conftest import RIGS
from trials.cli import main
from trials.doctor import unreachable_facts
from trials.setup import Setup

pytestmark = pytest.mark.xdist_group("doctor")

OFFLINE = Path(__file__).parents[1] / "offline_host.py"
MINI = "mini-connected-zh-2025-09"
CLOSED = ("weather.xiaomiev.test", "tsp.xiaomiev.test", "feedback.xiaomiev.test")
FEATURES = ("weather", "on_the_road", "remote_management", "user_feedback", "software_update")


@pytest.fixture
def rig(tmp_path):
    """The Xiaomi's rig file with these recipients closed and these exits unobserved."""

    def written(closed=(), exits=()):
        data = yaml.safe_load((RIGS / "xiaomi-su7.yaml").read_text())
        for key in {"unit", "cloud", "phone", "vehicle", "policy"} & set(data):
            data[key] = str((RIGS / data[key]).resolve())
        data["access"] = [row for row in data["access"] if row["host"] not in closed]
        data["access"] += [{"host": host, "access": "metadata"} for host in closed]
        data["exits"] = dict.fromkeys(exits, "unobserved")
        path = tmp_path / "rig.yaml"
        path.write_text(yaml.safe_dump(data, allow_unicode=True))
        return path

    return written


def rows(path):
    """Connections and clauses, as the JSON lines tell them."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return (
        {line["connection"]: line for line in lines if "connection" in line},
        {line["clause"]: line for line in lines if "clause" in line},
    )


@pytest.mark.usefixtures("sealed_host")
def test_a_simulated_rig_is_set_up_and_every_instrument_asked(rig, tmp_path, capsys):
    """Exit 0; each recipient with an access of its own, each uplink and each exit has a line."""
    path = rig(closed=CLOSED[:1], exits=["second sim"])
    assert main(["doctor", str(path), "--json", str(tmp_path / "rows.jsonl")]) == 0
    connections, clauses = rows(tmp_path / "rows.jsonl")
    assert {row["state"] for row in connections.values()} == {"ok", "missing"}
    assert connections["modem"]["says"] == "registered in a network"
    assert connections["uplink cellular"]["says"] == "it was seen in the capture"
    assert connections["access to weather.xiaomiev.test"]["says"] == "sizes, times and names only"
    assert "the key log /data/misc/ota/tls-keys.log on the unit is empty" in str(connections)
    assert connections["exit second sim"]["state"] == "missing"
    reason = "what leaves by second sim is not observed on this bench"
    assert clauses["XM-21-03"] == {"clause": "XM-21-03", "prospect": "cannot", "because": [reason]}
    assert clauses["XM-20-01"]["prospect"] == "can judge"
    assert clauses["XM-20-08"]["prospect"] == "not tested"
    told = capsys.readouterr().out
    assert "which says nothing about a real vehicle" in told
    assert re.search(r"\d+ clauses: ", told)


@pytest.mark.usefixtures("sealed_host")
def test_the_clauses_that_it_lists_are_those_that_come_out_inconclusive(rig, tmp_path, request):
    """Closed recipients: the forecast, and what the features come to on the same rig, for the clauses named."""
    path = rig(closed=CLOSED)
    setup = Setup.read(path, policy=None, defects=())
    foretold = {row.clause for row in forecast(setup.policy, setup.rig.access_by_host) if row.closed}
    assert {row.prospect for row in forecast(setup.policy, setup.rig.access_by_host) if row.closed} == {"cannot"}

    folder = request.config.rootpath / "features" / "xiaomi-ev-2025-06"
    features = [str(folder / f"{name}.feature") for name in FEATURES]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *features, "--rig", str(path)]
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(
        [*command, "--runs", str(tmp_path / "runs")],
        capture_output=True,
        text=True,
        check=False,
        env=given,
        timeout=300,
    )
    assert done.returncode == 3, done.stdout

    came_out: set[str] = set()
    other: set[str] = set()
    tested: set[str] = set()
    for run in (tmp_path / "runs").iterdir():
        about = json.loads((run / "run.json").read_text())
        lines = [json.loads(line) for line in (run / "findings.jsonl").read_text().splitlines()]
        told = [finding for line in lines for finding in line["findings"]]
        closed = [finding for finding in told if "stays closed to this rig" in finding]
        tested |= set(about["clauses"])
        named = {clause for finding in closed for clause in re.findall(r"XM-\w+-\d+", finding)}
        came_out |= named & set(about["clauses"])
        other |= set(about["clauses"]) if about["verdict"] == "complies" else set()
        assert all(finding.startswith("inconclusive") for finding in closed)
    assert came_out == foretold & tested
    assert {"XM-08-01", "XM-14-01", "XM-19-01"} <= came_out
    assert "XM-18-02" in other


def test_what_is_wrong_with_a_real_rig_is_told_with_the_mend(tmp_path):
    """Exit 1; nothing of it need be there."""
    path = tmp_path / "rig.yaml"
    uplink = {"name": "cellular", "kind": "cellular", "interface": "nothere0"}
    kept: dict[str, object] = {"rig": "bench", "kind": "real", "uplinks": [uplink]}
    kept |= {"vehicle": str(RIGS / "vehicles/mini-os9.yaml"), "policy": str(RIGS.parent / "policies" / MINI)}
    kept["modem"] = {"port": str(tmp_path / "ttyUSB9")}
    (tmp_path / "unit.pem").write_text("no key")
    kept["access"] = [
        {"host": "a.test", "access": "client_cert", "certificate": "unit.pem"},
        {"host": "b.test", "access": "backend_tap", "path": "tap.log"},
    ]
    path.write_text(yaml.safe_dump(kept, allow_unicode=True))
    assert main(["doctor", str(path), "--json", str(tmp_path / "rows.jsonl")]) == 1
    connections, clauses = rows(tmp_path / "rows.jsonl")
    wrong = {name for name, row in connections.items() if row["state"] == "wrong"}
    assert wrong == {"modem", "uplink cellular", "access to a.test", "access to b.test"}
    assert "it must hold the unit's certificate and its unencrypted key" in connections["access to a.test"]["says"]
    assert f"{tmp_path}/tap.log" in connections["access to b.test"]["says"]
    assert connections["modem"]["says"].startswith("rig.yaml:"), "the name is enough; folders would fill the table"
    assert "this host has no interface `nothere0`" in connections["uplink cellular"]["says"]
    needs_switch = [row for row in clauses.values() if "cannot be brought about: this rig has no" in str(row)]
    assert needs_switch
    assert {row["prospect"] for row in needs_switch} == {"cannot"}


@pytest.mark.usefixtures("sealed_host")
@pytest.mark.parametrize("example", sorted((RIGS / "examples").glob("*-b*.yaml")), ids=lambda path: path.name)
def test_the_doctor_of_a_real_rig_turns_to_nobody_but_whom_its_file_names(example, tmp_path):
    """It says whom before it does; the host of the owner's app, which the vehicle file names, is not among them."""
    log = tmp_path / "asked"
    log.touch()
    done = subprocess.run(
        [sys.executable, "-P", str(OFFLINE), str(log), "doctor", str(example)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "500"},
    )
    assert done.returncode == 1, done.stderr
    announced, *_ = done.stdout.splitlines()
    assert announced.startswith(
        f"Asks, as {example.name} says, reading only: power at TCPIP::192.168.1.30::5025::SOCKET"
    )
    turned_to = set(log.read_text().split())
    assert "192.168.1.30" in turned_to
    assert [host for host in turned_to if host not in announced] == []


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ("vin: LNBSCCAF2TF000123", "they are written as they should be"),
        ("vin: LNBSCCAF0TF000123", "its check digit is wrong: ninth character"),
        (None, None),
    ],
    ids=["sound", "check digit", "none"],
)
def test_the_identities_of_a_real_rig_have_a_row_of_their_own(tmp_path, known, says):
    """A doubt is told there and is no fault of the rig's."""
    uplink = {"name": "cellular", "kind": "cellular", "interface": "lo"}
    kept: dict[str, object] = {"rig": "bench", "kind": "real", "uplinks": [uplink]}
    kept |= {"vehicle": str(RIGS / "vehicles/mini-os9.yaml"), "policy": str(RIGS.parent / "policies" / MINI)}
    if known:
        (tmp_path / "unit.yaml").write_text(known)
        kept["identities"] = "unit.yaml"
    (tmp_path / "rig.yaml").write_text(yaml.safe_dump(kept, allow_unicode=True))
    assert main(["doctor", str(tmp_path / "rig.yaml"), "--json", str(tmp_path / "rows.jsonl")]) == 0
    connections, _ = rows(tmp_path / "rows.jsonl")
    row = connections.get("identities")
    assert (row and (row["tried"], row["state"])) == (("read unit.yaml", "ok") if known else None)
    assert says is None or says in row["says"]


def test_bad_input_ends_2_and_a_host_that_refuses_namespaces_3(tmp_path, capsys):
    """In one line each."""
    assert main(["doctor", str(tmp_path / "rig.yaml")]) == 2
    assert "no such file" in capsys.readouterr().err
    done = subprocess.run(
        [sys.executable, "-m", "trials.cli", "doctor", str(RIGS / "xiaomi-su7.yaml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TELLTALE_REFUSE_NAMESPACES": "1"},
    )
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_fact_is_out_of_reach_if_every_way_to_it_needs_what_is_missing():
    """One way that is left is enough."""
    vehicle = Setup.read(RIGS / "xiaomi-su7.yaml", policy=None, defects=()).vehicle
    assert unreachable_facts(vehicle, set()) == {}
    lost = unreachable_facts(vehicle, {"adb"})
    assert lost["experience_plan"] == "this rig has no adb"
    assert "lock" not in lost
    assert unreachable_facts(vehicle, {"can"})["lock"] == "this rig has no can"
