"""``telltale due``: an HTTP server plays the maker's cloud, a real rig's file says how it is asked."""

import hashlib
import http.server
import json
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import rigs
from policies import load_policy
from policies.ledger import Ledger, Obligation
from policies.responding import Look, responded
from reports.run_folder import RunFolder
from rigs.sim.certificates import CloudAuthority
from telltale.errors import ExitStatus, InputError
from telltale.times import SECOND
from telltale.verdict import Verdict
from trials import obligations
from trials.asking import Asked
from trials.cli import main
from trials.due import due
from trials.outcome import Inconclusive

ROOT = Path(rigs.__file__).parent.parent
SMALL = ROOT / "tests" / "policies" / "small"
CONTROL = b"control"


class _Cloud(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = self.server.answers.get(self.path, (404, b"{}"))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def cloud(tmp_path):
    """A server and what it answers, by path."""
    authority = CloudAuthority.create(tmp_path / "authority")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Cloud) as server:
        server.socket = authority.context_for("127.0.0.1", ["http/1.1"]).wrap_socket(server.socket, server_side=True)
        server.answers, server.authorities = {}, authority.certificate
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def bench(tmp_path, cloud):
    """A policy with a time for an answer, a real rig with a probe, and a ledger."""

    class Bench:
        at = f"https://127.0.0.1:{cloud.server_port}"
        ledger = Ledger(tmp_path / "ledger.db")
        answers = cloud.answers

        def __init__(self):
            folder = tmp_path / "policy"
            shutil.copytree(SMALL, folder)
            with (folder / "document.yaml").open("a") as file:
                file.write("requests: {a copy: 副本}\n")
            with (folder / "clauses.yaml").open("a") as file:
                file.write(
                    "  T-20: {section: 一, statement: s, modality: respond, requests: a copy, within: 60 s,"
                    " counted from: the request}\n"
                )
            car = {
                "vehicle": "Car",
                "called": ["car"],
                "dbc": str(ROOT / "rigs" / "dbc" / "body.dbc"),
                "owner's app": f"{self.at}/v1",
                "recordings": {"cabin_video": "recordings"},
            }
            rig = {
                "rig": "bench",
                "kind": "real",
                "vehicle": "car.yaml",
                "policy": "policy",
                "accounts": "accounts.yaml",
                "probe": {"timeout": "20 s", "authorities": str(cloud.authorities)},
                "uplinks": [{"name": "cellular", "kind": "cellular", "interface": "lo"}],
            }
            for name, data in (("car", car), ("rig", rig), ("accounts", {"owner": "a", "other": "b"})):
                (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")

        def enter(self, *, ago, duty="respond", clause="T-20", readings=("strict", "lenient"), lasts=60, **given):
            begun = time.time_ns() - round(ago * SECOND)
            row = {
                "duty": duty,
                "clause": clause,
                "readings": readings,
                "what": "a copy",
                "policy": str(tmp_path / "policy"),
                "rig": str(tmp_path / "rig.yaml"),
                "simulated": False,
                "run": "/runs/one",
                "begun": begun,
                "wall": begun,
                "earliest": begun + lasts * SECOND,
                "due": begun + lasts * SECOND,
                "ask": {"at": f"{self.at}/v1/requests/1"},
            }
            (number,) = self.ledger.enter([Obligation(**{**row, **given})])
            return number

        def due(self, *, check=False, wait=False, everything=False, grace=60 * SECOND):
            wishes = {"check": check, "wait": wait, "everything": everything, "grace": grace}
            return due(self.ledger.path, json_file=tmp_path / "due.json", **wishes)

        @property
        def told(self):
            return [json.loads(line) for line in (tmp_path / "due.json").read_text(encoding="utf-8").splitlines()]

    return Bench()


def test_what_is_not_due_is_listed_and_left_alone(bench):
    """Nobody is asked before."""
    bench.enter(ago=0)
    assert bench.due(check=True) is ExitStatus.COMPLIES
    (row,) = bench.told
    assert (row["state"], row["clause"], row["what"]) == ("open", "T-20", "a copy")
    assert bench.ledger.all()[0].looks == ()


def test_what_has_fallen_due_waits_for_a_check(bench):
    bench.enter(ago=61)
    assert bench.due() is ExitStatus.INCONCLUSIVE
    assert [row["state"] for row in bench.told] == ["due"]


@pytest.mark.parametrize(
    ("answer", "status", "verdict"),
    [
        ((200, b'{"answer": "done"}'), ExitStatus.COMPLIES, Verdict.COMPLIES),
        ((200, b'{"answer": null}'), ExitStatus.VIOLATES, Verdict.VIOLATES),
        ((503, b""), ExitStatus.INCONCLUSIVE, Verdict.INCONCLUSIVE),
    ],
    ids=["answered", "open", "failing"],
)
def test_a_check_asks_and_writes_down_what_it_came_to(bench, answer, status, verdict):
    """A minute ago a request fell due; the cloud is asked for it as the owner's app would."""
    bench.answers["/v1/requests/1"] = answer
    bench.enter(ago=61)
    assert bench.due(check=True) is status
    (one,) = bench.ledger.all()
    assert one.verdict is verdict
    assert len(one.looks) == 1
    assert [row["state"] for row in bench.told] == [str(verdict)]


def test_what_is_settled_is_not_asked_again(bench):
    """A late answer makes nothing good, and the second check has nothing to say."""
    bench.answers["/v1/requests/1"] = (200, b'{"answer": null}')
    bench.enter(ago=61)
    assert bench.due(check=True) is ExitStatus.VIOLATES
    bench.answers["/v1/requests/1"] = (200, b'{"answer": "done"}')
    assert bench.due(check=True) is ExitStatus.COMPLIES
    assert bench.told == []
    assert bench.due(check=True, everything=True) is ExitStatus.COMPLIES
    assert [row["state"] for row in bench.told] == ["violates"]


@pytest.mark.parametrize(
    ("video", "status"),
    [((404, b""), ExitStatus.COMPLIES), ((200, b"film"), ExitStatus.VIOLATES)],
    ids=["gone", "served"],
)
def test_an_upload_is_looked_for_beside_its_control(bench, video, status):
    """Every way that the app had been given, an hour after the upload."""
    control = {"id": "control", "addresses": {"direct": f"{bench.at}/o/control"}}
    bench.answers |= {
        "/v1/recordings": (200, json.dumps({"recordings": [], "control": control}).encode()),
        "/v1/recordings/control": (200, CONTROL),
        "/o/control": (200, CONTROL),
        "/v1/recordings/7": video,
        "/o/7": (410, b""),
    }
    where = {"item": "cabin_video", "form": "plain", "chain": [], "part": "body", "offset": 0, "length": 4}
    bench.enter(
        ago=3601,
        lasts=3600,
        duty="erase",
        clause="T-13",
        readings=("lenient",),
        what="cabin_video",
        transmission=3,
        ask={
            "item": "cabin_video",
            "name": "7",
            "addresses": {"direct": f"{bench.at}/o/7"},
            "sha256": hashlib.sha256(b"film").hexdigest(),
        },
        upload={"function": "camera", "organisation": "maker", "sighting": where},
    )
    assert bench.due(check=True) is status
    (one,) = bench.ledger.all()
    assert "T-13 has it gone within 1 h" in one.reason


def test_a_look_that_comes_late_speaks_for_the_limit_as_far_as_it_is_allowed(bench):
    """Two minutes after it, an answer may have come a moment ago."""
    bench.answers["/v1/requests/1"] = (200, b'{"answer": "done"}')
    bench.enter(ago=180)
    assert bench.due(check=True) is ExitStatus.INCONCLUSIVE
    assert "nobody had looked when its time was up" in bench.told[0]["reason"]
    bench.enter(ago=180, what="a copy", run="/runs/two")
    assert bench.due(check=True, grace=600 * SECOND) is ExitStatus.COMPLIES


def test_a_wait_goes_on_where_it_was_cut_off(bench):
    """It fell due 59 s and a bit into its minute: only the rest is waited for."""
    bench.answers["/v1/requests/1"] = (200, b'{"answer": "done"}')
    bench.enter(ago=59.5)
    begun = time.monotonic()
    assert bench.due(wait=True) is ExitStatus.COMPLIES
    assert 0.2 < time.monotonic() - begun < 30
    assert [row["state"] for row in bench.told] == ["complies"]


def test_of_a_simulated_world_nobody_can_be_asked(bench):
    """It ended with its run; that is told once."""
    bench.enter(ago=0, simulated=True)
    assert bench.due() is ExitStatus.INCONCLUSIVE
    assert bench.due(check=True) is ExitStatus.INCONCLUSIVE
    assert bench.told[0]["reason"] == "the simulated world ended with its run, and nobody can be asked"
    assert bench.due(check=True) is ExitStatus.COMPLIES


def test_a_rig_that_is_gone_leaves_the_question_open(bench, tmp_path):
    """With the file named; it can be put back, and asked again."""
    bench.answers["/v1/requests/1"] = (200, b'{"answer": "done"}')
    bench.enter(ago=61)
    (tmp_path / "rig.yaml").rename(tmp_path / "away.yaml")
    assert bench.due(check=True) is ExitStatus.INCONCLUSIVE
    assert "nobody could be asked" in bench.told[0]["reason"]
    (tmp_path / "away.yaml").rename(tmp_path / "rig.yaml")
    assert bench.due(check=True) is ExitStatus.COMPLIES


def test_the_command_line_tells_what_is_wrong(tmp_path, capsys):
    """No ledger, and one that is none: a line each, and 2."""
    with pytest.raises(InputError, match="no such ledger"):
        due(tmp_path / "none.db", check=False, wait=False, everything=False, grace=0, json_file=None)
    (tmp_path / "text.db").write_text("not a database at all, but long enough to be looked at\n" * 40)
    assert main(["due", "--ledger", str(tmp_path / "text.db")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "is damaged, or no ledger" in told
    sqlite3.connect(tmp_path / "empty.db").close()
    assert main(["due", "--ledger", str(tmp_path / "empty.db")]) == 0
    assert "nothing is open" in capsys.readouterr().out


@pytest.fixture
def running(tmp_path):
    """What `trials.obligations` needs of a trial: a run folder, a policy, a ledger and a rig; real but for the car."""
    folder = tmp_path / "policy"
    shutil.copytree(SMALL, folder)
    with (folder / "document.yaml").open("a") as file:
        file.write("requests: {a copy: 副本}\n")
    with (folder / "clauses.yaml").open("a") as file:
        file.write(
            "  T-20: {section: 一, statement: s, modality: respond, requests: a copy, within: 60 s, counted from: c,"
            " under: {lenient: {within: 90 s}}}\n"
        )
    begun = 1_800_000_000 * SECOND
    return SimpleNamespace(
        policy=load_policy(folder),
        folder=RunFolder(tmp_path / "runs", "one"),
        ledger=Ledger(tmp_path / "ledger.db"),
        setup=SimpleNamespace(unit=None, rig=SimpleNamespace(path=tmp_path / "rig.yaml")),
        obligations={},
        settled=set(),
        patience=10 * SECOND,
        upload_within=0,
        now=begun,
        asked=Asked(
            request="a copy", at="https://app.test/v1/requests/1", url="https://app.test/v1/requests", bench=begun
        ),
    )


def test_what_a_scenario_begins_is_entered_at_once(running):
    """A row for each end that the readings give the clause; the run folder has the same, without what opens doors."""
    obligations.of_request(running, running.asked)
    rows = [(one.readings, (one.due - one.begun) // SECOND) for one in running.ledger.all()]
    assert rows == [(("strict",), 60), (("lenient",), 90)]
    kept = [json.loads(line) for line in running.folder.file(obligations.RECORD).read_text().splitlines()]
    assert [line["ask"] for line in kept] == [["at", "url"]] * 2


def test_what_the_scenario_judges_is_settled_there(running):
    """Under the strict reading it is too late; under the lenient one its time is not up, so that stays open."""
    obligations.of_request(running, running.asked)
    looks = [Look(bench=running.now + 70 * SECOND)]
    judged = responded("a copy", looks, running.policy, since=running.now)
    obligations.settle(running, "a copy", judged)
    assert [one.verdict for one in running.ledger.all()] == [Verdict.VIOLATES, None]


def test_a_long_wait_is_parked_only_if_something_waits_for_it(running):
    """A bench is freed, and what it waited for stands in the ledger; any other wait is waited."""
    obligations.park(running, 3600 * SECOND)
    obligations.of_request(running, running.asked)
    obligations.park(running, 9 * SECOND)
    with pytest.raises(Inconclusive, match=r"parked: 1 h would have to pass.*2 obligations stand in .*--wait"):
        obligations.park(running, 3600 * SECOND)
