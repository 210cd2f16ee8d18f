"""Sorts packets into conversations: TCP connections and UDP flows, with a client, a server, one of them the unit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, inet_ntop
from struct import Struct
from typing import NamedTuple

from captures.decode.link import TCP, UDP, IpPacket
from captures.decode.model import Side
from captures.decode.streams import ACK, FIN, RST, SYN, Direction
from captures.pcapng import Packet
from telltale.transmission import Address

_TCP_HEADER = Struct("!HHIIBB").unpack_from
_UDP_HEADER = Struct("!HHH").unpack_from
_NOWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - a sender that has no address yet, not one to bind to

Endpoint = tuple[bytes, int]
Key = tuple[str, int, bytes, int, bytes, int]
"""Interface, protocol, sender's address and port, receiver's address and port."""


@lru_cache(maxsize=4096)
def ip_text(packed: bytes) -> str:
    """The address as text; a v4 address mapped into v6 as v4."""
    if len(packed) == 16 and packed.startswith(b"\0" * 10 + b"\xff\xff"):
        packed = packed[12:]
    return inet_ntop(AF_INET if len(packed) == 4 else AF_INET6, packed)


class Datagram(NamedTuple):
    """One UDP datagram (or packet of another IP protocol)."""

    side: Side
    wall: int
    packet: int
    data: memoryview
    missing: int
    """Bytes that were sent and are not in the capture."""


@dataclass(slots=True, eq=False)
class Conversation:
    """What two endpoints said to each other: the packets between one SYN and the next, or all those of a UDP flow."""

    number: int
    protocol: int
    interface: str
    ends: tuple[Endpoint, Endpoint]
    """Client and server."""
    outgoing: bool | None
    """Whether the host that made the capture sent the first packet."""
    wall: int
    directions: tuple[Direction, Direction] = field(default_factory=lambda: (Direction(), Direction()))
    """TCP only."""
    datagrams: list[Datagram] = field(default_factory=list)
    unit: Side = Side.CLIENT
    foreign: bool = False
    """Neither end is the unit."""

    @property
    def addresses(self) -> tuple[Address, Address]:
        """Client and server."""
        client, server = self.ends
        return Address(ip=ip_text(client[0]), port=client[1]), Address(ip=ip_text(server[0]), port=server[1])

    @property
    def began(self) -> bool:
        """Whether the capture holds its beginning."""
        return self.protocol != TCP or any(direction.syn is not None for direction in self.directions)


class Flows:
    """Collects the conversations of a capture."""

    def __init__(self, units: Collection[str] = ()) -> None:
        self._units = frozenset(ip_text(ip_address(unit).packed) for unit in units)
        self._known: dict[Key, tuple[Conversation, Side]] = {}
        self._all: list[Conversation] = []

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, ip: IpPacket, packet: Packet) -> None:
        """Sort in one packet.

        :raises struct.error: its transport header is cut off
        """
        protocol, source, destination, data, missing = ip
        if protocol == TCP:
            self._segment(source, destination, data, packet)
            return
        if protocol == UDP:
            sport, dport, length = _UDP_HEADER(data)
            payload = data[8 : length if length >= 8 else None]
        else:
            sport = dport = 0
            payload = data
        key = (packet.interface, protocol, source, sport, destination, dport)
        found = self._known.get(key) or self._new(key, packet, swap=False)
        found[0].datagrams.append(Datagram(found[1], packet.wall, packet.number, payload, missing))

    def _segment(self, source: bytes, destination: bytes, data: memoryview, packet: Packet) -> None:
        sport, dport, sequence, acknowledged, words, flags = _TCP_HEADER(data)
        key = (packet.interface, TCP, source, sport, destination, dport)
        found = self._known.get(key)
        if flags & SYN:
            if found is None or _is_another(found[0].directions[found[1]], found[0], sequence, flags):
                found = self._new(key, packet, swap=bool(flags & ACK))
            direction = found[0].directions[found[1]]
            if direction.syn is None:
                direction.open(sequence)
            sequence = (sequence + 1) & 0xFFFFFFFF
        elif found is None:
            # no beginning was captured: clients have the higher port
            found = self._new(key, packet, swap=sport < dport)
        conversation, side = found
        direction = conversation.directions[side]
        payload = data[(words >> 4) * 4 :]
        size = len(payload)
        if size:
            direction.add(sequence, payload, packet.wall, packet.number)
        if flags & ACK:
            conversation.directions[1 - side].acknowledged = acknowledged
        if flags & (FIN | RST):
            if flags & RST:
                direction.reset = True
            else:
                direction.finished = (sequence + size) & 0xFFFFFFFF

    def _new(self, key: Key, packet: Packet, *, swap: bool) -> tuple[Conversation, Side]:
        interface, protocol, source, sport, destination, dport = key
        sender, receiver = (source, sport), (destination, dport)
        ends = (receiver, sender) if swap else (sender, receiver)
        side = Side.SERVER if swap else Side.CLIENT
        new = Conversation(len(self._all), protocol, interface, ends, packet.outgoing, packet.wall)
        self._place_unit(new, sent_by=side)
        self._all.append(new)
        self._known[interface, protocol, destination, dport, source, sport] = new, side.other
        self._known[key] = new, side
        return new, side

    def _place_unit(self, new: Conversation, sent_by: Side) -> None:
        """Which side the unit is: by its addresses; without them, or where neither end is one, whoever began."""
        client, server = (ip_text(ip) for ip, _ in new.ends)
        ours = [end in self._units for end in (client, server)]
        if ours == [False, True] and client not in _NOWHERE:
            new.unit = Side.SERVER
        elif self._units and not any(ours) and client not in _NOWHERE:
            # what the capturing host itself sends on the link (a router's own datagrams) did not leave the unit
            new.foreign = bool(new.outgoing) and sent_by is Side.CLIENT


def _is_another(direction: Direction, conversation: Conversation, sequence: int, flags: int) -> bool:
    """Whether a SYN opens a new connection between the same ports, rather than being a repeated one."""
    if direction.syn is not None:
        return direction.syn != sequence
    if flags & ACK and direction.untouched:
        return False
    return not direction.untouched or any(not other.untouched for other in conversation.directions)
