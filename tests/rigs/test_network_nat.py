"""The control unit behind the T-Box, and the phone: who can be told apart on an uplink, and by what."""

import contextlib
import errno
import os
import socket

import pytest

from rigs.sim.network.layout import IVI_PORTS, T_BOX_PORTS
from rigs.sim.network.vending import SocketLine
from rigs.sim.unit.behind import ControlUnit

PATIENCE = 20.0
ELSEWHERE = {socket.AF_INET: "198.51.100.7", socket.AF_INET6: "2001:db8::7"}
ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
FAMILIES = [pytest.param(socket.AF_INET, id="IPv4"), pytest.param(socket.AF_INET6, id="IPv6")]
KINDS = [pytest.param(socket.SOCK_STREAM, id="TCP"), pytest.param(socket.SOCK_DGRAM, id="UDP")]
CAR = ["cellular", "wifi", "private"]


def inside(uplink, family):
    (behind,) = uplink.behind
    return behind.inner_address if family == socket.AF_INET else behind.address


def sent_from(network, namespace, family, kind, *, source=None, port=0, device=None):
    """The address and port with which a packet arrives at the gateway (TCP) or the cloud (UDP)."""
    where, at = ("gateway", 8080) if kind == socket.SOCK_STREAM else ("cloud", 4434)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(network.socket(where, family, kind))
        client = stack.enter_context(network.socket(namespace, family, kind, device=device))
        for end in (server, client):
            end.settimeout(PATIENCE)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((ANY[family], at))
        if source or port:
            client.bind((source or ANY[family], port))
        if kind == socket.SOCK_STREAM:
            server.listen()
            client.connect((ELSEWHERE[family], 443))
            connection, peer = server.accept()
            connection.close()
        else:
            client.sendto(b"x", (ELSEWHERE[family], at))
            _, peer = server.recvfrom(100)
        return peer[:2]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", CAR)
def test_the_head_unit_leaves_by_the_uplink_of_its_address(network, name, family, kind):
    """In IPv4 with the T-Box's address and a source port of its own range, in IPv6 with its own address."""
    uplink = next(uplink for uplink in network.uplinks if uplink.name == name)
    address, port = sent_from(network, "ivi", family, kind, source=inside(uplink, family))
    if family == socket.AF_INET:
        assert address == uplink.unit_addresses[0]
        assert IVI_PORTS[0] <= port <= IVI_PORTS[1]
    else:
        assert address == uplink.behind[0].address


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("port", [0, IVI_PORTS[0] + 7])
def test_the_t_box_never_sends_from_the_head_units_ports(network, kind, port):
    """Not even if a program of it asks for one of them."""
    address, used = sent_from(network, "unit", socket.AF_INET, kind, port=port)
    assert address == network.uplinks[0].unit_addresses[0]
    assert T_BOX_PORTS[0] <= used <= T_BOX_PORTS[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_without_its_uplink_the_head_unit_takes_no_other(network, family):
    """What it sends over an uplink that is down is refused, though others are up."""
    cellular = network.uplinks[0]
    network.set_link("cellular", up=False)
    try:
        with pytest.raises(OSError, match=f"{os.strerror(errno.EHOSTUNREACH)}|{os.strerror(errno.ENETUNREACH)}"):
            sent_from(network, "ivi", family, socket.SOCK_STREAM, source=inside(cellular, family))
    finally:
        network.set_link("cellular", up=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_phone_has_an_uplink_of_its_own(network, family, kind):
    """It leaves by that, and the car's uplinks are none of its business."""
    phone = network.uplinks[-1]
    assert phone.namespace == "phone"
    network.set_link("wifi", up=False)
    try:
        address, _ = sent_from(network, "phone", family, kind)
    finally:
        network.set_link("wifi", up=True)
    assert address in phone.unit_addresses


def test_the_phone_can_lose_coverage_while_the_car_does_not(network):
    """Each uplink is taken from the unit at its end."""
    network.set_link("phone", up=False)
    try:
        with pytest.raises(OSError, match=os.strerror(errno.ENETUNREACH)):
            sent_from(network, "phone", socket.AF_INET, socket.SOCK_DGRAM)
        assert sent_from(network, "unit", socket.AF_INET, socket.SOCK_DGRAM)
    finally:
        network.set_link("phone", up=True)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_line_hands_out_sockets_of_another_namespace(network, family):
    """What is sent through one of them leaves as the head unit's, whichever process sends it."""
    uplink = network.uplinks[2]
    ways = {"private": (uplink.behind[0].inner_address, uplink.behind[0].address)}
    with network.vendor("ivi") as line, network.socket("cloud", family, socket.SOCK_DGRAM) as server:
        server.settimeout(PATIENCE)
        server.bind((ANY[family], 4435))
        with ControlUnit(line=SocketLine(line), addresses=ways).socket(family, socket.SOCK_DGRAM, "private") as made:
            made.sendto(b"x", (ELSEWHERE[family], 4435))
        _, peer = server.recvfrom(100)
    assert peer[0] == (uplink.unit_addresses[0] if family == socket.AF_INET else uplink.behind[0].address)


def test_a_line_says_why_there_is_no_socket_and_goes_on(network):
    """An address family that the kernel lacks is no reason to end."""
    with network.vendor("ivi") as line:
        sockets = SocketLine(line)
        with pytest.raises(OSError, match=os.strerror(errno.EAFNOSUPPORT)):
            sockets.socket(45, socket.SOCK_STREAM)
        sockets.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def test_a_line_that_is_dropped_disturbs_nothing(network):
    """The launcher forgets it and answers others."""
    network.vendor("ivi").close()
    with network.vendor("phone") as line:
        SocketLine(line).socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
