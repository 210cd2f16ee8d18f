"""The packet filter of each namespace, as tables of rules for nftables, set through netlink.

Chains and expressions are those of nft(8): ``iifname cell0 meta l4proto tcp redirect to :8080`` is
``Rule("prerouting", (incoming("cell0"), protocol(IPPROTO_TCP), redirect(8080)))``.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyroute2.netlink.nfnetlink.nftsocket import NFPROTO_INET, Cmp, Meta, Regs
from pyroute2.nftables.expressions import genex, verdict
from pyroute2.nftables.main import NFTables

from rigs.sim.network.layout import T_BOX_PORTS, UPLINKS, CatchAll

_TABLE = "bench"
_NF_DROP, _NF_ACCEPT = 0, 1
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
"""``NFT_PAYLOAD_NETWORK_HEADER``, ``NFT_PAYLOAD_TRANSPORT_HEADER``"""
_SNAT = 0
"""``NFT_NAT_SNAT``"""
_IPV4_SOURCE = 12
"""Where the source address stands in an IPv4 header (RFC 791, 3.1)."""

Expression = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a chain: what it matches, then what it does."""

    chain: str
    expressions: tuple[Expression, ...]


_CHAINS = {
    # before NAT, and before the route is chosen
    "recognise": {"hook": "prerouting", "type": "filter", "priority": -150, "policy": _NF_ACCEPT},
    "prerouting": {"hook": "prerouting", "type": "nat", "priority": -100, "policy": _NF_ACCEPT},
    "forward": {"hook": "forward", "type": "filter", "priority": 0, "policy": _NF_ACCEPT},
    "output": {"hook": "output", "type": "filter", "priority": 0, "policy": _NF_ACCEPT},
    "postrouting": {"hook": "postrouting", "type": "nat", "priority": 100, "policy": _NF_ACCEPT},
}


def compare(operation: Cmp, value: bytes) -> dict[str, Any]:
    """Compares the register with *value*, byte by byte."""
    data = {"attrs": [("NFTA_DATA_VALUE", value)]}
    compared: dict[str, Any] = genex("cmp", {"sreg": Regs.NFT_REG_1, "op": operation, "data": data})
    return compared


def _meta(key: Meta, value: bytes) -> Expression:
    return (genex("meta", {"dreg": Regs.NFT_REG_1, "key": key}), compare(Cmp.NFT_CMP_EQ, value))


def transport(offset: int, length: int) -> dict[str, Any]:
    """Loads bytes from the transport header on into the register."""
    where = {"dreg": Regs.NFT_REG_1, "base": _TRANSPORT_HEADER, "offset": offset, "len": length}
    loaded: dict[str, Any] = genex("payload", where)
    return loaded


def incoming(interface: str) -> Expression:
    """Matches what arrives on *interface*."""
    return _meta(Meta.NFT_META_IIFNAME, interface.encode().ljust(16, b"\0"))


def protocol(number: int) -> Expression:
    """Matches the transport protocol, IPv4 or IPv6."""
    return _meta(Meta.NFT_META_L4PROTO, bytes([number]))


def to_port(number: int) -> Expression:
    """Matches the destination port (the same place in TCP and UDP)."""
    return (transport(2, 2), compare(Cmp.NFT_CMP_EQ, struct.pack("!H", number)))


def from_port(first: int, last: int) -> Expression:
    """Matches a source port in a range, ends included."""
    return (
        transport(0, 2),
        compare(Cmp.NFT_CMP_GTE, struct.pack("!H", first)),
        compare(Cmp.NFT_CMP_LTE, struct.pack("!H", last)),
    )


def from_address(address: str) -> Expression:
    """Matches an IPv4 source address."""
    where = {"dreg": Regs.NFT_REG_1, "base": _NETWORK_HEADER, "offset": _IPV4_SOURCE, "len": 4}
    ipv4 = _meta(Meta.NFT_META_NFPROTO, bytes([socket.AF_INET]))
    return (*ipv4, genex("payload", where), compare(Cmp.NFT_CMP_EQ, socket.inet_aton(address)))


def icmp_type(first: int, last: int) -> Expression:
    """Matches an ICMP message type in a range, ends included."""
    return (
        transport(0, 1),
        compare(Cmp.NFT_CMP_GTE, bytes([first])),
        compare(Cmp.NFT_CMP_LTE, bytes([last])),
    )


def redirect(port: int) -> Expression:
    """Sends it to *port* of this namespace."""
    data = {"attrs": [("NFTA_DATA_VALUE", struct.pack("!H", port))]}
    return (
        genex("immediate", {"dreg": Regs.NFT_REG_1, "data": data}),
        genex("redir", {"reg_proto_min": Regs.NFT_REG_1}),
    )


def leave_as(address: str, first: int, last: int) -> Expression:
    """Gives it an IPv4 source address, and a source port in a range, ends included.

    By a fixed address and not by masquerading, for that has the kernel forget the translations of an interface that
    goes down: a connection that was open when coverage was lost would go on from another port.
    """
    registers = {
        Regs.NFT_REG_1: struct.pack("!H", first),
        Regs.NFT_REG_2: struct.pack("!H", last),
        Regs.NFT_REG_3: socket.inet_aton(address),
    }
    loaded = (
        genex("immediate", {"dreg": register, "data": {"attrs": [("NFTA_DATA_VALUE", value)]}})
        for register, value in registers.items()
    )
    wanted = {
        "type": _SNAT,
        "family": socket.AF_INET,
        "reg_addr_min": Regs.NFT_REG_3,
        "reg_addr_max": Regs.NFT_REG_3,
        "reg_proto_min": Regs.NFT_REG_1,
        "reg_proto_max": Regs.NFT_REG_2,
        "flags": {"NF_NAT_RANGE_MAP_IPS", "NF_NAT_RANGE_PROTO_SPECIFIED"},
    }
    return (*loaded, genex("nat", wanted))


def drop() -> Expression:
    """Drops it."""
    return tuple(verdict(code=_NF_DROP))


def quiet() -> list[Rule]:
    """Keeps the kernel's own multicast reports and router solicitations and advertisements off the links.

    So an idle uplink is silent (ICMPv6 types 130 to 134 and 143: RFC 2710, RFC 4861, RFC 3810).
    """
    icmp = protocol(socket.IPPROTO_ICMPV6)
    return [Rule("output", (icmp, icmp_type(first, last), drop())) for first, last in ((130, 134), (143, 143))]


def t_box() -> list[Rule]:
    """IPv4 of a control unit behind the T-Box leaves with the T-Box's address, from that unit's own source ports.

    Deterministic NAT (RFC 7422). What the T-Box itself sends from one of these ports is moved out of the way.
    """
    rules = quiet()
    numbers = (socket.IPPROTO_TCP, socket.IPPROTO_UDP)
    for uplink in UPLINKS:
        address = uplink.unit_addresses[0]
        for behind in uplink.behind:
            here, theirs = from_address(behind.inner_address), leave_as(address, *behind.ports)
            rules += [Rule("postrouting", (here, protocol(number), theirs)) for number in numbers]
            own = (from_address(address), from_port(*behind.ports), leave_as(address, *T_BOX_PORTS))
            rules += [Rule("postrouting", (protocol(number), *own)) for number in numbers]
    return rules


def gateway(proxy_port: int | None, dns_port: int) -> list[Rule]:
    """DNS goes to the resolver, all other TCP to the proxy; no TCP goes past the proxy, dead or alive."""
    rules = quiet()
    if proxy_port is None:
        return rules
    for uplink in UPLINKS:
        here = incoming(uplink.gateway_interface)
        rules += [
            Rule("prerouting", (here, protocol(socket.IPPROTO_UDP), to_port(53), redirect(dns_port))),
            Rule("prerouting", (here, protocol(socket.IPPROTO_TCP), to_port(53), redirect(dns_port))),
            Rule("prerouting", (here, protocol(socket.IPPROTO_TCP), redirect(proxy_port))),
        ]
    return [*rules, Rule("forward", (protocol(socket.IPPROTO_TCP), drop()))]


def cloud(interface: str, catch_all: CatchAll | None) -> list[Rule]:
    """Whatever port was meant, the catch-all answers, if there is one."""
    ports = {socket.IPPROTO_TCP: catch_all.tcp_port, socket.IPPROTO_UDP: catch_all.udp_port} if catch_all else {}
    return quiet() + [
        Rule("prerouting", (incoming(interface), protocol(number), redirect(port)))
        for number, port in ports.items()
        if port is not None
    ]


def apply(rules: Iterable[Rule]) -> None:
    """Set *rules* in the network namespace that this process is in, in their order.

    :raises NetlinkError: the kernel lacks a piece of nftables
    """
    with NFTables(nfgen_family=NFPROTO_INET) as nft:
        nft.table("add", name=_TABLE)
        add(nft, _TABLE, rules)


def add(nft: NFTables, table: str, rules: Iterable[Rule]) -> None:
    """Add *rules* and the chains that they need to a table that is there.

    :raises NetlinkError: the kernel lacks a piece of nftables
    """
    kept = tuple(rules)
    used = {rule.chain for rule in kept}
    for chain, definition in _CHAINS.items():
        if chain in used:
            nft.chain("add", table=table, name=chain, **definition)
    for rule in kept:
        nft.rule("add", table=table, chain=rule.chain, expressions=rule.expressions)
