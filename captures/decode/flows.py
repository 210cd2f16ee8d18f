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
from captures.decode.streams import ACK, FIN, RST, SYN, Direction, Group
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


@lru_cache(maxsize=4096)
def _addresses(client: Endpoint, server: Endpoint) -> tuple[Address, Address]:
    return Address(ip=ip_text(client[0]), port=client[1]), Address(ip=ip_text(server[0]), port=server[1])


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
    last: int = 0
    """Wall time of the latest packet."""
    newest: int = -1
    """Number of the latest packet, where packets were sorted in by the group."""
    pending: int = 0
    """Bytes of payload that were not read yet."""
    spoken: str = ""
    """UDP only: what it speaks, by what was read of it so far."""

    @property
    def addresses(self) -> tuple[Address, Address]:
        """Client and server."""
        return _addresses(*self.ends)

    @property
    def began(self) -> bool:
        """Whether the capture holds its beginning."""
        return self.protocol != TCP or any(direction.syn is not None for direction in self.directions)

    @property
    def closed(self) -> bool:
        """Whether both sides of a connection have ended it, or one at once."""
        client, server = self.directions
        return client.reset or server.reset or (client.finished is not None and server.finished is not None)


class Flows:
    """Collects the conversations of a capture, and forgets those that were read."""

    def __init__(self, units: Collection[str] = ()) -> None:
        self._units = frozenset(ip_text(ip_address(unit).packed) for unit in units)
        self._known: dict[Key, tuple[Conversation, Side]] = {}
        self._all: dict[int, Conversation] = {}
        self._count = 0
        self.pending = 0
        """Bytes of payload that were not read yet."""

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def read(self, conversation: Conversation) -> None:
        """What is pending of it has been read."""
        self.pending -= conversation.pending
        conversation.pending = 0

    def forget(self, conversation: Conversation) -> None:
        """It has been read to its end; should its ports be used again, that is another one."""
        self.read(conversation)
        del self._all[conversation.number]
        (client, cport), (server, sport) = conversation.ends
        interface, protocol = conversation.interface, conversation.protocol
        for key in (
            (interface, protocol, client, cport, server, sport),
            (interface, protocol, server, sport, client, cport),
        ):
            known = self._known.get(key)
            if known is not None and known[0] is conversation:
                del self._known[key]

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
        conversation = found[0]
        conversation.datagrams.append(Datagram(found[1], packet.wall, packet.number, payload, missing))
        conversation.last = packet.wall
        conversation.pending += len(payload)
        self.pending += len(payload)

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
        conversation.last = packet.wall
        if size:
            direction.add(sequence, payload, packet.wall, packet.number)
            conversation.pending += size
            self.pending += size
        if flags & ACK:
            conversation.directions[1 - side].acknowledged = acknowledged
        if flags & (FIN | RST):
            if flags & RST:
                direction.reset = True
            else:
                direction.finished = (sequence + size) & 0xFFFFFFFF

    def add_group(self, ip: IpPacket, packet: Packet, group: Group) -> None:
        """Sort in what one end of a TCP connection sent, of which *packet* is the first; none opens or ends it."""
        sport, dport = _TCP_HEADER(ip.data)[:2]
        key = (packet.interface, TCP, ip.source, sport, ip.destination, dport)
        conversation, side = self._known.get(key) or self._new(key, packet, swap=sport < dport)
        for run in group.runs:
            conversation.directions[side].extend(run)
        if group.acknowledged is not None:
            conversation.directions[1 - side].acknowledged = group.acknowledged
        if group.packet > conversation.newest:  # the other end's group may reach further
            conversation.newest, conversation.last = group.packet, group.wall
        conversation.pending += group.size
        self.pending += group.size

    def _new(self, key: Key, packet: Packet, *, swap: bool) -> tuple[Conversation, Side]:
        interface, protocol, source, sport, destination, dport = key
        sender, receiver = (source, sport), (destination, dport)
        ends = (receiver, sender) if swap else (sender, receiver)
        side = Side.SERVER if swap else Side.CLIENT
        new = Conversation(self._count, protocol, interface, ends, packet.outgoing, packet.wall)
        self._place_unit(new, sent_by=side)
        self._count += 1
        self._all[new.number] = new
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
