"""The recording relay before a real gateway, with real clients and servers over loopback."""

import contextlib
import os
import resource
import signal
import socket
import struct
import threading
import time

import pytest
import python_socks
from python_socks.sync import Proxy

from captures.decode import KeyLog, decode
from captures.gateway import Gateway
from captures.pcapng import CaptureFile
from captures.relay import Relay
from telltale.control import PeerGoneError
from telltale.errors import RigError
from telltale.processes import spawn_here

HOST = "tsp.example.test"
INTERFACES = {"cell0": "cellular", "wifi0": "wifi"}
PATIENCE = 20
RST = 0x04


class Echo:
    """A server that sends back what it gets, and knows how much that was."""

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.got = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.sock.accept()
                threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer):
        with peer, contextlib.suppress(OSError):
            while data := peer.recv(1 << 16):
                if data.startswith(b"break off"):
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                self.got += len(data)
                peer.sendall(data)


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.sock.close()


@pytest.fixture
def gateway(tmp_path):
    modes = ("socks5@127.0.0.1:0",)
    with Gateway.start(
        spawn=spawn_here, folder=tmp_path / "gateway", names={}, upstream_ca=None, modes=modes, confined=True
    ) as started:
        yield started


@pytest.fixture
def relay(gateway, echo):
    gateway.reach({f"{HOST}:7001": ("127.0.0.1", echo.port), "[2001:db8::7]:7001": ("127.0.0.1", echo.port)})
    (listening,) = gateway.listening
    address = (listening.ip, listening.port)
    with Relay.start(spawn=spawn_here, interfaces=INTERFACES, gateway=address) as started:
        yield started


def connect(relay, host=HOST, uplink="cellular"):
    return Proxy(python_socks.ProxyType.SOCKS5, *relay.ports[uplink], rdns=True).connect(host, 7001, timeout=PATIENCE)


def exchange(sock, data):
    """Send *data* and read as much back."""
    sock.settimeout(PATIENCE)
    threading.Thread(target=sock.sendall, args=(data,), daemon=True).start()
    back = b""
    while len(back) < len(data):
        back += sock.recv(1 << 16)
    return back


def decoded(path):
    source = CaptureFile(path)
    return decode(
        source.packets(),
        keylog=KeyLog.parse(b""),
        uplinks=INTERFACES,
        units=["127.0.0.1", "fd7f::1"],
        names=source.names(),
    )


def flags(path):
    """The TCP flags of every packet (RFC 9293, section 3.1)."""
    packets = list(CaptureFile(path).packets())
    return [packet.data[(20 if packet.data[0] >> 4 == 4 else 40) + 13] for packet in packets]


def test_what_is_relayed_is_recorded_with_name_uplink_and_account(relay, tmp_path):
    """A megabyte there and back over one uplink, a word over the other; and the equation closes."""
    relay.begin(tmp_path / "c.pcapng")
    data = b"\x01" + os.urandom(1 << 20)
    with connect(relay) as cellular, connect(relay, uplink="wifi") as wifi:
        assert exchange(cellular, data) == data
        assert exchange(wifi, b"\x02hello") == b"\x02hello"
    counts = relay.end()
    assert counts.complete, counts.explain()
    assert {row.uplink: (row.relayed_up, row.recorded_down, row.connections) for row in counts} == {
        "cellular": (len(data), len(data), 1),
        "wifi": (6, 6, 1),
    }
    assert "no interface counters in loopback" in counts.explain()
    seen = decoded(tmp_path / "c.pcapng")
    assert seen.accounts.closed
    assert {(t.recipient, t.uplink, t.complete) for t in seen.transmissions} == {
        (HOST, "cellular", True),
        (HOST, "wifi", True),
    }
    assert {len(t.parts[0].data) for t in seen.transmissions} == {len(data), 6}


def test_an_address_is_recorded_as_it_was_asked_for(relay, tmp_path):
    relay.begin(tmp_path / "c.pcapng")
    with connect(relay, "2001:db8::7") as sock:
        exchange(sock, b"\x01hello")
    relay.end()
    (sent,) = decoded(tmp_path / "c.pcapng").transmissions
    assert (sent.destination.ip, sent.destination.port, sent.source.ip) == ("2001:db8::7", 7001, "fd7f::1")


def test_what_the_bench_does_not_know_is_refused_and_named(relay, gateway, tmp_path):
    """Nobody is asked for its address; that it was tried stands in the packets."""
    relay.begin(tmp_path / "c.pcapng")
    for _ in range(2):
        with pytest.raises(python_socks.ProxyError):
            connect(relay, "collector.example.test")
    with pytest.raises(python_socks.ProxyError):
        connect(relay, "127.0.0.1")
    counts = relay.end()
    assert gateway.refused() == {"collector.example.test:7001": 2, "127.0.0.1:7001": 1}
    assert counts.complete
    assert [row.connections for row in counts] == [0, 0]
    assert sum(bool(flag & RST) for flag in flags(tmp_path / "c.pcapng")) == 3
    assert "collector.example.test" in CaptureFile(tmp_path / "c.pcapng").names().values()


def test_a_gateway_that_was_told_nothing_reaches_nothing(relay, gateway, tmp_path):
    gateway.reach({})
    relay.begin(tmp_path / "c.pcapng")
    with pytest.raises(python_socks.ProxyError):
        connect(relay)


def test_whoever_breaks_off_is_recorded_as_such(relay, tmp_path):
    relay.begin(tmp_path / "c.pcapng")
    with connect(relay) as sock:
        sock.settimeout(PATIENCE)
        sock.sendall(b"break off")
        with contextlib.suppress(ConnectionError):
            assert sock.recv(1) == b""
    assert relay.end().complete
    assert flags(tmp_path / "c.pcapng")


def test_between_windows_nobody_is_let_through(relay, echo, tmp_path):
    """What would not be recorded is not relayed; and a connection does not outlive its window."""
    with pytest.raises((python_socks.ProxyError, ConnectionError)):
        connect(relay)
    relay.begin(tmp_path / "one.pcapng")
    with connect(relay) as sock:
        exchange(sock, b"\x01hello")
        relay.end()
        sock.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionError):
            assert sock.recv(1) == b""
    assert echo.got == 6
    with pytest.raises(RigError, match="no window is open"):
        relay.counts()


def test_a_killed_relay_has_recorded_whatever_came_through(relay, echo, tmp_path):
    """In the midst of an upload; the file may hold more than the peer got, never less."""
    relay.begin(tmp_path / "c.pcapng")
    with connect(relay) as sock:
        sock.setblocking(False)  # noqa: FBT003 - positional only
        until = time.monotonic() + PATIENCE
        while echo.got < 2_000_000:
            with contextlib.suppress(BlockingIOError):
                sock.send(bytes(1 << 16))
            with contextlib.suppress(BlockingIOError):
                sock.recv(1 << 16)
            assert time.monotonic() < until
        os.kill(relay.pid, signal.SIGKILL)
        with pytest.raises(PeerGoneError, match="the recording relay was killed by SIGKILL"):
            relay.counts()
    account = decoded(tmp_path / "c.pcapng").accounts["cellular", "sent"]
    assert account.unique >= echo.got >= 2_000_000


def test_what_cannot_be_recorded_is_not_relayed(relay, echo, tmp_path):
    """The file's size is limited: the connection ends, the failure is told, and nothing is complete any more."""
    relay.begin(tmp_path / "c.pcapng")
    with connect(relay) as sock:
        exchange(sock, b"\x01hello")
        resource.prlimit(relay.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        sock.sendall(bytes(30_000))
        with contextlib.suppress(ConnectionError):
            assert sock.recv(1) == b""
    counts = relay.counts()
    assert echo.got == 6
    assert not counts.complete
    assert "File too large" in counts.explain()
    assert CaptureFile(tmp_path / "c.pcapng").truncated is None


def test_a_file_that_cannot_be_written_is_told(relay, tmp_path):
    with pytest.raises(RigError, match="what is relayed cannot be written to"):
        relay.begin(tmp_path / "nowhere" / "c.pcapng")


def test_nonsense_on_its_port_harms_nobody(relay, tmp_path):
    relay.begin(tmp_path / "c.pcapng")
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x05", b"\x05\x01\x00\x05\x01\x00\x09xxxx", b""):
        with socket.create_connection(relay.ports["wifi"]) as sock:
            sock.settimeout(PATIENCE)
            sock.sendall(nonsense)
            sock.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                while sock.recv(100):
                    pass
    with connect(relay) as sock:
        assert exchange(sock, b"\x01hello") == b"\x01hello"
    assert relay.end().complete
