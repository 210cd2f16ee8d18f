"""The way from packets to transmissions, put together."""

from __future__ import annotations

import bisect
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from captures.decode import datagrams, recognise
from captures.decode.accounts import Account, Hole, StreamAccounts, Way
from captures.decode.flows import Conversation, Flows
from captures.decode.link import TCP, Background, IpPacket, Links
from captures.decode.model import Exchange, Message, NameSeen, Reading, Scene, Side, Stream
from captures.decode.quic import Connections
from captures.decode.senders import Senders
from captures.decode.setting import Setting
from captures.decode.tls_keys import KeyLog
from captures.pcapng import Packet
from telltale.times import ClockMap
from telltale.transmission import Transmission, Volume


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """What a capture holds."""

    transmissions: tuple[Transmission, ...]
    """What left the unit, in order of time sent, numbered from 0."""
    accounts: StreamAccounts
    volumes: Mapping[int, Volume]
    """By the number of the conversation."""
    notes: tuple[str, ...]
    """What could not be read and why, a sentence each."""


def decode(
    packets: Iterable[Packet],
    *,
    keylog: KeyLog,
    uplinks: Mapping[str, str],
    units: Collection[str] = (),
    clock: ClockMap | None = None,
    names: Mapping[str, str] | None = None,
    senders: Mapping[str, Senders] | None = None,
) -> Decoded:
    """Everything that left the unit, and the account of every payload byte.

    :param uplinks: interface to uplink; packets of other interfaces are decoded with uplink None
    :param units: the unit's own IP addresses; when empty, whoever opens a conversation is the unit
    :param clock: for bench times; without it they are None
    :param names: address to host name, beside what DNS in the capture tells
    :param senders: uplink to the control units that share it; without, who sent is not told
    """
    return _Decoder(keylog, uplinks, units, clock, names or {}, senders=senders or {}).run(packets)


class Decoding:
    """A capture being decoded piece by piece."""

    def __init__(self, setting: Setting, *, keylog: KeyLog) -> None:
        self._setting = setting
        self._keylog = keylog
        self.accounts = StreamAccounts()
        self.notes: tuple[str, ...] = ()

    def run(self, packets: Iterable[Packet]) -> Iterator[Transmission]:
        """What left the unit."""
        setting = self._setting
        decoded = decode(
            packets,
            keylog=self._keylog,
            uplinks=setting.uplinks,
            units=setting.units,
            clock=setting.clock,
            names=setting.names,
            senders=setting.senders,
        )
        self.accounts, self.notes = decoded.accounts, decoded.notes
        yield from decoded.transmissions


class _Sent(NamedTuple):
    conversation: Conversation
    message: Message


@dataclass(slots=True)
class _Names:
    """Which name an address had when: what DNS told last, else what is known beforehand."""

    given: Mapping[str, str]
    _seen: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, seen: Iterable[NameSeen]) -> None:
        for one in seen:
            bisect.insort(self._seen.setdefault(one.ip, []), (one.wall, one.name))

    def of(self, ip: str, wall: int) -> str | None:
        told = self._seen.get(ip, ())
        place = bisect.bisect_right(told, wall, key=lambda row: row[0]) - 1
        return told[place][1] if place >= 0 else self.given.get(ip)


class _Decoder:
    def __init__(
        self,
        keylog: KeyLog,
        uplinks: Mapping[str, str],
        units: Collection[str],
        clock: ClockMap | None,
        names: Mapping[str, str],
        *,
        senders: Mapping[str, Senders],
    ) -> None:
        self._uplinks = uplinks
        self._senders = senders
        self._clock = clock
        self._names = _Names(names)
        self._accounts = StreamAccounts()
        self._flows = Flows(units)
        self._scene = Scene(keylog=keylog, clock=clock, quic=Connections(), read=recognise.read)
        self._notes: Counter[str] = Counter()
        self._sent: list[_Sent] = []
        self._by_packet: dict[int, Conversation] = {}
        """Datagrams, by number."""
        self._volumes: dict[int, Volume] = {}
        for uplink in uplinks.values():
            for way in ("sent", "received"):
                self._accounts[uplink, way]

    def run(self, packets: Iterable[Packet]) -> Decoded:
        self._collect(packets)
        for conversation in self._flows:
            if conversation.protocol == TCP:
                self._connection(conversation)
            else:
                self._datagrams(conversation)
        self._quic()
        self._sent.sort(key=lambda sent: (sent.message.first, sent.conversation.number))
        return Decoded(
            transmissions=tuple(self._transmission(index, sent) for index, sent in enumerate(self._sent)),
            accounts=self._accounts,
            volumes=self._volumes,
            notes=tuple(f"{note} ({count} times)" if count > 1 else note for note, count in self._notes.items()),
        )

    def _collect(self, packets: Iterable[Packet]) -> None:
        """Sort all packets into conversations."""
        links: dict[str, Links] = {}
        for packet in packets:
            link = links.get(packet.interface)
            if link is None:
                link = links[packet.interface] = Links()
            found = link.unwrap(packet)
            if isinstance(found, IpPacket):
                self._add(found, packet)
            elif found is not None:
                self._background(found, packet)
        for link in links.values():
            for rest in link.incomplete():
                self._note("fragments of an IP packet are missing from the capture")
                self._add(rest.ip, rest.first)

    def _add(self, ip: IpPacket, packet: Packet) -> None:
        try:
            self._flows.add(ip, packet)
        except struct.error:
            self._background(Background("malformed frame", len(packet.data)), packet)

    def _background(self, found: Background, packet: Packet) -> None:
        self._accounts.count_background(self._uplinks.get(packet.interface), found.name, found.size)
        if found.name.startswith(("malformed", "link type", "nested")):
            self._note(f"a frame is not decoded: {found.name}")

    def _note(self, note: str) -> None:
        self._notes[note] += 1

    def _account(self, conversation: Conversation, side: Side) -> Account:
        way: Way = "sent" if side is conversation.unit else "received"
        return self._accounts[self._uplinks.get(conversation.interface), way]

    def _is_foreign(self, conversation: Conversation, size: int) -> bool:
        """Whether the unit has no part in it; then its payload is background."""
        if conversation.foreign:
            uplink = self._uplinks.get(conversation.interface)
            self._accounts.count_background(uplink, "payload of other hosts", size)
        return conversation.foreign

    def _connection(self, conversation: Conversation) -> None:
        """A TCP connection: the runs before the first gap together, each run after it by itself."""
        if self._is_foreign(conversation, sum(direction.captured for direction in conversation.directions)):
            return
        sides: list[list[Stream]] = []
        for side in Side:
            direction = conversation.directions[side]
            runs, gaps = direction.runs()
            account = self._account(conversation, side)
            account.captured_payload += direction.captured
            account.retransmitted += direction.retransmitted
            account.unique += sum(map(len, runs))
            account.gaps += [Hole(conversation.number, gap.offset, gap.length) for gap in gaps]
            for gap in gaps:
                self._note(f"{gap.length} bytes of a connection to {conversation.addresses[1]} were not captured")
            sides.append(runs)
        if not any(sides):
            return
        sizes = [sum(map(len, runs)) for runs in sides]
        unit = conversation.unit
        self._volumes[conversation.number] = Volume(sent=sizes[unit], received=sizes[unit.other])
        if not conversation.began:
            self._note(f"a connection to {conversation.addresses[1]} was open before the capture began")
        first = (
            sides[0][0] if sides[0] else Stream.empty(),
            sides[1][0] if sides[1] else Stream.empty(),
        )
        exchange = Exchange(streams=first, unit=conversation.unit, scene=self._scene)
        protocol = recognise.recognise(exchange)
        reading = protocol.parse(exchange)
        self._enter(conversation, reading)
        for side in Side:
            for run in sides[side][1:]:
                alone = (run, Stream.empty()) if side is Side.CLIENT else (Stream.empty(), run)
                after = replace(exchange, streams=alone, host=next((m.host for m in reading.messages if m.host), None))
                self._enter(conversation, recognise.read_after_gap(after, protocol))

    def _datagrams(self, conversation: Conversation) -> None:
        """A UDP flow, or packets of another IP protocol between two hosts."""
        if self._is_foreign(conversation, sum(len(one.data) for one in conversation.datagrams)):
            return
        sizes = Counter(dict.fromkeys(Side, 0))
        for one in conversation.datagrams:
            sizes[one.side] += len(one.data)
        unit = conversation.unit
        self._volumes[conversation.number] = Volume(sent=sizes[unit], received=sizes[unit.other])
        for number, one in enumerate(conversation.datagrams):
            self._by_packet[one.packet] = conversation
            account = self._account(conversation, one.side)
            account.captured_payload += len(one.data)
            account.unique += len(one.data)
            if one.missing:
                account.gaps.append(Hole(conversation.number, number, one.missing))
                self._note(f"a datagram to or from {conversation.addresses[1]} was not captured whole")
        self._enter(conversation, datagrams.read(conversation, self._scene))

    def _quic(self) -> None:
        """What QUIC connections carried, entered where it was sent: a connection may move from flow to flow."""
        for reading in self._scene.quic.finish(self._scene):
            for note in reading.notes:
                self._note(note)
            for message in reading.messages:
                self._sent.append(_Sent(self._by_packet[message.first.packet], message))
            for side, tally in zip(Side, reading.tallies, strict=True):
                if reading.messages:  # only what turned out opaque in what was decoded
                    conversation = self._by_packet[reading.messages[0].first.packet]
                    self._account(conversation, side).settle(tally)

    def _enter(self, conversation: Conversation, reading: Reading) -> None:
        for side in Side:
            self._account(conversation, side).settle(reading.tallies[side])
        self._names.add(reading.names)
        self._sent += [_Sent(conversation, message) for message in reading.messages]
        for note in reading.notes:
            self._note(note)

    def _transmission(self, index: int, sent: _Sent) -> Transmission:
        conversation, message = sent
        addresses = conversation.addresses
        destination = addresses[conversation.unit.other]
        first, last = message.first, message.last
        uplink = self._uplinks.get(conversation.interface)
        sharing = self._senders.get(uplink) if uplink else None
        return Transmission(
            index=index,
            channel=message.channel,
            uplink=uplink,
            ecu=sharing.of(addresses[conversation.unit]) if sharing else None,
            sent=first.wall,
            ended=max(first.wall, last.wall),
            bench=self._clock.bench_at(first.wall) if self._clock else None,
            generated=message.generated,
            source=addresses[conversation.unit],
            destination=destination,
            host=message.host or self._names.of(destination.ip, conversation.wall),
            summary=message.summary,
            kind=message.kind,
            path=message.path,
            status=message.status,
            parts=message.parts,
            fields=message.fields,
            complete=message.complete,
            malformed=message.malformed,
            frames=(min(first.packet, last.packet), max(first.packet, last.packet)),
            conversation=conversation.number,
        )
