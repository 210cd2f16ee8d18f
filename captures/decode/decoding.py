"""The way from packets to transmissions, put together; piece by piece, so that memory does not grow with the capture.

A conversation is read when it has ended, or in slices when much of it is pending, and is then forgotten. What was sent
again after that counts as retransmitted; a hole that a later packet would have filled is given up.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from captures.decode import datagrams, dns, recognise
from captures.decode.accounts import Account, Hole, StreamAccounts, Way
from captures.decode.connections import Reader
from captures.decode.flows import Conversation, Flows
from captures.decode.link import TCP, Background, IpPacket, Links, Unwrapped
from captures.decode.model import Message, Reading, Scene, Side
from captures.decode.names import Asker, Names
from captures.decode.quic import Connections
from captures.decode.setting import Setting
from captures.decode.tls_keys import KeyLog
from captures.pcapng import Packet
from telltale.times import SECOND
from telltale.transmission import Transmission, Volume

if TYPE_CHECKING:
    from captures.decode.streams import Group
    from captures.pcapng.batch import Batch

SLICE = 16 << 20
"""Bytes pending in one conversation with which a slice of it is read."""
BUDGET = 128 << 20
"""Bytes pending in all of them, beyond which slices are read of the largest."""
_LINGER = 2 * SECOND
"""After the end of a connection, in which its last packets may still be sent again."""
_IDLE = 60 * SECOND
"""Silence after which a UDP flow has ended."""
_MANY = 8192
"""Open conversations, beyond which those that are closed or silent do not linger."""
_SILENT = 600 * SECOND
_OFTEN = 2048
"""Packets after which conversations that have ended are looked for."""
_FEW = 16
"""Packets that are rather read one by one than sorted."""
_FLOW = 4096
"""Datagrams of a flow that are held."""
_NOTES = 2000
"""Different notes that are kept."""
_DNS = frozenset({53, 5353, 5355})


class _Sent(NamedTuple):
    conversation: Conversation
    message: Message


class Decoding:
    """A capture being decoded.

    :param whole: hand out nothing before the end, and then all in order of time sent; else in the order in which
        conversations end, those of one moment sorted, and without `volumes`
    """

    def __init__(self, setting: Setting, *, keylog: KeyLog, whole: bool = False) -> None:
        self.accounts = StreamAccounts()
        self.volumes: dict[int, Volume] = {}
        self._whole = whole
        self._uplinks = setting.uplinks
        self._senders = setting.senders
        self._clock = setting.clock
        self._names = Names(setting.names)
        self._flows = Flows(setting.units)
        self._links: dict[str, Links] = {}
        self._until = _OFTEN
        """Number of the packet after which is looked for conversations that have ended …"""
        self._full = SLICE
        """… unless so many bytes are pending before."""
        self._scene = Scene(keylog=keylog, clock=setting.clock, quic=Connections(), read=recognise.read)
        self._readers: dict[int, Reader] = {}
        self._notes: Counter[str] = Counter()
        self._sent: list[_Sent] = []
        self._index = 0
        self._by_packet: dict[int, Conversation] = {}
        """Datagrams of QUIC, by number."""
        for uplink in setting.uplinks.values():
            for way in ("sent", "received"):
                self.accounts[uplink, way]

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read and why, a sentence each."""
        return tuple(f"{note} ({count} times)" if count > 1 else note for note, count in self._notes.items())

    def run(self, packets: Iterable[Packet | Batch]) -> Iterator[Transmission]:
        """What left the unit."""
        for packet in packets:
            if not isinstance(packet, Packet):
                yield from self._batch(packet)
            elif self._take(packet) and self._is_time(packet.number):
                yield from self._look(packet.number, packet.wall)
        for link in self._links.values():
            for rest in link.incomplete():
                self._note("fragments of an IP packet are missing from the capture")
                self._add(rest.ip, rest.first)
        for conversation in list(self._flows):
            self._finish(conversation)
        self._quic(self._scene.quic.finish(self._scene))
        yield from self._hand_out()

    def _batch(self, batch: Batch) -> Iterator[Transmission]:
        """The packets of a batch: stretch by stretch where they are plain, else one by one."""
        from captures.decode.segments import segments  # noqa: PLC0415 - numpy is only loaded for what is large

        sorted_out, row, flows = segments(batch), 0, self._flows
        while row < len(batch):
            end = sorted_out.stretch(row, self._until, self._full - flows.pending) if sorted_out else row
            if sorted_out and end - row >= _FEW:
                for one in sorted_out.groups(row, end):
                    self._take_group(batch, one)
                row = end
                last = batch.number + row - 1
                if self._is_time(last):
                    yield from self._look(last, int(batch.walls[row - 1]))
                continue
            for alone in range(row, max(end, row + 1)):
                packet = batch.packet(alone)
                if self._take(packet) and self._is_time(packet.number):
                    yield from self._look(packet.number, packet.wall)
            row = max(end, row + 1)

    def _take_group(self, batch: Batch, one: Group | int) -> None:
        if isinstance(one, int):
            self._take(batch.packet(one))
            return
        packet = batch.packet(one.row)
        ip = self._unwrap(packet)
        assert isinstance(ip, IpPacket)  # plain
        self._flows.add_group(ip, packet, one)

    def _unwrap(self, packet: Packet) -> Unwrapped | None:
        link = self._links.get(packet.interface)
        if link is None:
            link = self._links[packet.interface] = Links()
        return link.unwrap(packet)

    def _take(self, packet: Packet) -> bool:
        """Sort in a packet; whether it was one of IP."""
        found = self._unwrap(packet)
        if isinstance(found, IpPacket):
            self._add(found, packet)
            return True
        if found is not None:
            self._background(found, packet)
        return False

    def _is_time(self, number: int) -> bool:
        """Whether it is time, after the packet of that number, to look for what has ended."""
        return number >= self._until or self._flows.pending > self._full

    def _look(self, number: int, now: int) -> Iterator[Transmission]:
        """Read what is due, and say when to look again."""
        if not self._whole:
            yield from self._due(now)
        self._until = number + max(_OFTEN, len(self._flows) // 4)
        self._full = self._flows.pending + SLICE

    def _due(self, now: int) -> Iterator[Transmission]:
        """Read what has ended, and of the rest what should not be held any longer."""
        crowded = len(self._flows) > _MANY
        every = list(self._flows)
        for conversation in every:  # datagrams first: they tell names
            if conversation.protocol != TCP:
                self._flow_due(conversation, now, crowded=crowded)
        for conversation in every:
            if conversation.protocol == TCP:
                self._connection_due(conversation, now, crowded=crowded)
        if self._flows.pending > BUDGET:
            for conversation in sorted(self._flows, key=lambda one: -one.pending):
                if self._flows.pending < BUDGET // 2:
                    break
                self._slice(conversation)
        self._quic(self._scene.quic.finish(self._scene, before=now - _IDLE))
        if not self._scene.quic:
            self._by_packet.clear()
        yield from self._hand_out()

    def _flow_due(self, conversation: Conversation, now: int, *, crowded: bool) -> None:
        if crowded or now - conversation.last > _IDLE:
            self._finish(conversation)
        elif conversation.pending > SLICE or len(conversation.datagrams) > _FLOW or _answered(conversation):
            self._slice(conversation)

    def _connection_due(self, conversation: Conversation, now: int, *, crowded: bool) -> None:
        silence = now - conversation.last
        if (conversation.closed and (crowded or silence > _LINGER)) or (crowded and silence > _SILENT):
            self._finish(conversation)
        elif conversation.pending > SLICE:
            self._slice(conversation)

    def _add(self, ip: IpPacket, packet: Packet) -> None:
        try:
            self._flows.add(ip, packet)
        except struct.error:
            self._background(Background("malformed frame", len(packet.data)), packet)

    def _background(self, found: Background, packet: Packet) -> None:
        self.accounts.count_background(self._uplinks.get(packet.interface), found.name, found.size)
        if found.name.startswith(("malformed", "link type", "nested")):
            self._note(f"a frame is not decoded: {found.name}")

    def _note(self, note: str) -> None:
        if note not in self._notes and len(self._notes) >= _NOTES:
            note = "more notes of other kinds are left out"
        self._notes[note] += 1

    def _account(self, conversation: Conversation, side: Side) -> Account:
        way: Way = "sent" if side is conversation.unit else "received"
        return self.accounts[self._uplinks.get(conversation.interface), way]

    def _is_foreign(self, conversation: Conversation, size: int) -> bool:
        """Whether the unit has no part in it; then its payload is background."""
        if conversation.foreign:
            uplink = self._uplinks.get(conversation.interface)
            self.accounts.count_background(uplink, "payload of other hosts", size)
        return conversation.foreign

    def _finish(self, conversation: Conversation) -> None:
        """Read a conversation to its end."""
        if conversation.protocol == TCP:
            self._connection(conversation)
        else:
            self._datagrams(conversation)
        self._flows.forget(conversation)

    def _slice(self, conversation: Conversation) -> None:
        """Read what there is of a conversation that goes on."""
        if conversation.protocol != TCP:
            self._datagrams(conversation)
            return
        self._flows.read(conversation)
        if conversation.foreign:
            for direction in conversation.directions:
                while direction.ready or direction.skip():
                    direction.drop(len(direction.first()))
            return
        for reading in self._reader(conversation).slice(patience=SLICE):
            self._enter(conversation, reading)

    def _reader(self, conversation: Conversation) -> Reader:
        reader = self._readers.get(conversation.number)
        if reader is None:
            reader = Reader(conversation.directions, conversation.unit, self._scene)
            self._readers[conversation.number] = reader
        return reader

    def _connection(self, conversation: Conversation) -> None:
        """The rest of a TCP connection, and the account of all of it."""
        if self._is_foreign(conversation, sum(direction.captured for direction in conversation.directions)):
            return
        reader = self._reader(conversation)
        del self._readers[conversation.number]
        readings = list(reader.finish())
        for side in Side:
            direction, gaps = conversation.directions[side], reader.gaps[side]
            account = self._account(conversation, side)
            account.captured_payload += direction.captured
            account.retransmitted += direction.retransmitted
            account.unique += reader.sizes[side]
            account.gaps += [Hole(conversation.number, gap.offset, gap.length) for gap in gaps]
            for gap in gaps:
                self._note(f"{gap.length} bytes of a connection to {conversation.addresses[1]} were not captured")
        if not any(reader.sizes):
            return
        self._weigh(conversation, reader.sizes)
        if not conversation.began:
            self._note(f"a connection to {conversation.addresses[1]} was open before the capture began")
        for reading in readings:
            self._enter(conversation, reading)

    def _weigh(self, conversation: Conversation, sizes: list[int]) -> None:
        if self._whole:
            unit = conversation.unit
            self.volumes[conversation.number] = Volume(sent=sizes[unit], received=sizes[unit.other])

    def _datagrams(self, conversation: Conversation) -> None:
        """What there is of a UDP flow, or of packets of another IP protocol between two hosts."""
        self._flows.read(conversation)
        if not conversation.datagrams:
            return
        if self._is_foreign(conversation, sum(len(one.data) for one in conversation.datagrams)):
            conversation.datagrams.clear()
            return
        sizes = [0, 0]
        for number, one in enumerate(conversation.datagrams):
            sizes[one.side] += len(one.data)
            account = self._account(conversation, one.side)
            account.captured_payload += len(one.data)
            account.unique += len(one.data)
            if one.missing:
                account.gaps.append(Hole(conversation.number, number, one.missing))
                self._note(f"a datagram to or from {conversation.addresses[1]} was not captured whole")
        self._weigh(conversation, sizes)
        self._enter(conversation, datagrams.read(conversation, self._scene))
        if datagrams.is_quic(conversation):
            for one in conversation.datagrams:
                self._by_packet[one.packet] = conversation
        conversation.datagrams.clear()

    def _quic(self, readings: Iterable[Reading]) -> None:
        """What QUIC connections carried, entered where it was sent: a connection may move from flow to flow."""
        for reading in readings:
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
        if reading.names:
            self._names.add(reading.names, self._asker(conversation))
        self._sent += [_Sent(conversation, message) for message in reading.messages]
        for note in reading.notes:
            self._note(note)

    def _hand_out(self) -> Iterator[Transmission]:
        """What was read since the last time, in order of time sent."""
        batch = sorted(self._sent, key=lambda sent: (sent.message.first, sent.conversation.number))
        self._sent.clear()
        batch.reverse()
        while batch:  # handed out, it need not be held any longer
            yield self._transmission(batch.pop())

    def _transmission(self, sent: _Sent) -> Transmission:
        conversation, message = sent
        addresses = conversation.addresses
        destination = addresses[conversation.unit.other]
        first, last = message.first, message.last
        asker = self._asker(conversation)
        index, self._index = self._index, self._index + 1
        return Transmission(
            index=index,
            channel=message.channel,
            uplink=asker.uplink,
            ecu=asker.ecu,
            sent=first.wall,
            ended=max(first.wall, last.wall),
            bench=self._clock.bench_at(first.wall) if self._clock else None,
            generated=message.generated,
            source=addresses[conversation.unit],
            destination=destination,
            host=message.host or self._looked_up(destination.ip, conversation.wall, asker),
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

    def _asker(self, conversation: Conversation) -> Asker:
        """Who speaks on the unit's side."""
        uplink = self._uplinks.get(conversation.interface)
        sharing = self._senders.get(uplink) if uplink else None
        return Asker(uplink, sharing.of(conversation.addresses[conversation.unit]) if sharing else None)

    def _looked_up(self, ip: str, wall: int, asker: Asker) -> str | None:
        found = self._names.of(ip, wall, asker)
        if found is not None and found.elsewhere is not None:
            self._note(
                f"what was sent over {asker.uplink or 'an unknown uplink'} to {found.name} is named by a look-up over "
                f"{found.elsewhere}, since none was seen over its own uplink"
            )
        return found.name if found is not None else None


def _answered(conversation: Conversation) -> bool:
    """Whether a flow names addresses, and all that was asked has been answered."""
    if not any(port in _DNS for _, port in conversation.ends) or not conversation.datagrams:
        return False
    if not dns.looks_like_datagram(bytes(conversation.datagrams[-1].data)):
        return False
    sides = Counter(one.side for one in conversation.datagrams)
    return sides[Side.CLIENT] == sides[Side.SERVER] > 0
