"""``telltale audit``: captures of files and folders, their tables, JSON lines, verdicts and exit status."""

import base64
import gzip
import json
import shutil
import signal
import socket
import struct
from dataclasses import replace

import pytest

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from trials.audit_file import Job, Terms
from trials.cli import main
from trials.lanes import spread

VIN = "LSVAU2A31N2123456"
EMAIL = "li.lei@example.test"
START = 1_795_338_346
KEYS = ["capture", "transmission", "time", "bench_time", "uplink", "recipient", "channel", "item", "value", "form"]
KEYS += ["chain", "part", "offset", "length"]


def udp(data, *, to="203.0.113.9", port=7001):
    """An Ethernet frame with a datagram from the car."""
    body = struct.pack("!HHHH", 40000, port, 8 + len(data), 0) + data
    ends = socket.inet_aton("10.64.0.2") + socket.inet_aton(to)
    return bytes(12) + b"\x08\x00" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0) + ends + body


def pcap(*frames):
    """A classic pcap file, a second between two frames."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    records = (struct.pack("<IIII", START + n, 0, len(f), len(f)) + f for n, f in enumerate(frames))
    return head + b"".join(records)


def request_to(host, body):
    """An HTTP request as it stands on the wire."""
    return f"POST /v1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def tcp(data, *, to="203.0.113.9"):
    """The frames of a connection that the car opens and closes, with *data* in one segment."""

    def frame(flags, sequence, payload=b"", *, back=False):
        ends = [("10.64.0.2", 40001), (to, 80)]
        (source, sport), (destination, dport) = reversed(ends) if back else ends
        body = struct.pack("!HHIIBBHHH", sport, dport, sequence, 1, 0x50, flags, 65535, 0, 0) + payload
        hosts = socket.inet_aton(source) + socket.inet_aton(destination)
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 6, 0) + hosts
        return bytes(12) + b"\x08\x00" + header + body

    end = 1 + len(data)
    return [frame(2, 0), frame(0x12, 0, back=True), frame(0x18, 1, data), frame(0x11, end), frame(0x11, 1, back=True)]


@pytest.fixture
def audit(tmp_path, capsys):
    """Runs the command in this process; gives status, what it printed on both streams, and the JSON lines."""
    (tmp_path / "ids.yaml").write_text(f"vin: {VIN}\nemail: {EMAIL}\n")

    def run(*arguments):
        out = tmp_path / "out.jsonl"
        words = ["audit", *map(str, arguments), "--identities", str(tmp_path / "ids.yaml"), "--json", str(out)]
        status = main(words)
        printed = capsys.readouterr()
        lines = [json.loads(line) for line in out.read_text().split("\n") if line] if out.exists() else []
        return status, printed.out, printed.err, lines

    return run


@pytest.fixture
def capture(tmp_path):
    """Writes a capture of the frames, by name."""

    def write(name, *frames):
        path = tmp_path / "captures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pcap(*frames))
        return path

    return write


@pytest.fixture
def policy(request):
    return request.config.rootpath / "policies" / "xiaomi-ev-2025-06"


def test_what_a_capture_holds_is_told_in_lines_of_the_contract(audit, capture):
    """Chain from the outside in, bytes of the outermost text, the value masked, 0 without a policy."""
    packed = base64.b64encode(gzip.compress(VIN.encode(), mtime=0)).decode()
    body = json.dumps({"a": 1, "blob": packed}).encode()
    status, out, err, lines = audit(
        capture("a.pcap", *tcp(request_to("collector.example.test", body)), udp(b"\x01\x02" + EMAIL.encode()))
    )
    assert (status, err) == (0, "")
    assert [list(line) for line in lines] == [KEYS, KEYS]
    http = next(line for line in lines if line["item"] == "vin")
    assert http == {
        "capture": "a.pcap",
        "transmission": http["transmission"],
        "time": "2026-11-22T09:05:48.000Z",
        "bench_time": None,
        "uplink": None,
        "recipient": "collector.example.test",
        "channel": "http",
        "item": "vin",
        "value": "LSV•••••••••••456",
        "form": "plain",
        "chain": ["base64", "gzip"],
        "part": "body",
        "offset": body.index(packed.encode()),
        "length": len(packed),
    }
    other = next(line for line in lines if line["item"] == "email")
    assert (other["recipient"], other["channel"], other["part"], other["offset"]) == (
        "203.0.113.9",
        "udp",
        "payload",
        2,
    )
    assert {line["transmission"] for line in lines} == {0, 1}
    assert "a.pcap (pcap" in out
    assert "2 transmissions, 2 sightings" in out
    assert "base64 > gzip" in out
    assert VIN not in out


def test_values_are_told_in_clear_only_when_asked(audit, capture):
    """Neither in a value, nor in the name of a host or of a file."""
    path = capture(f"{VIN}.pcap", *tcp(request_to(f"{VIN}.example.test", b"?")), udp(VIN.encode()))
    status, out, err, lines = audit(path)
    assert status == 0
    assert lines
    assert VIN not in out + err + json.dumps(lines)
    _, out, _, lines = audit(path, "--reveal")
    assert {line["value"] for line in lines} == {VIN}
    assert VIN in out


def test_alike_sightings_are_one_row_and_all_of_them_lines(audit, capture):
    """A table of a thousand equal rows tells nobody anything."""
    status, out, _, lines = audit(capture("a.pcap", *(udp(VIN.encode()) for _ in range(50))))
    assert (status, len(lines)) == (0, 50)
    assert out.count("LSV•") == 1
    row = next(line for line in out.splitlines() if "LSV•" in line)
    assert row.split()[-2:] == ["0+17", "50"]


def test_with_a_policy_it_is_judged(audit, capture, policy):
    """What nobody declared violates: 1."""
    status, out, _, lines = audit(
        capture("a.pcap", *tcp(request_to("collector.example.test", VIN.encode()))), "--policy", policy
    )
    assert status == 1
    assert len(lines) == 1
    assert "violates: " in out
    assert "undeclared endpoint" in out


NONCE = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("record", "bodies", "ours"),
    [
        ([{"uplink": "cellular", "nonce": NONCE}], [NONCE], 1),
        ([{"uplink": "cellular", "nonce": NONCE}], [NONCE, NONCE], 1),  # a car that says it again
        ([{"uplink": "cellular", "nonce": NONCE}], [NONCE[:-1] + "0"], 0),
        ([{"uplink": "cellular", "nonce": NONCE}], [f"{NONCE}{VIN}"], 0),
        ([{"uplink": "cellular", "nonce": VIN}], [VIN], 0),
        ([NONCE, {"nonce": 1}, {}], [NONCE], 0),
        ({"nonce": NONCE}, [NONCE], 0),
        (None, [NONCE], 0),
    ],
    ids=["its own", "twice", "another", "with a VIN", "a VIN", "not rows", "no list", "no record"],
)
def test_the_benchs_own_controls_are_left_out_if_the_run_recorded_them(audit, capture, policy, record, bodies, ours):
    """Each nonce excuses one transmission that holds nothing else; the host alone excuses none."""
    asked = [request_to("control.telltale.test", body.encode()) for body in bodies]
    said = [frame for n, request in enumerate(asked) for frame in tcp(request, to=f"203.0.113.{n}")]
    path = capture("traffic.pcap", *said)
    if record is not None:
        path.with_name("run.json").write_text(json.dumps({"controls": record}))
    _, out, _, _ = audit(path, "--policy", policy)
    assert ("control.telltale.test" in out) is (len(bodies) > ours)
    assert ("1 control transmission of the bench's own left out" in out) is bool(ours)


def test_a_file_that_is_no_record_of_a_run_excuses_nothing(audit, capture, policy):
    """It is somebody else's, and is no error."""
    path = capture("traffic.pcap", *tcp(request_to("control.telltale.test", NONCE.encode())))
    for text in ("{", "[]", '"a"', '{"controls": 1}'):
        path.with_name("run.json").write_text(text)
        assert "control.telltale.test" in audit(path, "--policy", policy)[1]


def test_the_audit_of_a_run_of_ours_counts_the_car_alone(audit, scenario):
    """Every control that the run sent is left out, whatever the uplink."""
    run = scenario().given(user_experience_plan="off").when_driven("1 min")
    run.trial.observe()
    folder = run.trial.folder.path
    run.trial.close()
    sent = json.loads((folder / "run.json").read_text())["controls"]
    assert {row["uplink"] for row in sent} >= {"cellular", "wifi"}
    _, out, _, _ = audit(folder / "traffic.pcapng")
    assert f"{len(sent)} control transmissions of the bench's own left out" in out
    assert "control.telltale.test" not in out


def test_what_could_not_be_seen_keeps_a_capture_from_complying(audit, tmp_path, policy):
    """A file that is cut off may have held more: 3, with the cause; without a policy it is named all the same."""
    whole = pcap(udp(b"\x00", port=9), udp(VIN.encode()))
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[:-20])
    status, out, _, _ = audit(path)
    assert status == 0
    assert "not seen: the file is cut off at byte" in out
    path.write_bytes(whole[:30])
    status, out, _, _ = audit(path, "--policy", policy)
    assert status == 3
    assert "inconclusive" in out
    assert "not seen: the file is cut off at byte 24" in out
    assert "not seen: nothing left the car" in out


STATES = {
    "on.yaml": ("plan: on", 0, "complies"),
    "off.yaml": ("plan: off", 1, "plan is off"),
    "later.yaml": ("plan: {2026-11-22T09:05:00Z: off, 2026-11-22T10:00:00Z: on}", 1, "plan is off"),
    "until.csv": ("time,fact,value\n,plan,on\n2026-11-22T17:05:47+08:00,plan,off", 1, "plan is off"),
    "after.csv": ("time,fact,value\n,plan,on\n2026-11-22T17:06:00+08:00,plan,off", 0, "complies"),
    "other.yaml": ("gear: P", 3, "plan is unknown"),
    "unborn.yaml": ("plan: {2026-11-22T10:00:00Z: on}", 3, "plan is unknown"),
}


@pytest.mark.parametrize("name", STATES)
def test_the_state_of_the_unit_decides_where_a_clause_depends_on_it(audit, capture, request, tmp_path, name):
    """The same upload at 09:05:48 with the plan on, off, and unknown."""
    shutil.copytree(request.config.rootpath / "tests" / "policies" / "small", tmp_path / "policy")
    endpoints = tmp_path / "policy" / "endpoints.yaml"
    endpoints.write_text(endpoints.read_text().replace("channel: https", "channel: http"))
    text, expected, told = STATES[name]
    (tmp_path / name).write_text(f"{text}\n")
    path = capture("a.pcap", *tcp(request_to("plan.test", json.dumps({"vin": VIN}).encode())))
    status, out, _, _ = audit(path, "--policy", tmp_path / "policy", "--state", tmp_path / name)
    assert status == expected, out
    assert told in out


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        (
            "s.yaml",
            "experience_plann: on\n",
            "s.yaml:1: unknown fact `experience_plann`; did you mean",
        ),
        (
            "s.yaml",
            "ignition: on\nexperience_plan: maybe\n",
            "s.yaml:2: `experience_plan` is `maybe`, expected one of `on`, `off",
        ),
        ("s.yaml", "gear: {2026-11-22T06:00:00: P}\n", "expected a time with its zone"),
        ("s.yaml", "gear: {tomorrow: P}\n", "`tomorrow` is no moment"),
        ("s.yaml", "gear: [P, D]\n", "`gear` has no value that a fact can take"),
        ("s.yaml", "- gear\n", "expected a mapping from fact to value"),
        ("s.csv", "when,fact,value\n", "has the columns `when,fact,value`, expected `time,fact,value`"),
        ("s.csv", "time,fact,value\n,gear\n", "s.csv:2: holds 2 of 3 cells"),
        ("s.csv", "time,fact,value\nnow,gear,P\n", "s.csv:2: `now` is no moment"),
        ("s.csv", "time,fact,value\n", "holds no state"),
        ("s.csv", None, "no such file"),
        ("s.csv", "time,fact,value\n\x00\udcff,gear,P\n", "is no CSV in UTF-8"),
        ("s.yaml", "gear: {2026-13-22T06:00:00Z: P}\n", "month must be in 1..12"),
    ],
)
def test_a_state_file_that_is_wrong_is_one_line(audit, capture, policy, tmp_path, name, text, complaint):
    if text is not None:
        (tmp_path / name).write_text(text, errors="surrogateescape")
    status, _, err, _ = audit(capture("a.pcap", udp(b"?")), "--policy", policy, "--state", tmp_path / name)
    assert status == 2
    assert complaint in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["nowhere.pcap"], "no such capture"),
        (["ids.yaml"], "is no capture that can be read"),
        (["empty.pcap"], "is empty"),
        (["captures/a.pcap", "--keylog", "nowhere.log"], "no such file"),
        (["captures/a.pcap", "--policy", "nowhere"], "nowhere"),
        (["nothing"], "holds no capture"),
        (["captures/a.pcap", "-j", "0"], "`-j` is 0, expected 1 or more"),
        (["captures/a.pcap", "--html", "captures/a.pcap"], "is one of the captures, and would be overwritten"),
        (["captures/a.pcap", "--html", "nowhere/page.html"], "cannot be written: No such file or directory"),
    ],
)
def test_what_is_wrong_with_what_was_given_is_one_line_and_2(audit, capture, tmp_path, monkeypatch, given, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.pcap").touch()
    (tmp_path / "nothing").mkdir()
    capture("a.pcap", udp(b"?"))
    status, _, err, _ = audit(*given)
    assert status == 2
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_a_bus_of_the_car_is_listed_and_not_judged(audit, capture, tmp_path, policy):
    """What is on it has not left: alone it shows nothing about what leaves, beside other captures it is no doubt."""
    bus = tmp_path / "captures" / "drive.log"
    capture("drive.pcap", udp(VIN.encode()))
    bus.write_text("(1795338346.000000) can0 123#0102030405060708\n" * 3)
    status, out, _, _ = audit(bus, "--policy", policy)
    assert status == 3
    assert "not judged: a vehicle's bus, and what is on it has not left the car" in out
    assert "covered by the policy" not in out
    assert audit(bus)[0] == 0
    status, out, _, _ = audit(tmp_path / "captures", "--policy", policy)
    assert status == 1
    assert "2 captures: 1 listed, 1 violates" in out


def test_a_folder_is_audited_whole_over_several_processes(audit, capture, tmp_path, policy):
    """In order of names, other files passed over; a bad file is its own line, and the gravest status wins."""
    for number in range(6):
        capture(f"day{number % 2}/{number}.pcap", udp(VIN.encode(), port=7000 + number))
    (tmp_path / "captures" / "readme.txt").write_text("no capture")
    status, out, err, lines = audit(tmp_path / "captures", "-j", "2")
    assert (status, err) == (0, "")
    order = ["day0/0.pcap", "day0/2.pcap", "day0/4.pcap", "day1/1.pcap", "day1/3.pcap", "day1/5.pcap"]
    assert [line["capture"] for line in lines] == order
    assert "6 captures: 6 listed" in out
    assert "readme" not in out
    (tmp_path / "captures" / "broken.pcap").write_bytes(b"\x00" * 40)
    status, out, err, lines = audit(tmp_path / "captures", "-j", "2", "--policy", policy)
    assert status == 2
    assert len(lines) == 6
    assert len(err.splitlines()) == 1
    assert "broken.pcap" in err
    assert "7 captures: 6 violates, 1 not opened" in out


def test_captures_of_one_name_are_told_apart(audit, capture):
    """Where the name does not do, the path does."""
    paths = [capture(f"{day}/x.pcap", udp(VIN.encode())) for day in ("a", "b")]
    _, _, _, lines = audit(*paths, *paths, "-j", "1")
    assert [line["capture"] for line in lines] == [str(path) for path in paths]


class Deadly:
    """Kills the process that it is sent to."""

    def __reduce__(self):
        return signal.raise_signal, (signal.SIGKILL,)


def test_a_lane_that_dies_costs_its_own_capture_alone(capture):
    """The others are audited, before it and after it, in the same order."""
    paths = [capture(f"{number}.pcap", udp(VIN.encode())) for number in range(4)]
    jobs = [Job(path=path, name=path.name, size=path.stat().st_size) for path in paths]
    jobs[1] = replace(jobs[1], path=Deadly())
    terms = Terms(identities=Identities([Identity(item="vin", value=VIN)]))
    read = []
    audited = list(spread(jobs, terms, lanes=2, tell=read.append))
    assert [one.name for one in audited] == ["0.pcap", "1.pcap", "2.pcap", "3.pcap"]
    assert [one.overview.found if one.overview else None for one in audited] == [1, None, 1, 1]
    assert audited[1].failure == "the process that audited this capture died, so what it holds is not known"
    assert [one.status for one in audited] == [0, 3, 0, 0]
    assert read[-1] == sum(job.size for job in jobs)


def test_a_fault_of_ours_is_one_line_and_the_others_are_audited(capture, monkeypatch):
    """It names the place that is to be mended."""
    paths = [capture(f"{number}.pcap", udp(VIN.encode())) for number in range(2)]
    jobs = [Job(path=path, name=path.name, size=0) for path in paths]
    turns = iter([ZeroDivisionError("no\nway"), None])

    def examine_all(self, transmissions):
        if fault := next(turns):
            raise fault
        return search(self, transmissions)

    search = Engine.examine_all
    monkeypatch.setattr(Engine, "examine_all", examine_all)
    terms = Terms(identities=Identities([Identity(item="vin", value=VIN)]))
    first, second = spread(jobs, terms, lanes=1, tell=lambda _read: None)
    assert first.status == 3
    assert "the audit of this capture failed (ZeroDivisionError: no way, in test_audit.py:" in first.failure
    assert second.overview.found == 1


def test_values_of_others_are_recognised_unless_it_is_told_not_to(audit, capture):
    """Another car's VIN is no identity; it is told, masked, with its form."""
    path = capture("a.pcap", *tcp(request_to("collector.example.test", b"vin=1HGCM82633A004352")))
    *_, lines = audit(path)
    assert [(line["item"], line["value"], line["form"]) for line in lines] == [
        ("vin", "1HG•••••••••••352", "recognised")
    ]
    *_, lines = audit(path, "--no-recognisers")
    assert lines == []


def test_what_is_only_recognised_violates_nothing_and_does_not_comply(audit, capture, request):
    """A look-alike is no evidence; the cause is named."""
    small = request.config.rootpath / "tests" / "policies" / "small"
    path = capture("a.pcap", *tcp(request_to("ux.example", b"carVin=1HGCM82633A004352")))
    status, out, _, _ = audit(path, "--policy", small)
    assert status != 0
    assert "vehicle identification number is none of the identities" in " ".join(out.split())
