"""Coverage of a sealed network's uplinks, taken away and given back."""

import socket
import time

import pytest

from rigs.sim.network.coverage import SealedCoverage
from telltale.errors import InputError

PATIENCE = 20.0
ELSEWHERE = "198.51.100.7"
PORT = 4436
SIZE, COUNT = 1000, 6


class Clock:
    """Bench time stands where it is put."""

    def __init__(self):
        self.at = 0

    def now(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def coverage(network, clock):
    """Gives everything back in the end."""
    made = SealedCoverage(network, clock)
    yield made
    made.restore()


def seconds_for_six_kilobytes(network):
    """How long the last of six datagrams takes to arrive over cellular."""
    with network.socket("cloud", type=socket.SOCK_DGRAM) as server:
        server.settimeout(PATIENCE)
        server.bind(("0.0.0.0", PORT))
        device = network.uplinks[0].unit_interface
        with network.socket("unit", type=socket.SOCK_DGRAM, device=device) as client:
            began = time.monotonic()
            for _ in range(COUNT):
                client.sendto(bytes(SIZE), (ELSEWHERE, PORT))
            for _ in range(COUNT):
                server.recv(SIZE)
            return time.monotonic() - began


def test_a_slow_link_carries_no_more_than_its_rate(network, coverage):
    """At 64 kbit/s a second carries 8,000 bytes, beside the two packets that a bucket holds at first."""
    coverage.slow("cellular", 64_000)
    least = (SIZE * COUNT - 3100) / 8000
    assert seconds_for_six_kilobytes(network) >= least
    coverage.slow("cellular", 128_000)
    assert seconds_for_six_kilobytes(network) >= least / 2


def test_a_rate_can_be_lifted_and_lifted_again(network, coverage):
    """Coverage that is back is whole."""
    coverage.slow("cellular", 8_000)
    coverage.back("cellular")
    coverage.back("cellular")
    coverage.slow("cellular", 8_000_000)
    assert seconds_for_six_kilobytes(network) < PATIENCE


def test_nothing_passes_without_coverage(network, coverage):
    """The car is told at once; the other uplinks go on."""
    coverage.lost("cellular")
    with pytest.raises(OSError, match="unreachable"):
        seconds_for_six_kilobytes(network)
    coverage.back("cellular")
    assert seconds_for_six_kilobytes(network) < PATIENCE


def test_when_coverage_was_lost_is_remembered(coverage, clock):
    """By bench time, for each uplink."""
    for at, change in ((10, coverage.lost), (20, coverage.back), (30, coverage.lost)):
        clock.at = at
        change("wifi")
    assert [coverage.was_lost("wifi", at) for at in (9, 10, 20, 25, 31)] == [False, True, True, False, True]
    assert not coverage.was_lost("cellular", 15)


def test_an_uplink_that_is_not_there_is_told(coverage):
    """With the near-miss."""
    with pytest.raises(InputError, match="no uplink `celular`; did you mean `cellular`"):
        coverage.slow("celular", 1)


@pytest.mark.parametrize(("namespace", "source"), [("unit", None), ("ivi", "inner")], ids=["T-Box", "head unit"])
def test_a_connection_outlives_the_loss_of_coverage(network, coverage, namespace, source):
    """That of the control unit behind the T-Box too: its address and port are still the same afterwards."""
    cellular = network.uplinks[0]
    with network.socket("gateway") as server, network.socket(namespace) as client:
        for end in (server, client):
            end.settimeout(PATIENCE)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("0.0.0.0", 8080))
        server.listen()
        if source:
            client.bind((cellular.behind[0].inner_address, 0))
        client.connect((ELSEWHERE, 443))
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(PATIENCE)
            client.sendall(b"before")
            assert accepted.recv(100) == b"before"
            coverage.lost("cellular")
            coverage.back("cellular")
            client.sendall(b"after")
            assert accepted.recv(100) == b"after"
            accepted.sendall(b"answer")
            assert client.recv(100) == b"answer"
