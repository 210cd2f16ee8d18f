"""QUIC (RFC 9000, 9369), opened with the secrets of a key log; HTTP/3 or whatever else its streams carry is read on.

Without keys the ClientHello in the Initial packets still names the host (their keys follow from the connection id, RFC
9001 section 5.2); all else stays closed, and is counted so. Connections are told by their ids, so that one which
migrates to another port, address or uplink (RFC 9000, section 9) is read on there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidTag

from captures.decode import http3
from captures.decode.flows import Datagram
from captures.decode.model import Exchange, Message, Place, Reading, Scene, Side, Stream, Tally, discreet
from captures.decode.quic_frames import (
    CLOSE,
    CRYPTO,
    DATAGRAM,
    NEW_CONNECTION_ID,
    RESET_STREAM,
    STREAM,
    Frame,
    UnknownFrameError,
    frames,
)
from captures.decode.quic_packets import (
    Level,
    LevelKeys,
    Packet,
    Version,
    both,
    candidates,
    initial_keys,
    is_long,
    packets,
)
from captures.decode.quic_streams import HalfStream, Streams, is_bidirectional
from captures.decode.tls import CLIENT_HELLO
from captures.decode.tls_hello import ALERTS, Hello, parse_hello
from captures.decode.tls_keys import EARLY, HANDSHAKE, TRAFFIC
from telltale.transmission import Part

CLOSED = "QUIC is not opened"
LOST = "the beginning of the QUIC connection is not in the capture"
SEALED = "QUIC packet does not decrypt"
_ALERT = 0x0100
"""The first of 256 error codes that stand for alerts of TLS, RFC 9000 section 20.1."""
_PHASES = {Level.EARLY: EARLY, Level.HANDSHAKE: HANDSHAKE, Level.ONE: TRAFFIC}

looks_like = is_long


@dataclass(slots=True, eq=False)
class Connection:
    """What both sides have said on one connection, over however many flows."""

    unit: Side
    ids: tuple[set[bytes], set[bytes]] = field(default_factory=lambda: (set(), set()))
    """By the side that they lead to."""
    greeting: HalfStream = field(default_factory=lambda: HalfStream(-1))
    """The client's handshake in Initial packets."""
    hello: Hello | None = None
    version: Version | None = None
    """Of the last long packet (RFC 9369, section 4: the server may choose another than the client began with)."""
    streams: Streams = field(default_factory=Streams)
    datagrams: list[tuple[bytes, Place]] = field(default_factory=list)
    """Of the unit, RFC 9221; and what else its packets held that is of no stream."""
    alert: str = ""
    """Of TLS, by which the unit ended it."""
    sealed: list[tuple[Place, bytes, str]] = field(default_factory=list)
    """The unit's packets that stayed closed, and why."""
    spoke: tuple[Place, Place] | None = None
    """The unit's first and last datagram."""
    last: int = 0
    """Wall time of the latest datagram of either side."""
    notes: list[str] = field(default_factory=list)
    _seeds: set[bytes] = field(default_factory=set)
    _initial: list[dict[Side, LevelKeys]] = field(default_factory=list)
    _keys: dict[tuple[Level, Side], LevelKeys] = field(default_factory=dict)

    @property
    def host(self) -> str | None:
        """The name that the client asks for."""
        return self.hello.server_name if self.hello else None

    def greet(self, packet: Packet, data: bytes, side: Side, place: Place) -> None:
        """Learn from a long packet which ids there are, and from the client's Initial packets whom it wants."""
        self.ids[side].add(packet.source)
        self.version = packet.version
        if side is Side.SERVER:
            return
        if packet.level is Level.INITIAL and packet.version and packet.destination not in self._seeds:
            self._seeds.add(packet.destination)  # the client's choice, or the server's after a Retry
            self._initial.append(both(initial_keys(packet.version, packet.destination)))
        self.ids[Side.SERVER].add(packet.destination)
        opened = self._open_initial(packet, data, side) if packet.level is Level.INITIAL else None
        if opened is not None and self.hello is None:
            for frame in self._frames(opened, side, place):
                if frame.kind == CRYPTO:
                    self.greeting.add(frame.offset, frame.data, place, end=False)
            said = bytes(self.greeting.data)
            if said[:1] == bytes([CLIENT_HELLO]) and len(said) >= 4 + int.from_bytes(said[1:4]):
                self.hello = parse_hello(said[4 : 4 + int.from_bytes(said[1:4])], client=True)

    def open(self, packet: Packet, data: bytes, side: Side, scene: Scene) -> bytes | str:
        """The frames of a packet; or why it stays closed."""
        if packet.level is Level.RETRY:
            return b""
        if packet.level is Level.INITIAL:
            opened = self._open_initial(packet, data, side)
            return CLOSED if opened is None else opened
        keys = self._keys_for(packet.level, side, scene)
        if keys is None:
            return CLOSED if self.hello else LOST
        at = packet.number_at - packet.start
        if packet.level is Level.ONE:
            at = 1 + self._id_length(packet.destination, side.other)
        try:
            return keys.open(data[packet.start : packet.end], at).frames
        except InvalidTag:
            return SEALED

    def owns(self, destination: bytes, side: Side) -> bool:
        """Whether a short packet to *side* is of this connection, by its id (which is not empty)."""
        return any(one and destination.startswith(one) for one in self.ids[side])

    def _id_length(self, destination: bytes, side: Side) -> int:
        return max((len(one) for one in self.ids[side] if destination.startswith(one)), default=0)

    def _open_initial(self, packet: Packet, data: bytes, side: Side) -> bytes | None:
        for keys in reversed(self._initial):
            try:
                return keys[side].open(data[packet.start : packet.end], packet.number_at - packet.start).frames
            except InvalidTag:
                continue
        return None

    def _keys_for(self, level: Level, side: Side, scene: Scene) -> LevelKeys | None:
        if (level, side) not in self._keys:
            random = self.hello.random if self.hello else b""
            secret = scene.keylog.traffic_secret(_PHASES[level], side, random)
            if secret is None or self.version is None:
                return None
            self._keys[level, side] = LevelKeys(candidates(secret, self.version))
        return self._keys[level, side]

    def take(self, opened: bytes, side: Side, place: Place) -> None:
        """What an opened packet says."""
        for frame in self._frames(opened, side, place):
            if frame.kind == STREAM:
                self.streams.add(side, frame.stream, frame.offset, frame.data, place, end=frame.end)
            elif frame.kind == RESET_STREAM:
                self.streams.half(side, frame.stream).reset = True
            elif frame.kind == NEW_CONNECTION_ID:
                self.ids[side].add(frame.data)
            elif side is self.unit and frame.kind == DATAGRAM:
                self.datagrams.append((frame.data, place))
            elif side is self.unit and frame.kind == CLOSE and frame.error >> 8 == _ALERT >> 8:
                self.alert = ALERTS.get(frame.error - _ALERT, f"alert {frame.error - _ALERT}")

    def _frames(self, opened: bytes, side: Side, place: Place) -> list[Frame]:
        found: list[Frame] = []
        try:
            found.extend(frames(opened))  # what came before a fault stands
        except UnknownFrameError as error:
            self.notes.append(str(error))
            if side is self.unit:
                self.datagrams.append((error.rest, place))  # it is in clear, and searched
        except IndexError:
            self.notes.append("a QUIC frame is cut off")
        return found


class Connections:
    """All QUIC connections of a capture."""

    def __init__(self) -> None:
        self._all: list[Connection] = []
        self._current: dict[int, Connection] = {}
        """By flow: whose its latest datagram was."""

    def __len__(self) -> int:
        return len(self._all)

    def looks_like(self, datagrams: list[Datagram]) -> bool:
        """Whether a flow begins as QUIC, or goes on with a connection that another flow began."""
        return any(is_long(bytes(one.data)) for one in datagrams[:4]) or any(
            self._known(bytes(one.data), one.side) for one in datagrams[:4]
        )

    def parse(self, datagrams: list[Datagram], unit: Side, scene: Scene, *, flow: int) -> Reading:
        """Open packets of the flow of that number; what the connections say is told by `finish`."""
        reading = Reading()
        whose: list[Connection] = []
        current = self._current.get(flow)
        for one in datagrams:
            current = self._current[flow] = self._of(one, unit, current)
            current.last = max(current.last, one.wall)
            whose.append(current)
            data, place = bytes(one.data), Place(one.wall, one.packet)
            for packet in packets(data):
                if packet.version:
                    current.greet(packet, data, one.side, place)
        for one, connection in zip(datagrams, whose, strict=True):
            _datagram(connection, one, scene, reading.tallies[one.side])
        return reading

    def _known(self, data: bytes, side: Side) -> Connection | None:
        """The connection of a short packet that *side* sent."""
        if not data or data[0] & 0xC0 != 0x40:
            return None
        return next((one for one in reversed(self._all) if one.owns(data[1:21], side.other)), None)

    def _of(self, one: Datagram, unit: Side, current: Connection | None) -> Connection:
        """The connection of a datagram: another one begins with an id that nobody knows."""
        data = bytes(one.data)
        if is_long(data):
            first = next(packets(data), None)
            known = current and first and (one.side is Side.SERVER or first.source in current.ids[Side.CLIENT])
            if current is None or (first is not None and first.level is Level.INITIAL and not known):
                current = Connection(unit)
                self._all.append(current)
            return current
        found = self._known(data, one.side) or current
        if found is None:
            found = Connection(unit)
            self._all.append(found)
        return found

    def finish(self, scene: Scene, *, before: int | None = None) -> list[Reading]:
        """What the unit said on each connection, or on each that has been silent since *before*; forgets them."""
        done = [connection for connection in self._all if before is None or connection.last < before]
        if done:
            self._all = [connection for connection in self._all if connection not in done]
            self._current = {flow: whose for flow, whose in self._current.items() if whose not in done}
        return [_reading(connection, scene) for connection in done]


def _datagram(connection: Connection, one: Datagram, scene: Scene, tally: Tally) -> None:
    """Open the packets of a datagram and enter every byte."""
    data, place = bytes(one.data), Place(one.wall, one.packet)
    mine = one.side is connection.unit
    if mine:
        connection.spoke = (connection.spoke[0] if connection.spoke else place, place)
    at = 0
    for packet in packets(data):
        opened = connection.open(packet, data, one.side, scene)
        if isinstance(opened, str):
            tally.opaque[opened] += packet.end - packet.start
            if mine:
                connection.sealed.append((place, data[packet.start : packet.end], opened))
        else:
            tally.decoded += packet.end - packet.start
            connection.take(opened, one.side, place)
        at = packet.end
    rest = data[at:]
    if rest and any(rest):
        tally.opaque[CLOSED] += len(rest)
        if mine:
            connection.sealed.append((place, rest, CLOSED))
    else:  # padding beside the packet rather than in it
        tally.decoded += len(rest)


def _reading(connection: Connection, scene: Scene) -> Reading:
    reading = Reading(notes=connection.notes)
    if connection.spoke is None:
        return reading
    streams, unit, host = connection.streams, connection.unit, connection.host
    if http3.looks_like(streams):
        http3.read(streams, unit, host, reading)
    else:
        _read_on(connection, scene, reading)
    for half in streams.halves[unit].values():
        _behind_gaps(half, host, reading)
    for data, place in connection.datagrams:
        part = Part(name="payload", data=data)
        reading.messages.append(_raw((place, place), f"{len(data)} bytes in a QUIC packet, of no stream", host, part))
    said = (Part(name="sni", data=host.encode()),) if host and unit is Side.CLIENT else ()
    if reading.messages:
        first = min(reading.messages, key=lambda message: message.first)
        first.parts = (*first.parts, *said)
        said = ()
    if connection.sealed or not reading.messages:
        reading.messages += _closed(connection, scene, said)
    if connection.hello and unit is Side.CLIENT:
        first = min(reading.messages, key=lambda message: message.first)
        first.fields += connection.hello.fields("q")
    return reading


def _read_on(connection: Connection, scene: Scene, reading: Reading) -> None:
    """Streams of another protocol than HTTP/3, each read as what it looks like."""
    streams, unit = connection.streams, connection.unit
    for number in sorted({*streams.halves[0], *streams.halves[1]}):
        pair = [streams.halves[side].get(number) for side in Side]
        if not is_bidirectional(number) and pair[unit] is None:
            continue
        client, server = (half.stream() if half else Stream.empty() for half in pair)
        if number & 1:  # the server began it
            client, server = server, client
        side = Side(unit ^ (number & 1))
        exchange = Exchange(
            streams=(client, server), unit=side, scene=scene, secure=True, host=connection.host, depth=1
        )
        inner = scene.read(exchange)
        inner.tallies = (Tally(), Tally())  # its bytes are entered with the datagrams that carried them
        reading.add(inner)


def _behind_gaps(half: HalfStream, host: str | None, reading: Reading) -> None:
    """What a stream carried after bytes that are not in the capture: in clear, but nobody can tell where it belongs."""
    if not half.early:
        return
    reading.notes.append(f"bytes of a QUIC stream to {discreet(host) if host else 'an unnamed host'} were not captured")
    for data, place in half.early.values():
        part = Part(name="payload", data=data)
        message = _raw((place, place), f"{len(data)} bytes of a QUIC stream, after a gap", host, part)
        reading.messages.append(replace(message, complete=False))


def _raw(places: tuple[Place, Place], summary: str, host: str | None, part: Part) -> Message:
    return Message(channel="quic", first=places[0], last=places[1], summary=summary, host=host, parts=(part,))


def _closed(connection: Connection, scene: Scene, said: tuple[Part, ...]) -> list[Message]:
    """The unit's packets that stayed closed, burst by burst; a handshake alone counts as one."""
    host, alert = connection.host, connection.alert
    to = f"QUIC to {discreet(host) if host else 'an unnamed host'}"
    ending = f", {alert}" if alert else ""
    if not connection.sealed:
        assert connection.spoke
        first, last = connection.spoke
        summary = f"{to}, handshake only{ending}"
        return [Message(channel="quic", first=first, last=last, summary=summary, kind=alert, host=host, parts=said)]
    bursts: list[list[tuple[Place, bytes, str]]] = []
    for one in connection.sealed:
        if not bursts or scene.is_pause(bursts[-1][-1][0].wall, one[0].wall):
            bursts.append([])
        bursts[-1].append(one)
    found = []
    for burst in bursts:
        payload = b"".join(data for _, data, _ in burst)
        part = Part(name="payload", data=payload, opaque=burst[0][2])
        summary = f"{to}, {len(payload)} bytes closed{ending}"
        found.append(replace(_raw((burst[0][0], burst[-1][0]), summary, host, part), kind=alert, parts=(*said, part)))
        said = ()
    return found
