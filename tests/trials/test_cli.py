"""The command line, before and around what it starts."""

import os
import signal
import subprocess
import sys
import time

import pytest

from trials.cli import main

SLOW_TO_CLOSE = """\
import pathlib
import time

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture
def bench():
    yield
    time.sleep(1)
    (HERE / "closed").touch()


def test_waits(bench):
    (HERE / "opened").touch()
    time.sleep(60)
"""


@pytest.mark.parametrize("command", ["bench", "prove"])
def test_features_that_are_not_there_are_told_with_the_near_miss(command, tmp_path, capsys):
    """pytest would say that no tests ran, or nothing at all where it has workers."""
    (tmp_path / "trip_diary.feature").touch()
    assert main([command, str(tmp_path / "trip_dairy.feature"), "--runs", str(tmp_path / "runs")]) == 2
    told = capsys.readouterr().err
    assert told == (
        f"telltale: {tmp_path}/trip_dairy.feature: no such feature file or folder; did you mean `trip_diary.feature`?\n"
    )
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "audit a.har --identites ids.yaml",
            "telltale audit has no option `--identites`; did you mean `--identities`?",
        ),
        (
            "audit a.har --identities i.yaml --polcy=p",
            "telltale audit has no option `--polcy`; did you mean `--policy`?",
        ),
        ("audti a.har --identities i.yaml", "telltale has no command `audti`; did you mean `audit`?"),
        ("doctor rig.yaml --fast", "telltale doctor has no option `--fast`; known: `--help`, `--json`, `--policy`"),
        ("audit a.har", "the following arguments are required: --identities; `telltale audit --help` tells more"),
        ("doctor a.yaml b.yaml", "unknown argument: b.yaml; `telltale doctor --help` tells more"),
        (
            "sandbox --identites i.yaml -- curl --dta x",
            "telltale sandbox has no option `--identites`; did you mean `--identities`?",
        ),
    ],
)
def test_a_wrong_option_is_one_line_with_the_near_miss(given, told, capsys):
    """What its missing neighbours would be told as, and the whole usage, would hide it."""
    assert main(given.split()) == 2
    assert capsys.readouterr().err == f"telltale: {told}\n"


def test_options_of_the_program_in_the_sandbox_are_its_own(capsys):
    """What is wrong is the file alone, which is told before the program is begun."""
    assert main(["sandbox", "--identities", "none-such.yaml", "--", "curl", "--dta", "x"]) == 2
    assert capsys.readouterr().err.startswith("telltale: none-such.yaml: no such file")


@pytest.mark.parametrize(
    "command",
    [[], ["bench"], ["prove"], ["sandbox"], ["audit"], ["doctor"]],
    ids=lambda words: " ".join(words) or "alone",
)
def test_help_is_whole(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert "usage: telltale" in told
    assert not command or "Exit status: 0" in told


def test_ctrl_c_waits_until_the_benches_are_closed(tmp_path):
    """A terminal interrupts the whole group; what was opened is closed before the command ends with 3."""
    (tmp_path / "test_slow.py").write_text(SLOW_TO_CLOSE, encoding="utf-8")
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    running = subprocess.Popen(
        [sys.executable, "-m", "trials.cli", "bench", str(tmp_path), "--runs", str(tmp_path / "runs")],
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while not (tmp_path / "opened").exists() and time.monotonic() < end and running.poll() is None:
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    assert (tmp_path / "closed").exists(), out
    assert running.returncode == 3
    assert "telltale: interrupted; what had been captured is kept" in out


AUDIT = """\
import sys
from trials.cli import main

assert main(sys.argv[1:]) == 0
print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def test_an_audit_loads_only_what_it_needs(tmp_path):
    """No bench, no judge, no report and none of their libraries, or a small capture would wait for them."""
    (tmp_path / "ids.yaml").write_text("vin: LSVAM4187C2184847\n")
    (tmp_path / "a.har").write_text('{"log": {"version": "1.2", "entries": []}}')
    words = [sys.executable, "-c", AUDIT, "audit", str(tmp_path / "a.har"), "--identities", str(tmp_path / "ids.yaml")]
    ran = subprocess.run(words, check=True, capture_output=True, text=True)
    loaded = set(ran.stderr.split())
    assert "captures" in loaded
    assert not loaded & {
        "allure",
        "allure_commons",
        "mitmproxy",
        "numpy",
        "policies",
        "pydantic",
        "pytest",
        "rigs",
        "scapy",
    }


def test_help_loads_nothing_at_all():
    """Who only asks for the words of the command line waits for the parser alone."""
    told = "import sys, trials.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    ran = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert not set(ran.stdout.split()) & {"captures", "policies", "reports", "rigs", "pydantic", "rich", "yaml"}


def test_a_reader_who_has_gone_is_no_traceback(tmp_path):
    """As with `| head`: the status tells that the tables were cut short, and never a verdict."""
    (tmp_path / "ids.yaml").write_text("vin: LNBSCB3F6A0D00001\n", encoding="utf-8")
    (tmp_path / "drive.log").write_text("(1795000000.000000) can0 100#02\n", encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "trials.cli", "audit", "drive.log", "--identities", "ids.yaml"],
            cwd=tmp_path,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (3, "")


def test_a_fault_of_the_harness_itself_is_inconclusive_and_never_a_verdict(tmp_path, monkeypatch, capsys):
    """One line that names a file with the traceback; Python's own status would be that of a violation."""
    monkeypatch.setattr("trials.audit.audit", lambda *_, **__: 1 // 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["audit", "x.pcap", "--identities", "ids.yaml"]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert "the harness itself failed" in line
    assert "ZeroDivisionError" in line
    [kept] = tmp_path.iterdir()
    assert str(kept) in line
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
