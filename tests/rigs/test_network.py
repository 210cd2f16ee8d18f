"""What leaves the simulated unit, and where it arrives: real namespaces, sockets and packets."""

import contextlib
import errno
import os
import select
import signal
import socket
import struct
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from rigs.sim.network import CatchAll
from rigs.sim.network.layout import UPLINKS, link_of

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0
ELSEWHERE = {socket.AF_INET: "198.51.100.7", socket.AF_INET6: "2001:db8::7"}
ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
FAMILIES = [pytest.param(socket.AF_INET, id="IPv4"), pytest.param(socket.AF_INET6, id="IPv6")]
ETH_P_ALL = 3


@pytest.fixture(scope="module")
def catching(open_network):
    """A network whose cloud takes everything at two ports."""
    with open_network(catch_all=CatchAll(tcp_port=9000, udp_port=9001)) as made:
        yield made


@contextlib.contextmanager
def listening(network, namespace, port, family=socket.AF_INET):
    with network.socket(namespace, family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.settimeout(PATIENCE)
        server.bind((ANY[family], port))
        server.listen()
        yield server


@contextlib.contextmanager
def datagrams(network, namespace, port, family=socket.AF_INET):
    with network.socket(namespace, family, socket.SOCK_DGRAM) as server:
        server.settimeout(PATIENCE)
        server.bind((ANY[family], port))
        yield server


@contextlib.contextmanager
def connected(network, namespace, address, *, family=socket.AF_INET, device=None, source=None):
    with network.socket(namespace, family, device=device) as client:
        client.settimeout(PATIENCE)
        if source:
            client.bind((source, 0))
        client.connect(address)
        yield client


@contextlib.contextmanager
def packets(network, namespace, interface):
    """A raw socket that sees each frame on *interface*."""
    with network.socket(namespace, socket.AF_PACKET, socket.SOCK_RAW) as tap:
        tap.bind((interface, ETH_P_ALL))
        tap.settimeout(0.0)
        yield tap


def drain(tap):
    frames = []
    with contextlib.suppress(BlockingIOError):
        while True:
            frames.append(tap.recv(65536))
    return frames


def original_destination(connection):
    """As mitmproxy's transparent mode asks for it (mitmproxy/platform/linux.py)."""
    if connection.family == socket.AF_INET:
        port, raw = struct.unpack_from("!2xH4s", connection.getsockopt(socket.SOL_IP, 80, 16))
    else:
        port, raw = struct.unpack_from("!2xH4x16s", connection.getsockopt(socket.IPPROTO_IPV6, 80, 28))
    return socket.inet_ntop(connection.family, raw), port


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("port", [443, 32960, 8080])
def test_all_tcp_goes_to_the_proxy_whatever_its_port(network, family, port):
    """A connection to any address and port arrives at the proxy's port, which can read what was meant."""
    with (
        listening(network, "gateway", 8080, family) as proxy,
        connected(network, "unit", (ELSEWHERE[family], port), family=family),
    ):
        connection, _ = proxy.accept()
        with connection:
            assert original_destination(connection) == (ELSEWHERE[family], port)


def test_a_neighbour_on_the_uplink_is_seen_by_the_proxy_as_well(network):
    """An address in the uplink's own subnet, such as another device of a hotspot, is no way round the proxy."""
    with listening(network, "gateway", 8080) as proxy, connected(network, "unit", ("192.168.43.99", 80)):
        connection, _ = proxy.accept()
        with connection:
            assert original_destination(connection) == ("192.168.43.99", 80)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_datagram_to_a_neighbour_is_carried_like_any_other(network, family):
    """The uplink's own subnet is not asked for the address; the datagram passes the gateway and reaches the cloud."""
    neighbour = {socket.AF_INET: "192.168.43.99", socket.AF_INET6: "fd43::99"}[family]
    with datagrams(network, "cloud", 4434, family) as cloud, datagrams(network, "unit", 0, family) as client:
        client.sendto(b"near", (neighbour, 4434))
        assert cloud.recv(100) == b"near"


@pytest.mark.parametrize("family", FAMILIES)
def test_dns_goes_to_the_resolver_of_the_bench(network, family):
    """A query to any resolver arrives at the bench's DNS port, and its answer comes back from the address asked."""
    with (
        datagrams(network, "gateway", 5353, family) as resolver,
        datagrams(network, "unit", 0, family) as client,
    ):
        client.sendto(b"query", (ELSEWHERE[family], 53))
        query, asker = resolver.recvfrom(100)
        resolver.sendto(b"answer", asker)
        answer, answerer = client.recvfrom(100)
    assert (query, answer, answerer[:2]) == (b"query", b"answer", (ELSEWHERE[family], 53))


@pytest.mark.parametrize("family", FAMILIES)
def test_dns_over_tcp_goes_to_the_resolver_of_the_bench(network, family):
    """A resolver that falls back to TCP (RFC 7766) is answered by the bench too, whatever address it asks."""
    with (
        listening(network, "gateway", 5353, family) as resolver,
        connected(network, "unit", (ELSEWHERE[family], 53), family=family),
    ):
        connection, _ = resolver.accept()
        with connection:
            assert original_destination(connection) == (ELSEWHERE[family], 53)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_udp_reaches_the_cloud_at_any_address(network, family):
    """A datagram for an address nobody has is delivered in the cloud, and the reply finds its way back."""
    info = (socket.IPPROTO_IP, 8) if family == socket.AF_INET else (socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO)
    with datagrams(network, "cloud", 4433, family) as cloud, datagrams(network, "unit", 0, family) as client:
        cloud.setsockopt(*info, 1)
        client.sendto(b"hello", (ELSEWHERE[family], 4433))
        hello, ancillary, _, sender = cloud.recvmsg(100, 200)
        cloud.sendmsg([b"welcome"], ancillary, 0, sender)  # from the address that was meant
        welcome, replier = client.recvfrom(100)
    assert (hello, welcome, replier[:2]) == (b"hello", b"welcome", (ELSEWHERE[family], 4433))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_cloud_accepts_connections_to_any_address(network, family):
    """What the proxy opens to an address nobody has ends in the cloud's server on that port."""
    with (
        listening(network, "cloud", 443, family) as server,
        connected(network, "gateway", (ELSEWHERE[family], 443), family=family) as client,
    ):
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"here")
            assert (connection.getsockname()[0], client.recv(10)) == (ELSEWHERE[family], b"here")


def test_the_cloud_can_talk_to_itself(network):
    """A client in the cloud reaches a server in the cloud, over loopback and by its own address."""
    for address in ("127.0.0.1", "203.0.113.10"):
        with listening(network, "cloud", 8443) as server, connected(network, "cloud", (address, 8443)):
            server.accept()[0].close()


def test_no_tcp_passes_a_dead_proxy(network):
    """With nothing on the proxy's port a connection is refused, though the cloud would accept it."""
    with (
        packets(network, "gateway", "cell0") as uplink,
        packets(network, "gateway", "backhaul0") as backhaul,
        listening(network, "cloud", 443),
    ):
        with pytest.raises(ConnectionRefusedError), connected(network, "unit", (ELSEWHERE[socket.AF_INET], 443)):
            pass
        assert len(drain(uplink)) == 2  # SYN and RST
        assert drain(backhaul) == []


def checksum(content):
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(content) // 2}H", content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(protocol, segment):
    """An Ethernet frame from the unit's cellular address to an address of the cloud."""
    link = link_of(UPLINKS[0])
    addresses = socket.inet_aton(link.near.addresses[0]) + socket.inet_aton(ELSEWHERE[socket.AF_INET])
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0) + addresses
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    macs = bytes.fromhex((link.far.mac + link.near.mac).replace(":", ""))
    return macs + b"\x08\x00" + header + segment, addresses


def test_tcp_that_belongs_to_no_connection_is_not_forwarded(network):
    """A lone FIN, which connection tracking finds invalid and so does not redirect, goes no further."""
    fin = struct.pack("!HHIIBBHHH", 40000, 443, 1, 0, 5 << 4, 0b000001, 1024, 0, 0)
    pseudo = frame(socket.IPPROTO_TCP, fin)[1] + struct.pack("!HH", socket.IPPROTO_TCP, len(fin))
    fin = fin[:16] + struct.pack("!H", checksum(pseudo + fin)) + fin[18:]
    control = struct.pack("!HHHH", 40000, 4434, 8 + 4, 0) + b"ping"
    with (
        packets(network, "gateway", "backhaul0") as backhaul,
        datagrams(network, "cloud", 4434) as cloud,
        network.socket("unit", socket.AF_PACKET, socket.SOCK_RAW) as raw,
    ):
        raw.bind(("wwan0", 0))
        raw.send(frame(socket.IPPROTO_TCP, fin)[0])
        raw.send(frame(socket.IPPROTO_UDP, control)[0])
        assert cloud.recv(100) == b"ping"
        assert [seen[23] for seen in drain(backhaul)] == [socket.IPPROTO_UDP]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bound", ["device", "address"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_bound_to_an_uplink_leaves_by_it(network, family, bound, number):
    """A socket bound to an uplink's device or address sends there, with that uplink's address, and nowhere else."""
    uplink, other = network.uplinks[number], network.uplinks[number - 1]
    own = uplink.unit_addresses[family == socket.AF_INET6]
    binding = {"device": uplink.unit_interface} if bound == "device" else {"source": own}
    with (
        packets(network, "gateway", uplink.gateway_interface) as tap,
        packets(network, "gateway", other.gateway_interface) as other_tap,
        listening(network, "gateway", 8080, family) as proxy,
        connected(network, "unit", (ELSEWHERE[family], 443), family=family, **binding),
    ):
        connection, peer = proxy.accept()
        connection.close()
        assert peer[0] == own
        assert drain(tap)
        assert drain(other_tap) == []


def test_what_is_bound_to_nothing_prefers_cellular(network):
    """The first uplink of the list is the default way."""
    with listening(network, "gateway", 8080) as proxy, connected(network, "unit", (ELSEWHERE[socket.AF_INET], 443)):
        connection, peer = proxy.accept()
        connection.close()
        assert peer[0] == network.uplinks[0].unit_addresses[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_uplink_without_coverage_is_left_for_the_other_and_comes_back(network, family):
    """In the order of the list; with all of them down the unit is offline; back up, cellular is preferred again."""

    def way_out():
        with (
            listening(network, "gateway", 8080, family) as proxy,
            connected(network, "unit", (ELSEWHERE[family], 443), family=family),
        ):
            connection, peer = proxy.accept()
            connection.close()
        return next(uplink.name for uplink in network.uplinks if peer[0] in uplink.unit_addresses)

    ways = [way_out()]
    network.set_link("cellular", up=False)
    ways.append(way_out())
    network.set_link("wifi", up=False)
    ways.append(way_out())
    network.set_link("private", up=False)
    with pytest.raises(OSError, match=os.strerror(errno.ENETUNREACH)):
        way_out()
    network.set_link("cellular", up=True)
    network.set_link("cellular", up=True)
    ways.append(way_out())
    network.set_link("wifi", up=True)
    network.set_link("private", up=True)
    assert ways == ["cellular", "wifi", "private", "cellular"]


def test_a_capture_survives_the_loss_of_coverage(network):
    """The gateway's end of an uplink stays up, so a packet socket there sees what comes before and after."""
    wifi = network.uplinks[1]
    with packets(network, "gateway", wifi.gateway_interface) as tap, datagrams(network, "cloud", 4434) as cloud:

        def send(content):
            with network.socket("unit", type=socket.SOCK_DGRAM, device=wifi.unit_interface) as client:
                client.sendto(content, (ELSEWHERE[socket.AF_INET], 4434))
            assert cloud.recv(100) == content

        send(b"before")
        network.set_link("wifi", up=False)
        network.set_link("wifi", up=True)
        send(b"after")
        frames = drain(tap)
    assert [frame[42:] for frame in frames] == [b"before", b"after"]


def test_an_idle_uplink_is_silent(open_network):
    """No ARP, neighbour discovery, multicast report or router solicitation is heard; nor beside the unit's own."""
    with open_network() as fresh, contextlib.ExitStack() as taps:
        heard = [taps.enter_context(packets(fresh, "gateway", uplink.gateway_interface)) for uplink in fresh.uplinks]
        for family in (socket.AF_INET, socket.AF_INET6):
            with datagrams(fresh, "cloud", 4434, family) as cloud, datagrams(fresh, "unit", 0, family) as client:
                client.sendto(b"alone", (ELSEWHERE[family], 4434))
                cloud.recv(100)
        time.sleep(1.5)  # multicast listener reports are repeated within a second (RFC 3810, 9.11)
        cellular, *others = map(drain, heard)
    assert [frame[-5:] for frame in cellular] == [b"alone", b"alone"]
    assert others == [[], [], []]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_catch_all_takes_every_tcp_port(catching, family):
    """Whatever port was meant, the one server answers, and can read which it was."""
    with listening(catching, "cloud", 9000, family) as server:
        for port in (1, 443, 8883, 65535):
            with connected(catching, "gateway", (ELSEWHERE[family], port), family=family):
                connection, _ = server.accept()
                with connection:
                    assert original_destination(connection) == (ELSEWHERE[family], port)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_catch_all_takes_every_udp_port(catching, family):
    """Whatever port was meant, the one server answers, and the answer comes from the address that was meant."""
    with datagrams(catching, "cloud", 9001, family) as server, datagrams(catching, "unit", 0, family) as client:
        client.sendto(b"probe", (ELSEWHERE[family], 3544))
        content, sender = server.recvfrom(100)
        server.sendto(content, sender)
        answer, answerer = client.recvfrom(100)
    assert (answer, answerer[:2]) == (b"probe", (ELSEWHERE[family], 3544))


def test_64_mebibytes_pass_unharmed(network):
    """A large upload arrives complete, through the redirect."""
    block, count = os.urandom(1 << 20), 64
    received = bytearray()

    def take(proxy):
        connection, _ = proxy.accept()
        with connection:
            while part := connection.recv(1 << 20):
                received.extend(part)

    with listening(network, "gateway", 8080) as proxy:
        taker = threading.Thread(target=take, args=(proxy,))
        taker.start()
        with connected(network, "unit", (ELSEWHERE[socket.AF_INET], 443)) as client:
            for _ in range(count):
                client.sendall(block)
        taker.join(PATIENCE)
    assert received == block * count


def test_captured_bytes_are_what_the_interface_counted(network, output):
    """With receive offload off, the frames on the gateway's end sum up to its own counter to the byte."""
    counters = ["cat", "/sys/class/net/wifi0/statistics/rx_bytes"]
    with (
        packets(network, "gateway", "wifi0") as tap,
        listening(network, "gateway", 8080) as proxy,
    ):
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        before = int(output("gateway", counters))
        with connected(network, "unit", (ELSEWHERE[socket.AF_INET], 443), device="wlan0") as client:
            connection, _ = proxy.accept()
            with connection:
                client.sendall(bytes(100_000))
                got = 0
                while got < 100_000:
                    got += len(connection.recv(65536))
        frames = []
        while select.select([tap], [], [], 0.3)[0]:
            frame, address = tap.recvfrom(1 << 17)
            if address[2] != socket.PACKET_OUTGOING:
                frames.append(frame)
        after = int(output("gateway", counters))
    assert sum(map(len, frames)) == after - before > 100_000


def test_receive_offload_is_switched_off(output):
    """An interface that joins received segments does so no more."""
    code = f"""
        import socket, sys
        sys.path.insert(0, {str(ROOT)!r})
        from rigs.sim.network import wiring
        with socket.socket() as any_socket:
            joins = lambda: wiring._ethtool(any_socket, "backhaul0", wiring._ETHTOOL_GGRO, 0)
            wiring._ethtool(any_socket, "backhaul0", wiring._ETHTOOL_SGRO, 1)
            before = joins()
            wiring.whole_segments("backhaul0")
            print(before, joins())
    """
    assert output("gateway", [sys.executable, "-c", textwrap.dedent(code)]) == "1 0\n"


def test_nothing_reaches_the_hosts_loopback(network):
    """A server on the host's 127.0.0.1 cannot be reached from any namespace."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        socket.create_connection(address, PATIENCE).close()
        server.accept()[0].close()
        for namespace in ("unit", "gateway", "cloud"):
            with pytest.raises(ConnectionRefusedError), connected(network, namespace, address):
                pass


def test_a_name_is_asked_of_the_bench(network):
    """The C library's resolver in the unit sends its query to the bench's DNS port."""
    lookup = [sys.executable, "-c", "import socket\ntry: socket.getaddrinfo('car.example', 443)\nexcept OSError: pass"]
    with datagrams(network, "gateway", 5353) as resolver:
        process = network.spawner("unit")(lookup)
        query, _ = resolver.recvfrom(512)
        process.signal(signal.SIGKILL)
    assert b"\x03car\x07example\x00" in query


def test_networks_beside_each_other_do_not_meet(open_network):
    """Two networks with the same addresses carry their own traffic."""
    with (
        open_network() as first,
        open_network() as second,
        datagrams(first, "cloud", 4434) as ours,
        datagrams(second, "cloud", 4434) as theirs,
        datagrams(first, "unit", 0) as client,
    ):
        client.sendto(b"one", (ELSEWHERE[socket.AF_INET], 4434))
        assert ours.recv(100) == b"one"
        theirs.settimeout(0)
        with pytest.raises(BlockingIOError):
            theirs.recv(100)
