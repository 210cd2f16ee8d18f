"""The end of a sealed network, however it comes, and what is left then: nothing."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import pytest

from rigs.sim.network import SealedNetwork
from telltale.errors import NamespacesRefusedError, RigError

PATIENCE = 20.0
ROOT = Path(__file__).resolve().parents[2]


def marked(marker):
    """Processes of this host whose command line or environment has *marker*."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(marker in (folder / name).read_bytes() for name in ("cmdline", "environ")):
                found.append(int(folder.name))
    return found


def descriptors():
    """This process's open descriptors, with what they are."""
    links = {}
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the folder's own
            links[path.name] = str(path.readlink())
    return links


def test_closing_kills_what_runs_and_keeps_statuses(open_network, until):
    """Who had ended keeps its status, who had not was killed; everything after is an error, but for closing again."""
    marker = uuid.uuid4().hex
    with open_network() as network:
        ended = network.spawner("unit")(["sh", "-c", "exit 3"])
        until(lambda: ended._ended(0), "the end")
        argv = ["sh", "-c", "trap '' TERM INT HUP; exec sleep 600"]
        running = network.spawner("cloud")(argv, env={**os.environ, "MARKER": marker})
        # between two programs, as here before and after `exec`, a process shows no environment for a moment
        until(lambda: marked(marker.encode()) == [running.pid], "its start")
    assert marked(marker.encode()) == []
    assert (ended.poll(), running.poll()) == (3, -signal.SIGKILL)
    network.close()
    with pytest.raises(RigError, match="the sealed network is closed"):
        network.spawner("unit")(["true"])


BENCH = """
import os, signal, sys, time
sys.path.insert(0, {root!r})
from rigs.sim.network import SealedNetwork
network = SealedNetwork.open()
daemon = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(600)"
for namespace in ("unit", "gateway", "cloud"):
    network.spawner(namespace)([sys.executable, "-c", daemon])
    process = network.spawner(namespace)(["sleep", "600"])
{ending}
"""


@contextlib.contextmanager
def bench(ending):
    """A bench in a process of its own, with the marker that all its children inherit."""
    marker = uuid.uuid4().hex
    code = BENCH.format(root=str(ROOT), ending=textwrap.dedent(ending))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "MARKER": marker},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield process, marker.encode()
        finally:
            process.kill()


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", id="killed"),
        pytest.param("os.abort()", id="crashed"),
        pytest.param("os._exit(0)", id="vanished"),
        pytest.param("signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)", id="interrupted"),
        pytest.param("os.kill(network._launcher.pid, signal.SIGKILL); time.sleep(600)", id="launcher killed"),
    ],
)
@pytest.mark.usefixtures("network")
def test_nothing_outlives_the_bench(ending, until):
    """However the bench ends, no process that it started is left, daemons included."""
    with bench(f"print('ready', flush=True); {ending}") as (process, marker):
        assert process.stdout.readline() == b"ready\n"
        until(lambda: set(marked(marker)) <= {process.pid}, "the end of all children")
    assert marked(marker) == []


@pytest.mark.usefixtures("network")
def test_a_copy_of_the_bench_does_not_keep_the_network_alive(until):
    """A fork holds copies of all the bench's descriptors; it is the bench's own end that counts."""
    ending = """
        copy = os.fork()
        if copy:
            print(copy, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        os.close(1)
        time.sleep(600)
    """
    with bench(ending) as (process, marker):
        copy = int(process.stdout.readline())
        try:
            until(lambda: set(marked(marker)) <= {copy, process.pid}, "the end of all children")
        finally:
            os.kill(copy, signal.SIGKILL)


@pytest.mark.usefixtures("network")
def test_ctrl_c_reaches_the_bench_and_not_its_children():
    """SIGINT to the terminal's process group leaves the programs running until the bench has cleaned up."""
    ending = """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        process = network.spawner("unit")(["sleep", "600"])
        print("waiting", flush=True)
        signal.sigwait([signal.SIGINT])
        try:
            print(process.wait(0.3))
        except TimeoutError:
            print("runs")
        network.close()
        print(process.poll())
    """
    with bench(ending) as (process, _):
        assert process.stdout.readline() == b"waiting\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read().split() == [b"runs", b"-9"]


@pytest.mark.usefixtures("network")
def test_a_program_does_not_inherit_blocked_signals():
    """Though the bench blocks SIGINT, a program that is told to stop by it stops."""
    ending = """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        with SealedNetwork.open() as second:
            process = second.spawner("unit")(["sleep", "600"])
            process.signal(signal.SIGINT)
            print(process.wait(20))
    """
    with bench(ending) as (process, _):
        assert process.stdout.read() == b"-2\n"


def test_nothing_is_left_on_the_host(open_network):
    """After closing the host has the mounts and interfaces that it had, and this process its descriptors."""

    def traces():
        return (
            Path("/proc/self/mountinfo").read_text(),
            sorted(name for _, name in socket.if_nameindex()),
            descriptors(),
            sorted(Path("/run").iterdir()),
        )

    open_network().close()
    before = traces()
    with open_network() as network:
        assert network.spawner("unit")(["true"]).wait(PATIENCE) == 0
    assert traces() == before


def test_a_refusing_host_is_told_in_one_line(monkeypatch):
    """Where namespaces are refused, the error says which step and what would mend it; nothing is left behind."""
    monkeypatch.setenv("TELLTALE_REFUSE_NAMESPACES", "1")
    before = descriptors()
    with pytest.raises(NamespacesRefusedError) as refused:
        SealedNetwork.open()
    said = str(refused.value)
    assert said.startswith("this host does not let the bench enter a user namespace (EPERM: ")
    assert "; " in said
    assert "\n" not in said
    assert descriptors() == before
