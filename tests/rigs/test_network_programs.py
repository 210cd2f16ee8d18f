"""Programs in the sealed network: what they get, what they cannot see or do, and how they end."""

import os
import pty
import signal
import socket
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from telltale.errors import InputError, RigError
from telltale.processes import inherited

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


def python(code):
    return [sys.executable, "-c", textwrap.dedent(code)]


def test_no_namespace_has_an_interface_of_the_host(output, network):
    """Programs see their own interfaces only, through netlink and through /sys."""
    expected = {
        "unit": {"lo", "wwan0", "wlan0", "wwan1", "ivi0"},
        "ivi": {"lo", "eth0"},
        "phone": {"lo", "wlan0"},
        "gateway": {"lo", "cell0", "wifi0", "cell1", "phone0", "backhaul0"},
        "cloud": {"lo", "eth0"},
    }
    if network.quic_refused is None:
        expected["gateway"].add("quic0")
    listing = python("import os, socket; print(*[n for _, n in socket.if_nameindex()], *os.listdir('/sys/class/net'))")
    for namespace, interfaces in expected.items():
        assert sorted(output(namespace, listing).split()) == sorted([*interfaces, *interfaces])


@pytest.mark.parametrize("namespace", ["unit", "ivi", "phone", "gateway", "cloud"])
def test_the_hosts_sockets_and_resolver_are_hidden(namespace, output):
    """/run is empty but for the bench's own files, and names are asked of the gateway alone."""
    listing = python("""
        import os
        print(os.listdir("/run"), os.listdir(os.path.realpath("/var/run")))
        print(open("/etc/resolv.conf").read().split())
        print([line for line in open("/etc/nsswitch.conf") if line.startswith("hosts")])
        print(os.path.exists("/tmp/.X11-unix") and os.listdir("/tmp/.X11-unix") or [])
    """)
    runs, resolvers, order, displays = output(namespace, listing).splitlines()
    assert set(runs.replace(",", "").replace("[", "").replace("]", "").split()) <= {
        "'telltale'",
        "'current-system'",
        "'media'",
    }
    v4, v6 = ("192.168.44.1", "fd44::1") if namespace == "phone" else ("10.64.0.1", "fd64::1")
    assert resolvers == f"['nameserver', '{v4}', 'nameserver', '{v6}']"
    assert order == "['hosts: files dns\\n']"
    assert displays == "[]"


def test_a_program_of_the_unit_cannot_break_the_seal(output):
    """It can enter no other namespace and mount nothing, though it may be root."""
    attempt = python("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        for pid in ("1", "self"):
            try:
                descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            except PermissionError:
                continue
            assert libc.setns(descriptor, 0) == -1, pid
        assert libc.unshare(0x20000) == -1
        assert libc.mount(b"tmpfs", b"/mnt", b"tmpfs", 0, None) == -1
        print("sealed in")
    """)
    assert output("unit", attempt) == "sealed in\n"


def test_a_program_ends_with_its_own_status(network):
    """Exit statuses are real: a number, or the signal that killed it."""
    spawn = network.spawner("cloud")
    assert spawn(["sh", "-c", "exit 7"]).wait(PATIENCE) == 7
    process = spawn(["sleep", "60"])
    assert process.poll() is None
    with pytest.raises(TimeoutError):
        process.wait(0.01)
    process.signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == process.poll() == -signal.SIGTERM
    process.signal(signal.SIGTERM)


def test_a_programs_number_is_the_hosts(network):
    """The pid can be looked up in the host's /proc while the program runs."""
    process = network.spawner("unit")(["sleep", "60"])
    try:
        assert Path(f"/proc/{process.pid}/cmdline").read_bytes() == b"sleep\x0060\x00"
    finally:
        process.signal(signal.SIGKILL)
        process.wait(PATIENCE)


def test_a_program_gets_its_environment_folder_streams_and_descriptors(network, tmp_path, monkeypatch):
    """What the parent passes arrives under its name, and nothing else does."""
    tmp_path.chmod(0o755)
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    os.write(write, b"typed")
    os.close(write)
    code = f"""
        import os, socket, sys
        sys.path.insert(0, {str(ROOT)!r})
        from telltale.processes import inherited
        line = socket.socket(fileno=inherited("line"))
        said = [sys.stdin.read(), os.getcwd(), os.environ["GIVEN"], str("NOT_GIVEN" in os.environ)]
        line.sendall(" ".join(said).encode())
        open_ones = set(map(int, os.listdir("/proc/self/fd")))
        assert len(open_ones - {{0, 1, 2, line.fileno()}}) == 1, open_ones
    """
    monkeypatch.setenv("NOT_GIVEN", "1")
    with ours:
        with theirs:
            process = network.spawner("gateway")(
                python(code),
                env={"GIVEN": "value", "PATH": os.environ["PATH"]},
                fds={"line": theirs.fileno()},
                stdin=read,
                stderr=2,
                cwd=tmp_path,
            )
        os.close(read)
        ours.settimeout(PATIENCE)
        said = ours.recv(4096).decode()
    assert process.wait(PATIENCE) == 0
    assert said == f"typed {tmp_path} value False"
    with pytest.raises(RigError):
        inherited("line")


def test_a_program_inherits_the_environment_unless_told_otherwise(monkeypatch, output):
    """Without *env* the parent's environment of that moment is passed on."""
    monkeypatch.setenv("OF_THIS_MOMENT", "yes")
    assert output("unit", ["sh", "-c", "echo $OF_THIS_MOMENT"]) == "yes\n"


@pytest.mark.parametrize(
    ("argv", "cwd", "reason"),
    [
        (["no-such-program"], None, "cannot start no-such-program in the sealed network: No such file or directory"),
        (["true"], Path("/nowhere"), "cannot start true in the sealed network: folder /nowhere: No such file"),
    ],
)
def test_a_program_that_cannot_start_is_told_in_one_line(network, argv, cwd, reason):
    """The line names the program, or the folder, and the network lives on."""
    with pytest.raises(RigError, match=reason):
        network.spawner("unit")(argv, cwd=cwd, env={"PATH": "/usr/bin:/bin"})
    assert network.spawner("unit")(["true"]).wait(PATIENCE) == 0


def test_large_arguments_and_many_programs_at_once(network):
    """Several threads start programs with a large environment; each gets its own answer."""
    statuses = {}

    def run(number):
        env = {"PATH": os.environ["PATH"], "BALLAST": "x" * 100_000}
        statuses[number] = network.spawner("cloud")(["sh", "-c", f"exit {number}"], env=env).wait(PATIENCE)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert statuses == {number: number for number in range(12)}


def test_an_orphan_is_reaped(output):
    """What a program leaves behind ends without staying a zombie, though nobody asks for it."""
    watch = python("""
        import os, subprocess, time
        orphan = int(subprocess.check_output(["sh", "-c", "sleep 0.05 >/dev/null & echo $!"]))
        for _ in range(2000):
            if not os.path.exists(f"/proc/{orphan}"):
                print("gone")
                break
            time.sleep(0.01)
    """)
    assert output("unit", watch) == "gone\n"


def test_a_terminal_works_through_the_seal(network):
    """A program on a terminal reads what is typed and sees that it is a terminal."""
    ours, theirs = pty.openpty()
    try:
        process = network.spawner("unit")(
            ["sh", "-c", "test -t 0 && read typed && echo got $typed"], stdin=theirs, stdout=theirs
        )
        os.write(ours, b"words\n")
        assert process.wait(PATIENCE) == 0
        assert b"got words" in os.read(ours, 100)
    finally:
        os.close(theirs)
        os.close(ours)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda n: n.spawner("units"), "no namespace `units`; did you mean `unit`?"),
        (lambda n: n.socket("clouds"), "no namespace `clouds`; did you mean `cloud`?"),
        (lambda n: n.set_link("wi-fi", up=True), "no uplink `wi-fi`; did you mean `wifi`?"),
    ],
)
def test_wrong_names_are_told_with_the_near_miss(network, ask, message):
    """A name that the network does not have is the caller's mistake."""
    with pytest.raises(InputError) as wrong:
        ask(network)
    assert str(wrong.value) == message


def test_a_device_that_is_not_there_is_told(network):
    """A socket cannot be bound to another namespace's interface."""
    with pytest.raises(RigError, match="No such device"):
        network.socket("unit", device="cell0")
