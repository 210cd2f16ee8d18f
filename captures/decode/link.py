"""From captured frames to IP packets: link layers, VLAN tags, tunnels (PPPoE, IP in IP, GTP-U), IPv6 extension headers,
fragments.

Link types are those of https://www.tcpdump.org/linktypes.html. A frame that holds no IP, or ICMP, is
*background*: named and counted, not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from captures.pcapng import Packet

TCP, UDP = 6, 17
FRAGMENTS = 44
"""In place of a protocol: fragments that could not be put together."""
_IPV4_IN_IP, _IPV6_IN_IP = 4, 41
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
"""IPv6 extension headers of the common layout (RFC 6564): hop-by-hop, routing, destination, mobility, HIP, shim6."""
_AUTHENTICATION, _NO_NEXT = 51, 59
_BACKGROUND_PROTOCOLS = {1: "icmp", 2: "igmp", 58: "icmpv6", 89: "ospf", 103: "pim", 112: "vrrp"}
_ETHERTYPES = {
    0x0806: "arp",
    0x8035: "rarp",
    0x888E: "eapol",
    0x88CC: "lldp",
    0x8863: "pppoe discovery",
    0x88F7: "ptp",
}
IPV4, IPV6, _PPPOE = 0x0800, 0x86DD, 0x8864
GTP_PORT, _G_PDU = 2152, 255
VLANS = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
_MAX_NESTING = 8

_U16 = Struct("!H").unpack_from
_IPV4_HEADER = Struct("!BxHHHxB2x4s4s").unpack_from
_IPV6_HEADER = Struct("!IHBx16s16s").unpack_from


class IpPacket(NamedTuple):
    """What an IP header (and all before it) wrapped."""

    protocol: int
    source: bytes
    """4 or 16 bytes."""
    destination: bytes
    data: memoryview
    """The transport header and what follows it, without the link's padding."""
    missing: int = 0
    """Bytes that the header announces and the capture does not hold (cut by a snap length, or a lost fragment)."""


class Background(NamedTuple):
    """A frame that carries nothing to decode."""

    name: str
    """``arp``, ``icmpv6``, ``malformed frame`` …"""
    size: int
    """Bytes captured."""


class Fragment(NamedTuple):
    """A piece of an IP packet; `Links` puts them together."""

    key: tuple[bytes, bytes, int, int]
    """Source, destination, protocol, identification (RFC 791 section 3.2)."""
    offset: int
    last: bool
    data: memoryview


class Incomplete(NamedTuple):
    """What came of an IP packet whose fragments never were all captured."""

    ip: IpPacket
    """Its protocol is `FRAGMENTS`, its data the captured bytes in order."""
    first: Packet


Unwrapped = IpPacket | Background


class Links:
    """Unwraps frames one by one, and remembers fragments until their packet is whole."""

    def __init__(self) -> None:
        self._fragments: dict[tuple[bytes, bytes, int, int], tuple[Packet, list[Fragment]]] = {}

    def unwrap(self, packet: Packet) -> Unwrapped | None:
        """The IP packet in *packet*, or what else it is; None for a fragment whose packet is not whole yet."""
        start = _PLAIN.get(packet.link_type)
        plain = _plain(packet.data, start) if start is not None else None
        return plain or self._unwrap(packet, packet.data)

    def _unwrap(self, packet: Packet, frame: memoryview) -> Unwrapped | None:
        reader = _LINKS.get(packet.link_type)
        if reader is None:
            return Background(f"link type {packet.link_type}", len(frame))
        try:
            ethertype, offset = reader(frame)
            found = _network(ethertype, frame, offset, max(packet.original_length - len(frame), 0))
        except (struct.error, IndexError):
            return Background("malformed frame", len(frame))
        if not isinstance(found, Fragment):
            return found
        _, pieces = self._fragments.setdefault(found.key, (packet, []))
        pieces.append(found)
        if not any(piece.last for piece in pieces):
            return None
        data, holes = _join(pieces)
        if holes:
            return None
        del self._fragments[found.key]
        return IpPacket(found.key[2], found.key[0], found.key[1], data)

    def incomplete(self) -> list[Incomplete]:
        """Packets of which fragments never came; forgets them."""
        found = []
        for key, (first, pieces) in self._fragments.items():
            data, holes = _join(pieces)
            found.append(Incomplete(IpPacket(FRAGMENTS, key[0], key[1], data, max(holes, 1)), first))
        self._fragments.clear()
        return found


def _plain(frame: memoryview, start: int) -> IpPacket | None:
    """TCP or UDP in IPv4 without options or fragments, all of it captured: nearly every packet that there is.

    None for whatever else, which goes the long way.
    """
    if len(frame) < start + 20 or frame[start] != 0x45 or (start and _U16(frame, 12)[0] != IPV4):
        return None
    _, length, _, flags, protocol, source, destination = _IPV4_HEADER(frame, start)
    end = start + length
    if protocol == UDP and _U16(frame, min(start + 22, len(frame) - 2))[0] == GTP_PORT:
        return None
    if flags & 0x3FFF or (protocol != TCP and protocol != UDP) or end > len(frame) or length < 20:  # noqa: PLR1714
        return None  # (two comparisons are faster than a set)
    return IpPacket(protocol, source, destination, frame[start + 20 : end])


def _join(pieces: list[Fragment]) -> tuple[memoryview, int]:
    """The bytes of *pieces* in order, and how many are missing between them. The first copy wins."""
    data = bytearray()
    end = holes = 0
    for piece in sorted(pieces, key=lambda piece: piece.offset):
        holes += max(piece.offset - end, 0)
        data += piece.data[max(end - piece.offset, 0) :]
        end = max(end, piece.offset + len(piece.data))
    return memoryview(bytes(data)), holes


def _network(ethertype: int, frame: memoryview, offset: int, snapped: int) -> Unwrapped | Fragment:
    for _ in range(_MAX_NESTING):
        if ethertype == IPV4:
            found = _ipv4(frame, offset, snapped)
        elif ethertype == IPV6:
            found = _ipv6(frame, offset, snapped)
        elif ethertype in VLANS:
            ethertype = _U16(frame, offset + 2)[0]
            offset += 4
            continue
        elif ethertype == _PPPOE:  # RFC 2516 section 4: six bytes of header, then a PPP protocol number
            ethertype = _PPP.get(_U16(frame, offset + 6)[0], 0)
            offset += 8
            continue
        else:
            name = _ETHERTYPES.get(ethertype) or (f"ethertype 0x{ethertype:04x}" if ethertype >= 0x600 else "llc")
            return Background(name, len(frame))
        inside = _gtp(found) if isinstance(found, IpPacket) and found.protocol == UDP else None
        if inside is not None:
            frame, offset, snapped = inside, 0, 0
            ethertype = IPV4 if frame[0] >> 4 == 4 else IPV6
            continue
        if isinstance(found, IpPacket) and found.protocol in (_IPV4_IN_IP, _IPV6_IN_IP) and not found.missing:
            ethertype = IPV4 if found.protocol == _IPV4_IN_IP else IPV6
            frame, offset, snapped = found.data, 0, 0
            continue
        return found
    return Background("nested too deep", len(frame))


def _gtp(ip: IpPacket) -> memoryview | None:
    """The IP packet in a G-PDU of GTP-U, 3GPP TS 29.281 section 5.1; None if it is none.

    The header's length counts what follows its first 8 bytes, optional fields and extension headers included.
    """
    data = ip.data
    if len(data) < 8 + 8 + 20 or _U16(data, 2)[0] != GTP_PORT or data[8] >> 4 != 3 or data[9] != _G_PDU:
        return None
    end = 16 + _U16(data, 10)[0]
    at = 16
    if end > len(data):
        return None
    if data[8] & 7:  # sequence number, N-PDU number and type of the next extension header: all three or none
        kind, at = data[19], 20
        while kind:  # section 5.2.1: length in words of 4 bytes, content, type of the next
            size = data[at] * 4
            if not size or at + size > end:
                return None
            kind, at = data[at + size - 1], at + size
    inside = data[at:end]
    version = inside[0] >> 4 if len(inside) >= 20 else 0
    whole = {4: _U16(inside, 2)[0], 6: 40 + _U16(inside, 4)[0]} if version else {}
    return inside if 20 <= whole.get(version, 0) <= len(inside) else None


def _ipv4(frame: memoryview, offset: int, snapped: int) -> Unwrapped | Fragment:
    """RFC 791 section 3.1."""
    first, length, ident, flags, protocol, source, destination = _IPV4_HEADER(frame, offset)
    header = (first & 15) * 4
    if first >> 4 != 4 or header < 20:
        return Background("malformed frame", len(frame))
    # segmentation offload can leave the length zero
    end = offset + length if length else len(frame) + snapped
    data = frame[offset + header : min(end, len(frame))]
    if flags & 0x3FFF:
        key = (source, destination, protocol, ident)
        return Fragment(key, (flags & 0x1FFF) * 8, not flags & 0x2000, data)
    return _transport(IpPacket(protocol, source, destination, data, max(end - len(frame), 0)), frame)


def _ipv6(frame: memoryview, offset: int, snapped: int) -> Unwrapped | Fragment:
    """RFC 8200 sections 3 and 4."""
    first, length, protocol, source, destination = _IPV6_HEADER(frame, offset)
    if first >> 28 != 6:
        return Background("malformed frame", len(frame))
    end = offset + 40 + length if length else len(frame) + snapped
    offset += 40
    for _ in range(_MAX_NESTING):
        if protocol in _EXTENSIONS:
            protocol, size = frame[offset], (frame[offset + 1] + 1) * 8
        elif protocol == _AUTHENTICATION:  # RFC 4302 section 2.2: counted in words, less two
            protocol, size = frame[offset], (frame[offset + 1] + 2) * 4
        elif protocol == FRAGMENTS:
            place, ident = _U16(frame, offset + 2)[0], int.from_bytes(frame[offset + 4 : offset + 8])
            protocol, size = frame[offset], 8
            if place & 0xFFF9:  # not an atomic fragment (RFC 6946)
                data = frame[offset + 8 : min(end, len(frame))]
                return Fragment((source, destination, protocol, ident), place & 0xFFF8, not place & 1, data)
        else:
            break
        offset += size
    if protocol == _NO_NEXT:
        return Background("ipv6 without payload", len(frame))
    data = frame[offset : min(end, len(frame))]
    return _transport(IpPacket(protocol, source, destination, data, max(end - len(frame), 0)), frame)


def _transport(ip: IpPacket, frame: memoryview) -> Unwrapped:
    name = _BACKGROUND_PROTOCOLS.get(ip.protocol)
    return Background(name, len(frame)) if name else ip


_PPP = {0x21: IPV4, 0x57: IPV6}


def _ethernet(frame: memoryview) -> tuple[int, int]:
    return _U16(frame, 12)[0], 14


def _raw(frame: memoryview) -> tuple[int, int]:
    return (IPV4 if frame[0] >> 4 == 4 else IPV6), 0


def _cooked(frame: memoryview) -> tuple[int, int]:
    return _U16(frame, 14)[0], 16


def _cooked2(frame: memoryview) -> tuple[int, int]:
    return _U16(frame, 0)[0], 20


def _null(frame: memoryview) -> tuple[int, int]:
    """A 4-byte address family in either byte order: 2 is IPv4, and each BSD has its own number for IPv6."""
    family = max(frame[0], frame[3])
    return {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}.get(family, 0), 4


def _ppp(frame: memoryview) -> tuple[int, int]:
    offset = 2 if frame[0] == 0xFF else 0  # RFC 1662 section 3.1: address and control may be left out
    return _PPP.get(_U16(frame, offset)[0], 0), offset + 2


def _pppoe(_: memoryview) -> tuple[int, int]:
    """LINKTYPE_PPP_ETHER: a PPPoE header without the Ethernet one."""
    return _PPPOE, 0


_LINKS: dict[int, Callable[[memoryview], tuple[int, int]]] = {
    0: _null,
    1: _ethernet,
    9: _ppp,
    12: _raw,
    14: _raw,
    50: _ppp,
    51: _pppoe,
    101: _raw,
    108: _null,
    113: _cooked,
    228: _raw,
    229: _raw,
    276: _cooked2,
}
_PLAIN = {1: 14, 12: 0, 14: 0, 101: 0, 228: 0}
"""Where the IP header stands in frames of the usual link types."""
