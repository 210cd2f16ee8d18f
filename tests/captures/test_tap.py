"""The packet tap on real interfaces: a sealed network's uplinks."""

import collections
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from captures.pcapng import CaptureFile
from captures.tap import PacketTap, Tally
from rigs.sim.network import SealedNetwork
from telltale.control import PeerGoneError
from telltale.errors import NamespacesRefusedError, RigError

UPLINKS = {"cell0": "cellular", "wifi0": "wifi"}
DEVICES = {"cellular": "wwan0", "wifi": "wlan0"}
CLOUD = "203.0.113.10"
PROXY_PORT = 8080


@pytest.fixture(scope="module")
def network():
    try:
        sealed = SealedNetwork.open(proxy_port=PROXY_PORT)
    except NamespacesRefusedError as refused:
        pytest.skip(str(refused))
    with sealed:
        yield sealed


@pytest.fixture
def start(network):
    """Starts taps in the gateway."""
    with contextlib.ExitStack() as taps:

        def start(**settings):
            settings = {"spawn": network.spawner("gateway"), "interfaces": UPLINKS} | settings
            return taps.enter_context(PacketTap.start(**settings))

        yield start


@pytest.fixture(scope="module")
def shared(network):
    with PacketTap.start(spawn=network.spawner("gateway"), interfaces=UPLINKS) as tap:
        yield tap


@pytest.fixture
def tap(shared):
    """A tap without a window, for tests that leave it alive."""
    yield shared
    with contextlib.suppress(RigError):
        shared.end()


@contextlib.contextmanager
def sink(network, family=socket.AF_INET):
    """A server where all TCP from the unit goes; it answers each connection with the number of bytes that came."""
    with network.socket("gateway", family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("", PROXY_PORT))
        server.listen()

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    count = 0
                    while got := connection.recv(1 << 16):
                        count += len(got)
                    connection.sendall(b"%d" % count * 1000)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def upload(network, size, *, uplink="cellular", family=socket.AF_INET, host=CLOUD):
    """TCP from the unit: *size* bytes there, an answer back."""
    with network.socket("unit", family, device=DEVICES[uplink]) as client:
        client.connect((host, 443))
        client.sendall(bytes(size))
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while got := client.recv(1 << 16):
            answer += got
    assert answer == b"%d" % size * 1000


def datagrams(network, count, size, *, uplink="cellular"):
    """UDP from the unit."""
    with network.socket("unit", socket.AF_INET, socket.SOCK_DGRAM, device=DEVICES[uplink]) as client:
        for _ in range(count):
            client.sendto(bytes(size), (CLOUD, 9999))


def in_file(path):
    """What a capture holds, by interface."""
    found = collections.defaultdict(Tally)
    for packet in CaptureFile(path).packets():
        assert len(packet.data) == packet.original_length
        size = packet.original_length
        found[packet.interface] += Tally(0, 0, 1, size) if packet.outgoing else Tally(1, size)
    return found


def test_the_equation_closes_in_both_directions(network, tap, tmp_path):
    """TCP and UDP, IPv4 and IPv6, both uplinks: counters, captured bytes and the file agree to the byte."""
    path = tmp_path / "a.pcapng"
    tap.begin(path)
    with sink(network):
        upload(network, 3_000_000)
        upload(network, 1000, uplink="wifi")
    with sink(network, socket.AF_INET6):
        upload(network, 500_000, uplink="wifi", family=socket.AF_INET6, host="fd20::10")
    datagrams(network, 20, 700)
    counts = tap.counts()
    assert counts.complete, counts.explain()
    assert {uplink.interface: uplink.captured for uplink in counts} == in_file(path)
    assert counts["cellular"].counter.rx_bytes > 3_000_000
    assert counts["cellular"].counter.tx_bytes > 7_000
    assert counts["wifi"].counter.rx_bytes > 500_000
    assert tap.end() == counts
    capture = CaptureFile(path)
    assert [(i.name, i.description) for i in capture.interfaces] == [("cell0", "cellular"), ("wifi0", "wifi")]
    assert capture.truncated is None


def test_super_packets_are_captured_whole(network, tap, tmp_path):
    """The sender's segmentation offload is on: packets far beyond the MTU are counted and captured as they are."""
    path = tmp_path / "a.pcapng"
    tap.begin(path)
    with sink(network):
        upload(network, 4_000_000)
    counts = tap.end()
    assert counts.complete, counts.explain()
    assert max(packet.original_length for packet in CaptureFile(path).packets()) > 20_000


def test_merged_packets_break_the_equation_and_are_named(network, tap, tmp_path):
    """With GRO on, the interface counts other packets than it shows; the next window, with GRO off, is whole again."""
    script = """
import array, fcntl, socket, struct, sys
commands = {"tso": 0x1F, "gso": 0x24, "gro": 0x2C}
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    for setting in sys.argv[2:]:
        name, value = setting.split("=")
        value = array.array("I", [commands[name], int(value)])
        fcntl.ioctl(sock, 0x8946, struct.pack("@16sP16x", sys.argv[1].encode(), value.buffer_info()[0]))
"""

    def ethtool(namespace, interface, *settings):
        argv = [sys.executable, "-c", script, interface, *settings]
        assert network.spawner(namespace)(argv).wait(10) == 0

    ethtool("unit", "wwan0", "tso=0", "gso=0")  # or there would be nothing to merge
    ethtool("gateway", "cell0", "gro=1")
    try:
        tap.begin(tmp_path / "a.pcapng")
        with sink(network):
            upload(network, 3_000_000)
        counts = tap.end(settle=0.1)
    finally:
        ethtool("gateway", "cell0", "gro=0")
        ethtool("unit", "wwan0", "tso=1", "gso=1")
    assert not counts.complete
    assert counts.balance > 1000
    assert "bytes unaccounted for; gro, " in counts["cellular"].explain()
    tap.begin(tmp_path / "b.pcapng")
    datagrams(network, 10, 100)
    counts = tap.end()
    assert counts.complete, counts.explain()


def test_times_and_directions_are_those_of_the_packets(network, tap, tmp_path):
    """A question goes out of the unit before its answer comes back, both at the time of the exchange."""
    path = tmp_path / "a.pcapng"
    tap.begin(path)
    with network.socket("gateway", socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("", 5353))
        with network.socket("unit", socket.AF_INET, socket.SOCK_DGRAM, device="wwan0") as unit:
            unit.sendto(b"question", ("10.64.0.1", 53))
            question, address = peer.recvfrom(100)
            peer.sendto(b"answer", address)
            assert (question, unit.recv(100)) == (b"question", b"answer")
    tap.end()
    there, back = CaptureFile(path).packets()
    assert (bytes(there.data[-8:]), there.outgoing) == (b"question", False)
    assert (bytes(back.data[-6:]), back.outgoing) == (b"answer", True)
    written = path.stat().st_mtime_ns
    assert written - 60_000_000_000 < there.wall <= back.wall <= written + 1_000_000_000


def test_what_passes_between_windows_is_in_none(network, tap, tmp_path):
    """Each file and its counts begin and end with its window."""
    first, second = tmp_path / "1.pcapng", tmp_path / "2.pcapng"
    tap.begin(first)
    datagrams(network, 3, 100)
    assert tap.end()["cellular"].captured.rx_packets == 3
    datagrams(network, 100, 100)
    tap.begin(second)
    datagrams(network, 5, 100)
    counts = tap.end()
    assert counts.complete, counts.explain()
    assert counts["cellular"].captured.rx_packets == 5
    assert (in_file(first)["cell0"].rx_packets, in_file(second)["cell0"].rx_packets) == (3, 5)


def test_a_window_may_begin_in_the_midst_of_traffic(network, tap, tmp_path):
    """Once the tap has seen traffic rest, a later window that begins without a rest is still exact to the byte."""
    tap.begin(tmp_path / "1.pcapng")
    tap.end()
    stop = threading.Event()

    def chatter():
        while not stop.is_set():
            datagrams(network, 50, 200)

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        tap.begin(tmp_path / "2.pcapng", settle=0.05)
    finally:
        stop.set()
        thread.join()
    datagrams(network, 10, 200)
    counts = tap.end()
    assert counts.complete, counts.explain()
    assert counts["cellular"].captured.rx_packets >= 10


def test_an_overflowing_ring_is_counted(network, start, tmp_path):
    """Packets that find no room are drops, the equation closes with them, and the next window is whole again."""
    tap = start(ring_size=2 << 20)
    tap.begin(tmp_path / "1.pcapng")
    datagrams(network, 10, 1400)
    assert tap.counts().complete
    process = tap._process
    process.signal(signal.SIGSTOP)
    datagrams(network, 4000, 1400)
    process.signal(signal.SIGCONT)
    counts = tap.counts()
    cellular = counts["cellular"]
    assert cellular.dropped_packets > 0
    assert cellular.balance == 0
    assert cellular.counter.packets == cellular.captured.packets + cellular.dropped_packets
    assert not counts.complete
    assert f"{cellular.dropped_packets:,} dropped" in counts.explain()
    assert tap.end() == counts
    tap.begin(tmp_path / "2.pcapng")
    datagrams(network, 10, 1400)
    assert tap.end().complete


def test_a_killed_tap_is_never_silent_and_its_file_is_readable(network, start, tmp_path):
    """Killed in mid-traffic: everything up to the last flush can be read, and every question says what happened."""
    tap = start()
    path = tmp_path / "a.pcapng"
    tap.begin(path)
    datagrams(network, 50, 1000)
    assert tap.counts()["cellular"].captured.rx_packets == 50
    assert (tap.alive, tap.cause_of_death) == (True, None)
    with sink(network):
        uploading = threading.Thread(target=upload, args=(network, 20_000_000))
        uploading.start()
        tap._process.signal(signal.SIGKILL)
        uploading.join()
    for question in (tap.counts, tap.end, lambda: tap.begin(tmp_path / "b.pcapng")):
        with pytest.raises(PeerGoneError, match="the packet tap was killed by SIGKILL"):
            question()
    assert (tap.alive, tap.cause_of_death) == (False, "the packet tap was killed by SIGKILL")
    assert len([packet for packet in CaptureFile(path).packets() if packet.original_length == 1042]) == 50


def test_a_full_disk_is_told_and_what_was_written_stays(network, start, tmp_path):
    """The file keeps its whole packets, the others are drops, and the tap lives on for a better window."""
    path = tmp_path / "a.pcapng"
    limited = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
os.execv(sys.argv[1], sys.argv[1:])
"""
    spawn = network.spawner("gateway")
    tap = start(spawn=lambda argv, **settings: spawn([sys.executable, "-c", limited, *argv], **settings))
    tap.begin(path)
    datagrams(network, 10, 1000)
    assert tap.counts().complete
    datagrams(network, 100, 1000)
    for counts in (tap.counts(), tap.end()):
        cellular = counts["cellular"]
        assert counts.failure == f"packets could not be written to {path}: File too large"
        assert counts.failure in counts.explain()
        assert cellular.captured == in_file(path)["cell0"]
        assert cellular.captured.rx_packets >= 10
        assert cellular.dropped_packets == cellular.counter.packets - cellular.captured.packets > 0
        assert cellular.balance == 0
        assert not counts.complete
    assert CaptureFile(path).truncated is None
    tap.begin(tmp_path / "b.pcapng")
    datagrams(network, 10, 1000)
    assert tap.end().complete


@pytest.mark.parametrize(
    ("path", "reason"), [("/dev/full", "No space left on device"), ("/nowhere/a.pcapng", "No such file or directory")]
)
def test_a_file_that_cannot_be_written_is_told_at_once(tap, tmp_path, path, reason):
    """Beginning fails, and a later one with another path does not."""
    with pytest.raises(RigError, match=f"the packet tap: packets cannot be written to {path}: {reason}"):
        tap.begin(Path(path))
    tap.begin(tmp_path / "a.pcapng")
    assert tap.end().complete


def test_questions_out_of_order_are_refused(tap, tmp_path):
    """No counts without a window, and no window inside another."""
    for question in (tap.counts, tap.end, lambda: tap.add_keylog(b"keys\n")):
        with pytest.raises(RigError, match="no window is open"):
            question()
    tap.begin(tmp_path / "a.pcapng")
    with pytest.raises(RigError, match=r"a window is open already, with .*a\.pcapng"):
        tap.begin(tmp_path / "b.pcapng")


def test_an_unknown_interface_is_told_with_the_one_that_was_meant(start):
    """Starting fails in one line."""
    with pytest.raises(RigError, match="there is no network interface `cell7`; did you mean `cell"):
        start(interfaces={"cell7": "cellular"})


def test_a_tap_that_cannot_start_says_why(network, start):
    """Its last words are part of the message."""
    spawn = network.spawner("gateway")
    broken = [sys.executable, "-c", "raise SystemExit('this Python is broken')"]
    with pytest.raises(PeerGoneError, match="the packet tap ended with status 1: this Python is broken"):
        start(spawn=lambda _, **settings: spawn(broken, **settings))


def test_keys_are_kept_beside_the_packets(tap, tmp_path):
    """The file alone is enough to decode TLS."""
    path = tmp_path / "a.pcapng"
    tap.begin(path)
    tap.add_keylog(b"CLIENT_RANDOM 00 11\n")
    tap.counts()
    assert CaptureFile(path).keylog() == b"CLIENT_RANDOM 00 11\n"


def test_hanging_up_closes_the_file(network, start, tmp_path):
    """A window left open loses nothing when the bench goes away."""
    path = tmp_path / "a.pcapng"
    tap = start()
    tap.begin(path)
    datagrams(network, 7, 100)
    tap.close()
    tap.close()
    assert (tap.alive, tap.cause_of_death) == (False, "the packet tap ended with status 0")
    assert in_file(path)["cell0"].rx_packets == 7
    assert CaptureFile(path).truncated is None


def test_an_uplink_that_goes_away_and_comes_back_is_no_failure(network, tap, tmp_path):
    """Loss of coverage is a stimulus: what is sent afterwards is captured, and the equation closes."""
    tap.begin(tmp_path / "a.pcapng")
    datagrams(network, 3, 100)
    network.set_link("cellular", up=False)
    network.set_link("cellular", up=True)
    datagrams(network, 4, 100)
    counts = tap.end()
    assert counts.complete, counts.explain()
    assert counts["cellular"].captured.rx_packets == 7


def test_vlan_tags_are_put_back(network, tap, tmp_path):
    """The kernel takes the tag out of a frame; the file has the frame as it was sent, and the equation closes."""
    path = tmp_path / "a.pcapng"
    frame = bytes.fromhex("ffffffffffff 020000000001 8100 6042 88b5") + b"tagged payload".ljust(46, b".")
    tap.begin(path)
    with network.socket("unit", socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.sendto(frame, ("wwan0", 0x88B5))
    counts = tap.end()
    assert counts.complete, counts.explain()
    assert [bytes(packet.data) for packet in CaptureFile(path).packets()] == [frame]


def test_scapy_tools_work_on_the_ring(network):
    """scapy's sniff takes and dissects packets from it, several from one block; in a process of its own."""
    script = """
import sys
from scapy.layers.inet import UDP
from scapy.sendrecv import sniff
from captures.tap.interface import Nic
from captures.tap.ring import RingSocket

nic = Nic("cell0")
with RingSocket(nic, size=2 << 20) as ring:
    print("ready", flush=True)
    for packet in sniff(opened_socket=ring, lfilter=lambda packet: UDP in packet, count=5, timeout=20):
        print(packet[UDP].dport, bytes(packet[UDP].payload).decode())
nic.close()
"""
    ours, theirs = os.pipe()
    with os.fdopen(ours) as said:
        sniffer = network.spawner("gateway")([sys.executable, "-c", script], stdout=theirs, stderr=theirs)
        os.close(theirs)
        assert said.readline() == "ready\n"
        with network.socket("unit", socket.AF_INET, socket.SOCK_DGRAM, device="wwan0") as unit:
            for number in range(5):
                unit.sendto(b"number %d" % number, (CLOUD, 9999))
        assert said.read().splitlines() == [f"9999 number {number}" for number in range(5)]
        assert sniffer.wait(10) == 0


def test_the_bench_s_side_never_imports_scapy():
    """scapy's licence and its start-up time stay in the tap's process."""
    script = "import sys, captures.tap, captures.pcapng; sys.exit('scapy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
