"""Whole runs: side by side, and cut off at any moment; nothing of a bench is left on the host."""

import os
import secrets
import signal
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.usefixtures("sealed_host")]

MARK = "TELLTALE_TEST_MARK"
PATIENCE = 60
"""Seconds for what takes one or two on a quiet machine."""


class Host:
    """What a run may leave behind: processes, known by a mark in their environment or arguments, and folders."""

    def __init__(self, folder):
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.mark = secrets.token_hex(16)
        self.environment = {MARK: self.mark, "TMPDIR": str(self.temporary)}

    def processes(self):
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                marked = f"{MARK}={self.mark}".encode() in (process / "environ").read_bytes().split(b"\0")
                if marked or str(self.temporary) in command:
                    found[process.name] = f"{(process / 'comm').read_text(encoding='utf-8').strip()} {command}"
            except OSError:
                continue  # it has ended, or is another user's
        return found

    def left(self):
        """Processes and folders of the bench that are there now."""
        return {**self.processes(), **{path.name: "folder" for path in self.temporary.glob("telltale-*")}}

    def is_clean(self):
        """Whether nothing is left; a kernel that ends processes is given its time."""
        until = time.monotonic() + PATIENCE
        while self.left() and time.monotonic() < until:
            time.sleep(0.05)
        assert self.left() == {}
        return True


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


PARTS = {
    "sealed": ("launcher", "captures.gateway", "captures.tap", "rigs.sim.unit", "rigs.sim.cloud"),
    "loopback": ("captures.gateway", "captures.relay", "rigs.sim.unit", "rigs.sim.cloud"),
}


@pytest.fixture(params=PARTS)
def fidelity(request):
    return request.param


@pytest.fixture
def on_the_road(outside, host, start_pytest, fidelity):
    """pytest in the middle of a drive that would last for days: unit, gateway and tap are at work."""
    feature = outside / "trip_diary.feature"
    text = feature.read_text(encoding="utf-8")
    feature.write_text(text.replace("10 minutes", "3000 days"), encoding="utf-8")
    run = start_pytest("-k", "off", "--fidelity", fidelity, folder=outside, environment=host.environment)
    until = time.monotonic() + PATIENCE
    while sum(file.stat().st_size for file in outside.glob("runs/*/traffic.pcapng")) < 100_000:
        assert run.poll() is None, run.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.05)
    return run


def test_two_workers_each_have_a_bench_of_their_own(outside, host, run_pytest, fidelity):
    """In loopback it ends 3, as absences are not shown there; and both found their own ports."""
    done = run_pytest("-v", "-n", "2", "--fidelity", fidelity, folder=outside, environment=host.environment)
    assert done.status == (0 if fidelity == "sealed" else 3), done.out
    assert len(done.lines("not seen: ")) == len(done.lines("not seen: in loopback "))
    assert {line[1:4] for line in done.lines(".feature::") if line[0] == "["} == {"gw0", "gw1"}
    assert host.is_clean()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_a_run_that_is_cut_off_leaves_nothing_but_its_evidence(outside, host, on_the_road, fidelity, number):
    """However it ends; what had been captured stays."""
    at_work = " ".join(host.processes().values())
    for part in PARTS[fidelity]:
        assert part in at_work
    assert "folder" in host.left().values()
    os.kill(on_the_road.pid, number)
    out, _ = on_the_road.communicate(timeout=PATIENCE)
    assert on_the_road.returncode != 0
    if number is signal.SIGINT:
        assert on_the_road.returncode == pytest.ExitCode.INTERRUPTED
        assert "KeyboardInterrupt" in out
    assert host.is_clean()
    (capture,) = outside.glob("runs/*/traffic.pcapng")
    assert capture.stat().st_size >= 100_000
