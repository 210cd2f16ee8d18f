"""What the bench's host must allow and have, looked up before anything is changed; each lack with its mend."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

from pyroute2.iproute.linux import IPRoute

from telltale.errors import HostRefusedError

_NEEDED = {12: "CAP_NET_ADMIN", 13: "CAP_NET_RAW", 21: "CAP_SYS_ADMIN"}
"""Bits of capabilities(7): to redirect, to capture, to enter a namespace for control transmissions."""
_SETTINGS = (
    ("ipv4/ip_forward", "1", "this host forwards no packets, so the unit's DNS and QUIC would go nowhere"),
    *(
        (
            f"bridge/bridge-nf-call-{tables}",
            "0",
            "this host's bridges redirect packets before they are captured, so none would show where it was sent",
        )
        for tables in ("iptables", "ip6tables")
    ),
)
"""Below /proc/sys/net: what it must be, and why. The last two are there once br_netfilter is loaded, as Docker does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interface:
    """A network interface of this host, as far as it matters to a bench."""

    name: str
    bridge: bool
    """Whether it is a bridge, into which the bench can plug a station of its own."""
    addresses: tuple[ipaddress.IPv4Interface, ...]


def check_rights() -> None:
    """:raises HostRefusedError: this process may not do what a router's work takes"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)
    if lacking := [name for bit, name in _NEEDED.items() if not effective >> bit & 1]:
        raise HostRefusedError(
            f"a real rig redirects and captures its uplinks, which needs {', '.join(lacking)}; run as root"
        )


def check_settings() -> None:
    """:raises HostRefusedError: the kernel is set up in a way that loses or changes what the unit sends"""
    for name, wanted, why in _SETTINGS:
        path = Path("/proc/sys/net", name)
        if path.exists() and path.read_text(encoding="ascii").strip() != wanted:
            raise HostRefusedError(f"{why}; set it right with `sysctl net.{name.replace('/', '.')}={wanted}`")


def interfaces() -> dict[str, Interface]:
    """This host's interfaces, by name."""
    with IPRoute() as netlink:
        links = {int(link["index"]): link for link in netlink.get_links()}
        found: dict[int, list[ipaddress.IPv4Interface]] = {}
        for address in netlink.get_addr(family=socket.AF_INET):
            given = ipaddress.IPv4Interface(f"{address.get_attr('IFA_ADDRESS')}/{address['prefixlen']}")
            found.setdefault(int(address["index"]), []).append(given)
        return {
            link.get_attr("IFLA_IFNAME"): Interface(
                name=link.get_attr("IFLA_IFNAME"),
                bridge=link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "bridge",
                addresses=tuple(found.get(index, ())),
            )
            for index, link in links.items()
        }
