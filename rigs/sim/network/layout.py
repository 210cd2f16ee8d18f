"""What the sealed network looks like: plain tables, nothing that acts.

::

    unit ──cellular 10.64.0.0/24, fd64::/64──┐
      └────wifi 192.168.43.0/24, fd43::/64───┴─ gateway ── backhaul 203.0.113.0/24, fd20::/64 ── cloud
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Namespace = Literal["unit", "gateway", "cloud"]
NAMESPACES: tuple[Namespace, ...] = ("unit", "gateway", "cloud")


@dataclass(frozen=True, kw_only=True, slots=True)
class Uplink:
    """A captured way out of the unit. Addresses are (IPv4, IPv6), without prefix length."""

    name: str
    kind: Literal["cellular", "wifi"]
    apn: Literal["public", "private"] = "public"
    unit_interface: str
    gateway_interface: str
    """Where packets are captured."""
    unit_addresses: tuple[str, str]
    gateway_addresses: tuple[str, str]
    """The unit's next hops, and the resolvers that its resolv.conf names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatchAll:
    """Ports of the cloud that everything is redirected to, whatever port was meant; None leaves that protocol alone.

    A TCP server reads the port that was meant from ``SO_ORIGINAL_DST``.
    """

    tcp_port: int | None = None
    udp_port: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """One end of a link: an interface in a namespace, with its addresses."""

    namespace: Namespace
    interface: str
    addresses: tuple[str, str]
    mac: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A veth pair. ``near`` is the end towards the unit, ``far`` the end towards the cloud."""

    near: End
    far: End
    near_index: int
    """Interface number of the near end; the far end's is a small one that the kernel picks. While the two are equal the
    kernel takes news of the carrier for unimportant, and sends nothing for up to a second (net/core/link_watch.c)."""


UPLINKS: tuple[Uplink, ...] = (
    Uplink(
        name="cellular",
        kind="cellular",
        unit_interface="wwan0",
        gateway_interface="cell0",
        unit_addresses=("10.64.0.2", "fd64::2"),
        gateway_addresses=("10.64.0.1", "fd64::1"),
    ),
    Uplink(
        name="wifi",
        kind="wifi",
        unit_interface="wlan0",
        gateway_interface="wifi0",
        unit_addresses=("192.168.43.2", "fd43::2"),
        gateway_addresses=("192.168.43.1", "fd43::1"),
    ),
)
"""In the order of the unit's preference."""

BACKHAUL = Link(
    near=End(
        namespace="gateway",
        interface="backhaul0",
        addresses=("203.0.113.1", "fd20::1"),
        mac="02:54:00:00:00:01",
    ),
    far=End(
        namespace="cloud",
        interface="eth0",
        addresses=("203.0.113.10", "fd20::10"),
        mac="02:54:00:00:00:02",
    ),
    near_index=20,
)

PREFIXES = (24, 64)
"""Prefix lengths of every link, IPv4 and IPv6."""

RESOLVERS = UPLINKS[0].gateway_addresses
"""What the unit's resolv.conf names."""


def link_of(uplink: Uplink) -> Link:
    """The veth pair behind an uplink."""
    number = UPLINKS.index(uplink) + 1
    return Link(
        near=End(
            namespace="unit",
            interface=uplink.unit_interface,
            addresses=uplink.unit_addresses,
            mac=f"02:54:00:00:{number:02x}:02",
        ),
        far=End(
            namespace="gateway",
            interface=uplink.gateway_interface,
            addresses=uplink.gateway_addresses,
            mac=f"02:54:00:00:{number:02x}:01",
        ),
        near_index=20 + number,
    )


def metric_of(uplink: Uplink) -> int:
    """Route metric on the unit: the first uplink is preferred."""
    return 100 * (UPLINKS.index(uplink) + 1)


def table_of(uplink: Uplink) -> int:
    """Number of the unit's routing table for what is bound to one of this uplink's addresses."""
    return 1000 + UPLINKS.index(uplink)
