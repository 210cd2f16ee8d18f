"""QUIC on its way through the gateway's namespace: into the proxy through a tun device, or turned back.

The proxy takes TCP by redirection, which for UDP would lose where a datagram was meant for. So UDP flows that begin as
QUIC are marked, and routed by that mark into a tun device that the proxy reads. All other UDP is forwarded as it is.
Where this host has no tun device for the bench, QUIC is *blocked*: answered with an ICMP port unreachable, as many
mobile and guest networks do, upon which clients that follow RFC 9308, section 2, fall back to TCP, where they can be
read. Forwarding it unread would make every claim about its hosts inconclusive instead.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Iterable
from typing import Any

from pyroute2.netlink.nfnetlink.nftsocket import Cmp, Meta, Regs
from pyroute2.nftables.expressions import genex

from rigs.sim.network.firewall import Expression, Rule, compare, incoming, protocol, transport
from rigs.sim.network.layout import QUIC_TUN

MARK = 0x51
"""Of packets and connections that are QUIC."""
TABLE = 1200
"""The routing table of marked packets."""

_VERSIONS = (0x00000001, 0x6B3343CF)
"""QUIC 1 (RFC 9000, section 15) and 2 (RFC 9369, section 3.1)."""
_UDP_HEADER = 8
_SMALLEST_INITIAL = 1200
"""Bytes of a datagram with a client's Initial packet, at least (RFC 9000, section 14.1)."""

_DEVICE = "/dev/net/tun"
_TUNSETIFF, _TUNSETPERSIST = 0x400454CA, 0x400454CB
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
"""linux/if_tun.h"""

_CT_MARK = 3
_REJECT_ICMPX, _ICMPX_PORT_UNREACHABLE = 2, 1
"""linux/netfilter/nf_tables.h: ``NFT_CT_MARK``, ``NFT_REJECT_ICMPX_UNREACH``, ``NFT_REJECT_ICMPX_PORT_UNREACH``"""


def make_tun() -> str | None:
    """Make the tun device in this network namespace; why there is none, if this host refuses it."""
    try:
        device = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", QUIC_TUN.encode(), _IFF_TUN | _IFF_NO_PI))
            fcntl.ioctl(device, _TUNSETPERSIST, 1)  # it is there before the proxy, so that routes can point to it
        finally:
            os.close(device)
    except OSError as error:
        return f"{_DEVICE}: {(error.strerror or str(error)).lower()}"
    return None


def rules(interfaces: Iterable[str], *, opened: bool) -> list[Rule]:
    """Mark what begins as QUIC on *interfaces*; it is routed to the proxy if that is *opened*, and else turned back."""
    made = []
    for interface in interfaces:
        here = (incoming(interface), protocol(socket.IPPROTO_UDP))
        for version in _VERSIONS:
            # a client's first datagram: its size, then a long header (RFC 8999, section 5.1) of a known version
            begins = (
                (transport(4, 2), compare(Cmp.NFT_CMP_GTE, struct.pack("!H", _UDP_HEADER + _SMALLEST_INITIAL))),
                (transport(_UDP_HEADER, 1), compare(Cmp.NFT_CMP_GTE, b"\xc0")),
                (transport(_UDP_HEADER + 1, 4), compare(Cmp.NFT_CMP_EQ, struct.pack("!I", version))),
            )
            made.append(Rule("recognise", (*here, *begins, _mark_connection())))
        if opened:
            made.append(Rule("recognise", (*here, _marked_connection(), _mark_packet())))
    return made if opened else [*made, Rule("forward", (_marked_connection(), _reject()))]


def _load(value: int) -> dict[str, Any]:
    data = {"attrs": [("NFTA_DATA_VALUE", struct.pack("=I", value))]}
    loaded: dict[str, Any] = genex("immediate", {"dreg": Regs.NFT_REG_1, "data": data})
    return loaded


def _mark_connection() -> Expression:
    return (_load(MARK), genex("ct", {"key": _CT_MARK, "sreg": Regs.NFT_REG_1}))


def _marked_connection() -> Expression:
    return (
        genex("ct", {"key": _CT_MARK, "dreg": Regs.NFT_REG_1}),
        compare(Cmp.NFT_CMP_EQ, struct.pack("=I", MARK)),
    )


def _mark_packet() -> Expression:
    return (_load(MARK), genex("meta", {"key": Meta.NFT_META_MARK, "sreg": Regs.NFT_REG_1}))


def _reject() -> Expression:
    return (genex("reject", {"type": _REJECT_ICMPX, "icmp_code": _ICMPX_PORT_UNREACHABLE}),)
