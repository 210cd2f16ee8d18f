"""Interfaces, addresses, routes and kernel settings of the namespaces, through netlink.

Every function works in the network namespace that the (single-threaded) process is in at that time. Links are point to
point in all but name: the only on-link route is the one to the other end, so that a packet for a neighbour's
address goes through the gateway, is captured and is answered by the cloud like any other. Neighbours are permanent
entries, so that no ARP and no neighbour discovery is on the wire.
"""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyroute2.iproute.linux import IPRoute

from rigs.sim.network import quic
from rigs.sim.network.layout import (
    BACKHAUL,
    IN_CAR,
    PREFIXES,
    QUIC_TUN,
    T_BOX_PORTS,
    UPLINKS,
    End,
    Link,
    Namespace,
    Uplink,
    link_of,
    metric_of,
    table_of,
    uplinks_of,
)

_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_ANYWHERE = ("0.0.0.0/0", "::/0")
_HOST_PREFIXES = (32, 128)
_LOOPBACK_NETS = ("127.0.0.0/8", "::1/128")

_MAIN_TABLE, _LOCAL_TABLE, _REPLY_TABLE = 254, 255, 1100
_RTN_LOCAL = "local"
_IFA_F_NODAD = 0x02
_IFA_F_NOPREFIXROUTE = 0x200

_SIOCETHTOOL = 0x8946
_ETHTOOL_GGRO = 0x2B
_ETHTOOL_SGRO = 0x2C

_ROOT, _FIRST_HANDLE = 0xFFFF_FFFF, 0x1_0000
"""``TC_H_ROOT``, and the handle ``1:`` (linux/pkt_sched.h)."""
_TWO_PACKETS = 3100
"""Bytes; a bucket must hold one at least."""

_SETTLING_TIME = 5.0
"""Seconds."""

_EVERYWHERE = {
    "ipv4/conf/*/rp_filter": 0,
    "ipv4/conf/*/accept_redirects": 0,
    "ipv4/conf/*/send_redirects": 0,
    "ipv4/conf/*/arp_notify": 0,
    "ipv6/conf/*/disable_ipv6": 0,
    "ipv6/conf/*/accept_ra": 0,
    "ipv6/conf/*/accept_redirects": 0,
    "ipv6/conf/*/router_solicitations": 0,
    "ipv6/conf/*/accept_dad": 0,
    "ipv6/conf/*/dad_transmits": 0,
    "ipv6/conf/*/ndisc_notify": 0,
    # addresses outlive a link that goes down, as those of IPv4 do
    "ipv6/conf/*/keep_addr_on_down": 1,
    # no link-local address, so nothing that the kernel wants to say from it
    "ipv6/conf/default/addr_gen_mode": 1,
}
_SETTINGS: dict[Namespace, dict[str, int | str]] = {
    "unit": {
        "ipv4/ip_forward": 1,
        "ipv6/conf/all/forwarding": 1,
        "ipv4/ip_local_port_range": f"{T_BOX_PORTS[0]} {T_BOX_PORTS[1]}",
    },
    "ivi": {},
    "phone": {},
    "gateway": {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1},
    "cloud": {"ipv4/ip_nonlocal_bind": 1, "ipv6/ip_nonlocal_bind": 1},
}
"""Below ``/proc/sys/net``; ``*`` is both ``all`` and ``default``."""


def settings(namespace: Namespace) -> None:
    """Make the kernel forward where it should and keep quiet everywhere; before any interface is made."""
    for name, value in (_SETTINGS[namespace] | _EVERYWHERE).items():
        for place in ("all", "default") if "*" in name else ("",):
            Path("/proc/sys/net", name.replace("*", place)).write_text(str(value), encoding="ascii")


def pair(link: Link, far_namespace: int) -> None:
    """Make the veth pair of *link* from the near end's namespace; the far end goes to *far_namespace* (descriptor)."""
    with IPRoute() as netlink:
        netlink.link(
            "add",
            ifname=link.near.interface,
            kind="veth",
            index=link.near_index,
            address=link.near.mac,
            peer={
                "ifname": link.far.interface,
                "address": link.far.mac,
                "net_ns_fd": far_namespace,
            },
        )


class Wires:
    """Netlink in the current network namespace, in the words of this package."""

    def __init__(self, netlink: IPRoute) -> None:
        self._netlink = netlink
        self._indices = {message.get_attr("IFLA_IFNAME"): int(message["index"]) for message in netlink.get_links()}

    @property
    def interfaces(self) -> frozenset[str]:
        """The names of all interfaces."""
        return frozenset(self._indices)

    def up(self, interface: str) -> None:
        """Take an interface up."""
        self._netlink.link("set", index=self._indices[interface], state="up")

    def settled(self) -> bool:
        """Whether every interface is operational. One that is not yet throws away what is sent through it."""
        return all(
            message.get_attr("IFLA_OPERSTATE") == "UP"
            for message in self._netlink.get_links()
            if message.get_attr("IFLA_IFNAME") not in ("lo", QUIC_TUN)  # a tun carries once the proxy reads it
        )

    def down(self, interface: str) -> None:
        """Take an interface down: its routes and neighbours go, its addresses stay."""
        self._netlink.link("set", index=self._indices[interface], state="down")

    def address(self, end: End) -> None:
        """Give an interface its addresses, without subnet routes and duplicate address detection."""
        for family, address, prefix in zip(_FAMILIES, end.addresses, PREFIXES, strict=True):
            flags = _IFA_F_NOPREFIXROUTE | (_IFA_F_NODAD if family == socket.AF_INET6 else 0)
            self._netlink.addr(
                "add", index=self._indices[end.interface], address=address, prefixlen=prefix, flags=flags
            )

    def neighbour(self, end: End, other: End) -> None:
        """Know the other end of *end*'s link for good, without asking on the wire."""
        index = self._indices[end.interface]
        for family, address in zip(_FAMILIES, other.addresses, strict=True):
            self._netlink.neigh(
                "replace", family=family, dst=address, lladdr=other.mac, ifindex=index, state="permanent"
            )

    def direct(self, end: End, other: End, **where: Any) -> None:
        """The only on-link route: to the other end itself; *where* may have ``table``."""
        index = self._indices[end.interface]
        for family, host, own, address in zip(_FAMILIES, _HOST_PREFIXES, end.addresses, other.addresses, strict=True):
            destination = f"{address}/{host}"
            self._netlink.route(
                "replace", family=family, dst=destination, oif=index, prefsrc=own, scope="link", **where
            )

    def default(self, end: End, other: End, **where: Any) -> None:
        """A default route through *other*; *where* has ``table`` and ``priority`` (the metric)."""
        index = self._indices[end.interface]
        for family, anywhere, own, gateway in zip(_FAMILIES, _ANYWHERE, end.addresses, other.addresses, strict=True):
            self._netlink.route(
                "replace", family=family, dst=anywhere, gateway=gateway, oif=index, prefsrc=own, **where
            )

    def through(self, address: str, end: End, other: End) -> None:
        """A route to one IPv6 *address* behind *other*."""
        self._netlink.route(
            "replace",
            family=socket.AF_INET6,
            dst=f"{address}/128",
            gateway=other.addresses[1],
            oif=self._indices[end.interface],
            prefsrc=end.addresses[1],
        )

    def local(self, destination: str, table: int) -> None:
        """Accept *destination* (a network) as this namespace's own."""
        family = socket.AF_INET6 if ":" in destination else socket.AF_INET
        self._netlink.route(
            "add", family=family, dst=destination, oif=self._indices["lo"], table=table, type=_RTN_LOCAL, scope="host"
        )

    def rule(self, family: int, priority: int, table: int, **match: Any) -> None:
        """A routing rule; rules with a lower *priority* come first."""
        self._netlink.rule("add", family=family, priority=priority, table=table, **match)

    def nowhere_else(self, family: int, priority: int, source: str, prefix: int) -> None:
        """Refuse what comes from *source* and met no rule before."""
        self._netlink.rule("add", family=family, priority=priority, src=source, src_len=prefix, action="unreachable")

    def marked(self, mark: int, interface: str, table: int) -> None:
        """Route packets that bear *mark* into *interface*, through a *table* of their own."""
        for family, anywhere in zip(_FAMILIES, _ANYWHERE, strict=True):
            self._netlink.route("add", family=family, dst=anywhere, oif=self._indices[interface], table=table)
            self.rule(family, 50, table, fwmark=mark)

    def forget_rule(self, family: int, priority: int, table: int) -> None:
        """Remove a routing rule."""
        self._netlink.rule("del", family=family, priority=priority, table=table)


def t_box() -> None:
    """The unit's uplinks, and the way to the control unit behind it.

    That one's packets take the uplink that their source address stands for, and no other if it is down.
    """
    with IPRoute() as netlink:
        wires = Wires(netlink)
        _uplinks(wires, "unit")
        end = IN_CAR.far
        wires.address(end)
        wires.up(end.interface)
        for uplink, inner in _inner_ends():
            wires.neighbour(end, inner)
            wires.direct(end, inner)
            for family, prefix, address in zip(_FAMILIES, _HOST_PREFIXES, inner.addresses, strict=True):
                wires.rule(family, 100, table_of(uplink), src=address, src_len=prefix)
                wires.nowhere_else(family, 101, address, prefix)


def head_unit() -> None:
    """An address for each uplink, and the T-Box for everything."""
    with IPRoute() as netlink:
        wires = Wires(netlink)
        wires.up("lo")
        for _, inner in _inner_ends():
            wires.address(inner)
        wires.up(IN_CAR.near.interface)
        wires.neighbour(IN_CAR.near, IN_CAR.far)
        wires.direct(IN_CAR.near, IN_CAR.far)
        wires.default(IN_CAR.near, IN_CAR.far)


def phone() -> None:
    """The phone's only uplink."""
    with IPRoute() as netlink:
        _uplinks(Wires(netlink), "phone")


def _uplinks(wires: Wires, namespace: Namespace) -> None:
    """Uplinks with their defaults.

    What is bound to a device goes out there by the metrics alone; what is bound to an address needs a rule.
    """
    wires.up("lo")
    for uplink in uplinks_of(namespace):
        near = _near(uplink)
        wires.address(near)
        for family, prefix, address in zip(_FAMILIES, _HOST_PREFIXES, near.addresses, strict=True):
            wires.rule(family, 100, table_of(uplink), src=address, src_len=prefix)
        _connect(wires, uplink)


def _inner_ends() -> Iterator[tuple[Uplink, End]]:
    """The head unit's end of its link, with the addresses that stand for each uplink."""
    for uplink in UPLINKS:
        for behind in uplink.behind:
            yield uplink, replace(IN_CAR.near, addresses=(behind.inner_address, behind.address))


def gateway() -> None:
    """The far ends of the uplinks and the near end of the backhaul, where everything else goes."""
    with IPRoute() as netlink:
        wires = Wires(netlink)
        wires.up("lo")
        for uplink in UPLINKS:
            _set_up(wires, _far(uplink), _near(uplink))
            for behind in uplink.behind:
                wires.through(behind.address, _far(uplink), _near(uplink))
            whole_segments(uplink.gateway_interface)
        _set_up(wires, BACKHAUL.near, BACKHAUL.far)
        wires.default(BACKHAUL.near, BACKHAUL.far)
        if QUIC_TUN in wires.interfaces:
            wires.up(QUIC_TUN)
            wires.marked(quic.MARK, QUIC_TUN, quic.TABLE)


def cloud() -> None:
    """Owns every address there is (AnyIP).

    The local table, which the kernel asks first, accepts everything; so what is sent from here must not be looked up
    there: a table of its own, asked before for packets that start here (``iif lo``), has the way back.
    """
    near, far = BACKHAUL.near, BACKHAUL.far
    with IPRoute() as netlink:
        wires = Wires(netlink)
        wires.up("lo")
        _set_up(wires, far, near)
        wires.default(far, near, table=_REPLY_TABLE)
        for family, loopback, anywhere, prefix, own in zip(
            _FAMILIES, _LOOPBACK_NETS, _ANYWHERE, _HOST_PREFIXES, far.addresses, strict=True
        ):
            wires.local(loopback, _REPLY_TABLE)
            wires.local(f"{own}/{prefix}", _REPLY_TABLE)
            wires.local(anywhere, _LOCAL_TABLE)
            wires.rule(family, 10, _REPLY_TABLE, iifname="lo")
            wires.rule(family, 100, _LOCAL_TABLE)
            wires.forget_rule(family, 0, _LOCAL_TABLE)


def settle() -> None:
    """Wait until the links of this namespace carry packets, which is a matter of milliseconds.

    :raises TimeoutError: they do not
    """
    until = time.monotonic() + _SETTLING_TIME
    with IPRoute() as netlink:
        wires = Wires(netlink)
        while not wires.settled():
            if time.monotonic() > until:
                raise TimeoutError(f"the links are not up after {_SETTLING_TIME} s")
            time.sleep(0.001)


def coverage(uplink: Uplink, *, up: bool) -> None:
    """Take an uplink away from its unit, or give it back; call it in the unit's namespace.

    The unit's end goes down and not the gateway's, so that a capture there lives on.
    """
    with IPRoute() as netlink:
        wires = Wires(netlink)
        if up:
            _connect(wires, uplink)
        else:
            wires.down(uplink.unit_interface)


def limit(interface: str, rate: int | None) -> None:
    """Let no more than *rate* bit/s out of *interface* of the current namespace; None lifts the limit.

    A token bucket filter (tc-tbf(8)); what waits in it for longer than a second is dropped, and TCP sends it again.
    """
    with IPRoute() as netlink:
        index = netlink.link_lookup(ifname=interface)[0]
        present = any(row["index"] == index and row.get_attr("TCA_KIND") == "tbf" for row in netlink.get_qdiscs())
        if rate is not None:
            per_second = max(rate // 8, 1)
            burst = max(_TWO_PACKETS, per_second // 100)
            netlink.tc("replace", "tbf", index, _FIRST_HANDLE, rate=per_second, burst=burst, latency="1000ms")
        elif present:
            netlink.tc("del", index=index, parent=_ROOT)


def whole_segments(interface: str) -> None:
    """Switch generic receive offload off, so that a capture sees packets as they came (veth has no LRO).

    :raises OSError: the kernel refused
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        _ethtool(any_socket, interface, _ETHTOOL_SGRO, 0)
        if _ethtool(any_socket, interface, _ETHTOOL_GGRO, 0) != 0:
            raise OSError(f"{interface} still joins received segments (GRO)")


def _ethtool(any_socket: socket.socket, interface: str, command: int, value: int) -> int:
    """``struct ethtool_value`` through ``SIOCETHTOOL`` (linux/ethtool.h)."""
    argument = ctypes.create_string_buffer(struct.pack("=II", command, value), 8)
    fcntl.ioctl(
        any_socket, _SIOCETHTOOL, struct.pack("16sP", interface.encode(), ctypes.addressof(argument)) + bytes(16)
    )
    answer: int = struct.unpack("=II", argument.raw)[1]
    return answer


def _near(uplink: Uplink) -> End:
    return link_of(uplink).near


def _far(uplink: Uplink) -> End:
    return link_of(uplink).far


def _set_up(wires: Wires, end: End, other: End) -> None:
    wires.address(end)
    wires.up(end.interface)
    wires.neighbour(end, other)
    wires.direct(end, other)


def _connect(wires: Wires, uplink: Uplink) -> None:
    link = link_of(uplink)
    wires.up(link.near.interface)
    wires.neighbour(link.near, link.far)
    for where in ({"priority": metric_of(uplink)}, {"table": table_of(uplink)}):
        wires.direct(link.near, link.far, **where)
        wires.default(link.near, link.far, **where)
