"""A relayed connection as TCP segments (RFC 9293) in IP packets without a link layer (LINKTYPE_RAW).

Pure: bytes in, packets out. Sequence numbers begin at 0, and each side acknowledges what it has been sent so far.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST = 65_495
"""Payload bytes of one segment at most: a total of 65,535 with an IPv4 header (RFC 791, section 3.1) and a TCP one."""

_FIN, _SYN, _RST, _PSH, _ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_IPV4 = Struct("!BBHHHBBH4s4s")
_IPV6 = Struct("!IHBB16s16s")
_TCP = Struct("!HHIIBBHHH")
_PSEUDO = {4: Struct("!4s4sxBH").pack, 6: Struct("!16s16sIxxxB").pack}
_PROTOCOL, _HOPS, _WINDOW, _DONT_FRAGMENT = 6, 64, 0xFFFF, 0x4000
_HEADER = 20


class Segment(NamedTuple):
    """One packet."""

    from_unit: bool
    packet: bytes
    payload: int
    """Bytes that it carries."""


class Endpoint(NamedTuple):
    """Address and port of a side."""

    address: IPAddress
    port: int


class Conversation:
    """One connection that the unit opened.

    :raises ValueError: the two addresses are of different IP versions
    """

    def __init__(self, unit: Endpoint, peer: Endpoint) -> None:
        if unit.address.version != peer.address.version:
            raise ValueError(f"{unit.address} cannot speak with {peer.address}")
        self._ends = {True: unit, False: peer}
        self._next = {True: 0, False: 0}
        """The next sequence number of each side, by whether it is the unit."""

    def opened(self) -> Iterator[Segment]:
        """The three-way handshake (section 3.5)."""
        yield self._segment(_SYN, from_unit=True)
        yield self._segment(_SYN | _ACK, from_unit=False)
        yield self._segment(_ACK, from_unit=True)

    def refused(self) -> Iterator[Segment]:
        """A connection request that was refused (section 3.5.2)."""
        yield self._segment(_SYN, from_unit=True)
        yield self._segment(_RST | _ACK, from_unit=False)

    def carried(self, data: bytes, *, from_unit: bool) -> Segment:
        """What one side sent, `MOST` bytes at most."""
        return self._segment(_PSH | _ACK, data, from_unit=from_unit)

    def ended(self, *, from_unit: bool) -> Segment:
        """One side has no more to say (section 3.6)."""
        return self._segment(_FIN | _ACK, from_unit=from_unit)

    def reset(self, *, from_unit: bool) -> Segment:
        """One side broke off."""
        return self._segment(_RST | _ACK, from_unit=from_unit)

    def _segment(self, flags: int, data: bytes = b"", *, from_unit: bool) -> Segment:
        source, destination = self._ends[from_unit], self._ends[not from_unit]
        acknowledged = self._next[not from_unit] if flags & _ACK else 0
        fields = (source.port, destination.port, self._next[from_unit], acknowledged, _HEADER // 4 << 4, flags, _WINDOW)
        sender, receiver = source.address.packed, destination.address.packed
        version = source.address.version
        length = _HEADER + len(data)
        pseudo = (
            _PSEUDO[4](sender, receiver, _PROTOCOL, length)
            if version == 4
            else _PSEUDO[6](sender, receiver, length, _PROTOCOL)
        )
        checksum = _checksum(pseudo + _TCP.pack(*fields, 0, 0) + data)
        packet = _ip(version, sender, receiver, length) + _TCP.pack(*fields, checksum, 0) + data
        self._next[from_unit] = (self._next[from_unit] + len(data) + bool(flags & (_SYN | _FIN))) & 0xFFFF_FFFF
        return Segment(from_unit, packet, len(data))


def unit_at(ip: str, version: int) -> IPAddress:
    """The unit's address in the file: the one on the loopback that it came from, with a counterpart in IPv6.

    The counterpart (fd7f::/16, RFC 4193) is made up, since IPv6 has one loopback address alone.
    """
    here = ipaddress.IPv4Address(ip)
    return here if version == 4 else ipaddress.IPv6Address(0xFD7F << 112 | int(here) & 0xFF_FFFF)


def payload_of(packet: bytes | memoryview) -> int:
    """Payload bytes of a packet of this module's."""
    network = _HEADER if packet[0] >> 4 == 4 else _IPV6.size
    return len(packet) - network - _HEADER


def _ip(version: int, sender: bytes, receiver: bytes, length: int) -> bytes:
    """IPv4 (RFC 791, section 3.1) or IPv6 header (RFC 8200, section 3) of *length* bytes of TCP."""
    if version == 6:
        return _IPV6.pack(6 << 28, length, _PROTOCOL, _HOPS, sender, receiver)
    fields = (0x45, 0, _HEADER + length, 0, _DONT_FRAGMENT, _HOPS, _PROTOCOL)
    return _IPV4.pack(*fields, _checksum(_IPV4.pack(*fields, 0, sender, receiver)), sender, receiver)


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071): the ones' complement sum of 16-bit words is the number modulo 0xFFFF."""
    return 0xFFFF - int.from_bytes(data + bytes(len(data) & 1)) % 0xFFFF
