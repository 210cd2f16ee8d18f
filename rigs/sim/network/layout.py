"""What the sealed network looks like: plain tables, nothing that acts.

::

    ivi ── unit ──cellular 10.64.0.0/24, fd64::/64───┐
            ├─────wifi 192.168.43.0/24, fd43::/64────┤
            └─────private 10.65.0.0/24, fd65::/64────┼─ gateway ── backhaul 203.0.113.0/24, fd20::/64 ── cloud
    phone ────────phone 192.168.44.0/24, fd44::/64───┘

The unit is the T-Box. The head unit (IVI) has no way out of its own: the T-Box forwards for it, so that its packets
share the T-Box's IPv4 address. Its source ports tell it apart (a range for each control unit, RFC 7422), in IPv6 its
addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from telltale.transmission import PHONE

Namespace = Literal["unit", "ivi", "phone", "gateway", "cloud"]
NAMESPACES: tuple[Namespace, ...] = ("unit", "ivi", "phone", "gateway", "cloud")
UplinkName = Literal["cellular", "wifi", "private", "phone"]
UNITS: tuple[Namespace, ...] = ("unit", "ivi", "phone")
"""Where programs of the car and its owner run, which could want to break the seal."""

T_BOX, IVI = "T-Box", "IVI"
"""Control units that send, beside the `PHONE`."""
IVI_PORTS = (40_000, 44_999)
T_BOX_PORTS = (45_000, 60_999)
"""Source ports on an uplink, both included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """A control unit that the T-Box forwards for, as seen on one uplink."""

    ecu: str
    inner_address: str
    """IPv4, as the control unit knows it; on the uplink it has the T-Box's."""
    address: str
    """IPv6, there and on the uplink alike."""
    ports: tuple[int, int]
    """Source ports on the uplink, IPv4, both included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uplink:
    """A captured way out of a unit. Addresses are (IPv4, IPv6), without prefix length."""

    name: UplinkName
    kind: Literal["cellular", "wifi"]
    apn: Literal["public", "private"] | None = None
    """Cellular only."""
    namespace: Namespace = "unit"
    """Where the unit at its end lives."""
    ecu: str = T_BOX
    """Who sends through it; `behind` says who else does."""
    behind: tuple[Behind, ...] = ()
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
        apn="public",
        unit_interface="wwan0",
        gateway_interface="cell0",
        unit_addresses=("10.64.0.2", "fd64::2"),
        gateway_addresses=("10.64.0.1", "fd64::1"),
        behind=(Behind(ecu=IVI, inner_address="172.20.0.12", address="fd64::12", ports=IVI_PORTS),),
    ),
    Uplink(
        name="wifi",
        kind="wifi",
        unit_interface="wlan0",
        gateway_interface="wifi0",
        unit_addresses=("192.168.43.2", "fd43::2"),
        gateway_addresses=("192.168.43.1", "fd43::1"),
        behind=(Behind(ecu=IVI, inner_address="172.20.0.13", address="fd43::12", ports=IVI_PORTS),),
    ),
    Uplink(
        name="private",
        kind="cellular",
        apn="private",
        unit_interface="wwan1",
        gateway_interface="cell1",
        unit_addresses=("10.65.0.2", "fd65::2"),
        gateway_addresses=("10.65.0.1", "fd65::1"),
        behind=(Behind(ecu=IVI, inner_address="172.20.0.14", address="fd65::12", ports=IVI_PORTS),),
    ),
    Uplink(
        name="phone",
        kind="wifi",
        namespace="phone",
        ecu=PHONE,
        unit_interface="wlan0",
        gateway_interface="phone0",
        unit_addresses=("192.168.44.2", "fd44::2"),
        gateway_addresses=("192.168.44.1", "fd44::1"),
    ),
)
"""In the order of the unit's preference: what is bound to no uplink never takes the private APN while another is up."""

IN_CAR = Link(
    near=End(
        namespace="ivi",
        interface="eth0",
        addresses=("172.20.0.12", "fd64::12"),
        mac="02:54:00:00:00:12",
    ),
    far=End(
        namespace="unit",
        interface="ivi0",
        addresses=("172.20.0.1", "fd17::1"),
        mac="02:54:00:00:00:11",
    ),
    near_index=30,
)
"""Between the head unit and the T-Box; not captured, since nothing on it has left the car. The head unit has an address
for each uplink beside, and sends over the one whose address it is bound to; over cellular if to none."""

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

QUIC_TUN = "quic0"
"""The tun device in ``gateway`` that leads QUIC to the proxy."""

RESOLVERS: dict[Namespace, tuple[str, str]] = {"phone": UPLINKS[3].gateway_addresses}
"""What a namespace's resolv.conf names; `DEFAULT_RESOLVERS` where it is not here."""
DEFAULT_RESOLVERS = UPLINKS[0].gateway_addresses


def uplinks_of(namespace: Namespace) -> tuple[Uplink, ...]:
    """Those of the unit that lives in *namespace*, in the order of its preference."""
    return tuple(uplink for uplink in UPLINKS if uplink.namespace == namespace)


def link_of(uplink: Uplink) -> Link:
    """The veth pair behind an uplink."""
    number = UPLINKS.index(uplink) + 1
    return Link(
        near=End(
            namespace=uplink.namespace,
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
