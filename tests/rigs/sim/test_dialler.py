"""A unit's ways out where an uplink is a proxy."""

import asyncio
import socket

import pytest

from rigs.sim.unit.dialler import Dialler
from rigs.sim.unit.message import SendError
from rigs.sim.unit.tls import TlsSettings


def test_a_datagram_goes_where_the_bench_says_and_nowhere_else(tmp_path):
    """No proxy takes it, and nobody is asked for an address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(10)
        dialler = Dialler(
            interfaces={"cellular": None},
            tls=TlsSettings({}, bench=None, maker=None, keys={}, flash=tmp_path, on_keys=lambda *_: None),
            addresses={"time.example.test:udp/123": peer.getsockname()},
            proxies={"cellular": ("127.0.0.1", 1)},
        )
        asyncio.run(dialler.datagram("time.example.test", 123, "cellular", b"hello"))
        assert peer.recv(100) == b"hello"
        with pytest.raises(SendError, match=r"no way to time\.example\.test:124: "):
            asyncio.run(dialler.datagram("time.example.test", 124, "cellular", b"hello"))
