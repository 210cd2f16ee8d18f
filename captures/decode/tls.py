"""TLS 1.2 and 1.3: records opened with the secrets of a key log, and what is said in clear without them.

Every byte is entered in the tally: record headers, handshake and overhead of opened records as decoded, records that
cannot be opened as opaque with the reason, and the plaintext as whatever the protocol inside makes of it.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidTag

from captures.decode import fallback
from captures.decode.model import Ending, Exchange, Message, Place, Reading, Side, Stream, Tally, discreet
from captures.decode.tls_hello import ALERTS, ENCRYPT_THEN_MAC, Hello, parse_hello
from captures.decode.tls_keys import (
    EARLY,
    HANDSHAKE,
    TLS12_SUITES,
    TLS13_SUITES,
    TRAFFIC,
    RecordKeys,
    Tls13Keys,
    tls12_keys,
)
from telltale.transmission import Part

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE_RECORD, APPLICATION = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, END_OF_EARLY_DATA, CERTIFICATE, FINISHED, KEY_UPDATE = 1, 2, 5, 11, 20, 24
_MAX_RECORD = 16384 + 2048
"""RFC 5246 section 6.2.3."""
_TLS13 = 0x0304
_HANDSHAKE_LIMIT = 1 << 20
"""Bytes of both sides in which the hellos have to be, where a connection is read in slices."""

NO_KEYS = "no TLS keys"
NO_HANDSHAKE = "the TLS handshake is not in the capture"


def looks_like(client: bytes, server: bytes) -> bool:
    """A record header, and for a handshake a hello in it."""
    return any(
        len(data) >= 5
        and CHANGE_CIPHER_SPEC <= data[0] <= APPLICATION
        and data[1] == 3
        and data[2] <= 4
        and 0 < int.from_bytes(data[3:5]) <= _MAX_RECORD
        for data in (client, server)
    )


@dataclass(slots=True)
class _Half:
    """What one side sent."""

    stream: Stream
    tally: Tally = field(default_factory=Tally)
    chunks: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Offset of each chunk in the plaintext …"""
    sources: list[int] = field(default_factory=list)
    """… and of its first byte in the stream, …"""
    below: list[Stream] = field(default_factory=list)
    """… of which only the map is kept."""
    map: Stream = field(default_factory=Stream.empty)
    plain: int = 0
    sealed: list[tuple[int, int]] = field(default_factory=list)
    """Records with application data that could not be opened: start of body, end."""
    buffer: bytearray = field(default_factory=bytearray)
    """Handshake bytes that do not make up a message yet."""
    hellos: list[Hello] = field(default_factory=list)
    certificate: bytes = b""
    alert: str | None = None
    phase: str = ""
    keys: RecordKeys | None = None
    ciphered: bool = False
    """After ChangeCipherSpec (TLS 1.2), or the own hello (TLS 1.3)."""
    closed: bool = False

    def plaintext(self) -> Stream:
        """What it carried; any byte still maps to the packet that held it."""
        ending = Ending.CLOSED if self.closed else self.stream.ending
        return _Opened(b"".join(self.chunks), self.below[:], self.starts[:], self.sources[:], ending)

    def next(self, stream: Stream) -> None:
        """Another slice."""
        self.stream, self.map, self.tally, self.sealed = stream, stream.map(), Tally(), []

    def keep(self, content: bytes, source: int) -> None:
        """Plaintext, and where it stood."""
        if content:
            self.chunks.append(content)
            self.starts.append(self.plain)
            self.sources.append(source)
            self.below.append(self.map)
            self.plain += len(content)

    def drop(self, size: int) -> None:
        """Forget the first *size* bytes of the plaintext."""
        kept = bisect.bisect_right(self.starts, size) - 1 if size < self.plain else len(self.chunks)
        for column in (self.chunks, self.starts, self.sources, self.below):
            del column[: max(kept, 0)]
        self.plain -= size
        if self.chunks and (cut := size - self.starts[0]):
            self.chunks[0] = self.chunks[0][cut:]
            self.sources[0] += cut
        self.starts = [max(start - size, 0) for start in self.starts]


class _Opened(Stream):
    """Plaintext, mapped through the records to the stream below."""

    __slots__ = ("_below", "_sources")

    def __init__(self, data: bytes, below: list[Stream], starts: list[int], sources: list[int], ending: Ending) -> None:
        places = [stream.at(source) for stream, source in zip(below, sources, strict=True)]
        walls, packets = [place.wall for place in places], [place.packet for place in places]
        super().__init__(data, starts or [0], walls or [0], packets or [0], ending)
        self._below = below
        self._sources = sources

    def at(self, offset: int) -> Place:
        if not self._sources:
            return Place(0, 0)
        record = max(bisect.bisect_right(self._starts, offset) - 1, 0)
        return self._below[record].at(self._sources[record] + offset - self._starts[record])


def parse(exchange: Exchange) -> Reading:
    """Open what can be opened, and read on in it."""
    session: _Session = exchange.memory.state or _Session(exchange)
    if session.waits(exchange):
        return Reading(consumed=(0, 0))
    exchange.memory.state = session
    session.reading = reading = Reading()
    client, server = session.halves
    done = [0, 0]
    for side in Side:
        session.halves[side].next(exchange.streams[side])
        done[side] = session.walk(session.halves[side], over=exchange.over(side))
    hello = client.hellos[0] if client.hellos else None
    host = (hello.server_name if hello else None) or exchange.host
    if client.chunks or server.chunks or exchange.memory.inner:
        inner = exchange.scene.read(
            replace(
                exchange,
                streams=(client.plaintext(), server.plaintext()),
                secure=True,
                host=host,
                depth=exchange.depth + 1,
                memory=exchange.memory.inside(),
            )
        )
        for half, size in zip(session.halves, inner.consumed or (client.plain, server.plain), strict=True):
            half.drop(size)
        reading.add(inner)
    for tally, half in zip(reading.tallies, session.halves, strict=True):
        tally.add(half.tally)
    _tell_in_clear(exchange, session, reading, hello, host)
    for half in session.halves:
        half.next(Stream.empty())  # the slice need not be held any longer
    if not exchange.final:
        reading.consumed = (done[0], done[1])
    return reading


def parse_after_gap(exchange: Exchange) -> Reading:
    """Records after a gap: which of them these are is not known, so they stay closed."""
    reading = Reading()
    reason = "TLS after a gap in the capture"
    for side in Side:
        stream = exchange.streams[side]
        if not len(stream):
            continue
        reading.tallies[side].opaque[reason] += len(stream)
        if side is exchange.unit:
            for start, end in fallback.bursts(exchange, stream):
                payload = Part(name="payload", data=stream.data[start:end], opaque=reason)
                reading.messages.append(
                    Message(
                        channel="tls",
                        first=stream.at(start),
                        last=stream.at(end - 1),
                        summary=f"{end - start} bytes of TLS after a gap in the capture",
                        host=exchange.host,
                        parts=(payload,),
                        complete=False,
                    )
                )
    return reading


class _Session:
    """The state that both sides share."""

    def __init__(self, exchange: Exchange) -> None:
        self.keylog = exchange.scene.keylog
        self.reading = Reading()
        self.told = False
        """Whether what the connection gives away in clear has been told."""
        self.greeting: list[Message] = []
        """How it is told if nothing but a handshake comes."""
        self.halves = (_Half(exchange.streams[0]), _Half(exchange.streams[1]))
        self._read_hellos()
        client = self.halves[0].hellos
        server = [hello for hello in self.halves[1].hellos if not hello.retry]
        self.random = client[0].random if client else b""
        self.version = server[0].versions[0] if server else 0
        self.suite = None
        self.reason = NO_HANDSHAKE
        if client:
            self.reason = NO_KEYS
        if client and server:
            suites = TLS13_SUITES if self.version == _TLS13 else TLS12_SUITES
            self.suite = suites.get(server[0].suites[0])
            if self.suite is None:
                self.reason = f"cipher suite 0x{server[0].suites[0]:04x} is not supported"
        self._prepare(server[0] if server else None)

    def waits(self, exchange: Exchange) -> bool:
        """Whether more is needed to begin with: both hellos decide how all the rest is read."""
        client, server = self.halves
        if exchange.memory.state or any(exchange.over(side) for side in Side) or (client.hellos and server.hellos):
            return False
        return sum(map(len, exchange.streams)) < _HANDSHAKE_LIMIT

    def _read_hellos(self) -> None:
        """The handshake messages that are in clear, up to the hellos; they decide how all the rest is read."""
        for side, half in enumerate(self.halves):
            handshake = bytearray()
            data, place = half.stream.data, 0
            while place + 5 <= len(data) and data[place] in (HANDSHAKE_RECORD, CHANGE_CIPHER_SPEC):
                size = int.from_bytes(data[place + 3 : place + 5])
                if data[place] == HANDSHAKE_RECORD:
                    handshake += data[place + 5 : place + 5 + size]
                place += 5 + size
                if len(half.hellos) > 1 or len(handshake) > 1 << 17:
                    break
                while len(handshake) >= 4 and handshake[0] == (CLIENT_HELLO, SERVER_HELLO)[side]:
                    length = int.from_bytes(handshake[1:4])
                    if len(handshake) < 4 + length:
                        break
                    hello = parse_hello(bytes(handshake[4 : 4 + length]), client=side == Side.CLIENT)
                    del handshake[: 4 + length]
                    if hello:
                        half.hellos.append(hello)
                if handshake and handshake[0] != (CLIENT_HELLO, SERVER_HELLO)[side]:
                    break

    def _prepare(self, chosen: Hello | None) -> None:
        log = self.keylog
        if chosen is None or self.suite is None:
            return
        if self.version == _TLS13:
            early = log.traffic_secret(EARLY, 0, self.random)
            self._enter(self.halves[1], HANDSHAKE)
            if early:
                # its suite is the resumed session's, which the server has to choose again (RFC 8446 section 4.2.10)
                self._enter(self.halves[0], EARLY)
            else:
                self._enter(self.halves[0], HANDSHAKE)
            return
        master = log.master_secret(self.random)
        if master:
            both = tls12_keys(
                self.suite,
                master,
                self.random,
                chosen.random,
                encrypt_then_mac=ENCRYPT_THEN_MAC in chosen.extensions,
            )
            for half, keys in zip(self.halves, both, strict=True):
                half.keys = keys

    def _enter(self, half: _Half, phase: str) -> None:
        side = self.halves.index(half) if half is not self.halves[0] else 0
        secret = self.keylog.traffic_secret(phase, side, self.random)
        half.phase = phase
        half.keys = Tls13Keys(self.suite, secret) if secret and self.suite else None

    def walk(self, half: _Half, *, over: bool) -> int:
        """Read one side's records; how far. What does not make up a record is only read where the stream is *over*."""
        view = memoryview(half.stream.data)
        place, end = 0, len(view)
        while place < end:
            header = bytes(view[place : place + 5])
            size = int.from_bytes(header[3:5])
            cut = len(header) < 5 or place + 5 + size > end
            if header[0] not in range(20, 25) or header[1:2] not in (b"", b"\3") or (size > _MAX_RECORD and not cut):
                self._stray(half, place)
                return end
            if cut:
                if over:
                    self._cut(half, header, view[place + 5 :], place)
                    return end
                return place
            self._record(half, header, view[place + 5 : place + 5 + size], place)
            place += 5 + size
        return end

    def _cut(self, half: _Half, header: bytes, body: memoryview, place: int) -> None:
        """The last record, cut off: its content is read as far as it goes, which needs no tag."""
        content = b""
        if header[:1] == b"\x17" and half.keys is not None and half.phase in ("", TRAFFIC):
            content = half.keys.peek(body, int.from_bytes(header[3:5]))
        if content:
            half.keep(content, place + 5 + self._explicit())
            half.tally.decoded += 5 + len(body) - len(content)
            return
        cut = "a gap in the capture" if half.stream.ending is Ending.GAP else "the end of the capture"
        half.tally.opaque[f"TLS record cut off by {cut}"] += min(5, len(header)) + len(body)
        if header[:1] == b"\x17" and len(body):
            half.sealed.append((place + 5, place + 5 + len(body)))

    def _explicit(self) -> int:
        return self.suite.explicit_nonce if self.suite and self.version != _TLS13 else 0

    def _stray(self, half: _Half, place: int) -> None:
        """Bytes that are no records, in the middle of a connection."""
        end = len(half.stream)
        half.tally.opaque["not TLS records"] += end - place
        half.sealed.append((place, end))
        self.reading.notes.append(f"{end - place} bytes within a TLS connection are not TLS records")

    def _record(self, half: _Half, header: bytes, body: memoryview, place: int) -> None:
        kind = header[0]
        whole = 5 + len(body)
        if kind == CHANGE_CIPHER_SPEC:
            half.tally.decoded += whole
            half.ciphered = half.ciphered or self.version != _TLS13
            return
        protected = half.ciphered if self.version != _TLS13 else kind == APPLICATION
        if kind == APPLICATION:
            protected = True
        if not protected:
            half.tally.decoded += whole
            self._content(half, kind, bytes(body))
            return
        opened = self._open(half, header, body)
        if opened is None:
            tried = half.keys is not None
            half.tally.opaque["TLS record does not decrypt" if tried else self.reason] += whole
            if kind == APPLICATION:
                half.sealed.append((place + 5, place + whole))
            return
        content, inner = opened
        if inner == APPLICATION:
            half.tally.decoded += whole - len(content)
            half.keep(content, place + 5 + self._explicit())
        else:
            half.tally.decoded += whole
            self._content(half, inner, content)

    def _open(self, half: _Half, header: bytes, body: memoryview) -> tuple[bytes, int] | None:
        while half.keys is not None:
            try:
                return half.keys.open(header, body)
            except (InvalidTag, ValueError):
                if half.phase != EARLY:
                    return None
                # none was sent, or the server refused it and so there is no EndOfEarlyData (RFC 8446 section 4.2.10)
                self._enter(half, HANDSHAKE)
        return None

    def _content(self, half: _Half, kind: int, content: bytes) -> None:
        if kind == ALERT and len(content) == 2:
            name = ALERTS.get(content[1], f"alert {content[1]}")
            if name == "close_notify":
                half.closed = True
            else:
                half.alert = half.alert or name
        elif kind == HANDSHAKE_RECORD:
            half.buffer += content
            while len(half.buffer) >= 4:
                size = 4 + int.from_bytes(half.buffer[1:4])
                if len(half.buffer) < size:
                    break
                message = bytes(half.buffer[:size])
                del half.buffer[:size]
                self._handshake(half, message)

    def _handshake(self, half: _Half, message: bytes) -> None:
        kind = message[0]
        if kind == CERTIFICATE:
            half.certificate = message[4:]
        if self.version != _TLS13:
            return
        if kind == END_OF_EARLY_DATA:
            self._enter(half, HANDSHAKE)
        elif kind == FINISHED:
            self._enter(half, TRAFFIC)
        elif kind == KEY_UPDATE and isinstance(half.keys, Tls13Keys):
            half.keys = half.keys.updated()


def _tell_in_clear(
    exchange: Exchange, session: _Session, reading: Reading, hello: Hello | None, host: str | None
) -> None:
    """What the connection itself gives away: the name asked for, a client certificate, and what stayed closed."""
    half = session.halves[exchange.unit]
    said: list[Part] = []
    if exchange.unit is Side.CLIENT and hello and hello.server_name and not session.told:
        said.append(Part(name="sni", data=hello.server_name.encode()))
    if half.certificate and exchange.unit is Side.CLIENT and not session.told:
        said.append(Part(name="certificate", data=half.certificate))
    if reading.messages:
        reading.messages[0].parts = (*reading.messages[0].parts, *said)
        if half.sealed:
            reading.messages += _closed(exchange, half, half.sealed[0][0], host)
    elif half.sealed or (exchange.final and len(half.stream) and not (session.told or session.greeting)):
        reading.messages += _closed(exchange, half, 0, host)
        reading.messages[0].parts = (*said, *reading.messages[0].parts)
    elif exchange.final and not session.told:
        reading.messages += session.greeting
    elif len(half.stream) and not session.greeting:
        session.greeting = _closed(exchange, half, 0, host)
        session.greeting[0].parts = tuple(said)
    if exchange.unit is Side.CLIENT and hello and reading.messages and not session.told:
        reading.messages[0].fields += hello.fields("t")
    session.told = session.told or bool(reading.messages)


def _closed(exchange: Exchange, half: _Half, begin: int, host: str | None) -> list[Message]:
    """The records from *begin* on that stayed closed, burst by burst; a handshake alone counts as one."""
    found: list[Message] = []
    stream = half.stream
    for start, end in fallback.bursts(exchange, stream.after(begin)):
        first, last = begin + start, begin + end
        closed = b"".join(stream.data[low:high] for low, high in half.sealed if first <= low < last)
        if not closed and found:
            continue
        payload: tuple[Part, ...] = ()
        if closed:
            reason = max(half.tally.opaque, key=half.tally.opaque.__getitem__)
            payload = (Part(name="payload", data=closed, opaque=reason),)
        found.append(
            Message(
                channel="tls",
                first=stream.at(first),
                last=stream.at(last - 1),
                summary=f"TLS to {discreet(host) if host else 'an unnamed host'}"
                + (f", {len(closed)} bytes closed" if closed else ", handshake only")
                + (f", {half.alert}" if half.alert else ""),
                kind=half.alert or "",
                host=host,
                parts=payload,
                complete=stream.ending is not Ending.GAP,
            )
        )
    return found
