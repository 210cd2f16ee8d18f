"""The nouns that the decoders share.

stream     the contiguous bytes of one direction of a conversation, with a map from any byte to time and packet
exchange   both directions of a conversation at one layer (TCP, or what TLS carried), as a protocol's parser sees them
side       who speaks: the client opened the conversation, the server was spoken to
message    one thing the unit sent, before addresses and numbers are put to it
tally      what became of a direction's bytes: decoded, or opaque and why
reading    what a parser makes of an exchange: messages, tallies, notes, names
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from telltale.times import SECOND, ClockMap
from telltale.transmission import Field, Part

if TYPE_CHECKING:
    from captures.decode.quic import Connections
    from captures.decode.recognise import Protocol
    from captures.decode.tls_keys import KeyLog

PAUSE = SECOND
"""Where nothing tells one message from the next, silence of this length does: ns of wall or bench time."""

WINDOW = 32 << 20
"""A body, or raw bytes on end, longer than this are handed out in windows of this size where a capture is read in
slices, and each is searched by itself."""

OVERLAP = 4096
"""Bytes of a window that the next one repeats, so that a value on the border is in one of them."""

MAX_DEPTH = 8
"""Protocols inside protocols (a tunnel in TLS in a proxy's CONNECT …) that are opened; deeper ones stay raw."""


class Side(IntEnum):
    """Who speaks."""

    CLIENT = 0
    SERVER = 1

    @property
    def other(self) -> Side:
        """The peer."""
        return Side(1 - self)


class Ending(Enum):
    """Why a stream has no more bytes."""

    CLOSED = "closed"
    """The sender said so: FIN, or a TLS close_notify."""
    RESET = "reset"
    GAP = "gap"
    """Bytes are missing from the capture here."""
    OPEN = "open"
    """The capture ended first, or the sender just fell silent."""


class Place(NamedTuple):
    """Where in the capture a byte is."""

    wall: int
    """ns."""
    packet: int


class Stream:
    """Contiguous bytes of one direction, in pieces as they were captured.

    *starts*, *walls* and *packets* give each piece's first offset (ascending, the first is 0), wall time and packet.
    """

    __slots__ = ("_packets", "_shift", "_starts", "_walls", "data", "ending")

    def __init__(
        self,
        data: bytes,
        starts: Sequence[int] = (0,),
        walls: Sequence[int] = (0,),
        packets: Sequence[int] = (0,),
        ending: Ending = Ending.OPEN,
        *,
        shift: int = 0,
    ) -> None:
        self.data = data
        self.ending = ending
        self._starts = starts
        self._walls = walls
        self._packets = packets
        self._shift = shift

    def __len__(self) -> int:
        return len(self.data)

    def map(self) -> Stream:
        """The same without the bytes: it still tells where each was captured."""
        return Stream(b"", self._starts, self._walls, self._packets, self.ending, shift=self._shift)

    def at(self, offset: int) -> Place:
        """Where the byte at *offset* was captured."""
        piece = max(bisect.bisect_right(self._starts, offset + self._shift) - 1, 0)
        return Place(self._walls[piece], self._packets[piece])

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Offset and wall time of each captured piece."""
        first = max(bisect.bisect_right(self._starts, self._shift) - 1, 0)
        for start, wall in zip(self._starts[first:], self._walls[first:], strict=True):
            yield max(start - self._shift, 0), wall

    def after(self, offset: int) -> Stream:
        """What follows *offset*."""
        return Stream(
            self.data[offset:], self._starts, self._walls, self._packets, self.ending, shift=self._shift + offset
        )

    @classmethod
    def empty(cls) -> Stream:
        """A direction in which nothing was sent."""
        return cls(b"")


@dataclass(kw_only=True, slots=True)
class Message:
    """One thing the unit sent. Fields as in `telltale.transmission.Transmission`."""

    channel: str
    first: Place
    last: Place
    summary: str
    kind: str = ""
    path: str = ""
    host: str | None = None
    status: int | None = None
    parts: tuple[Part, ...] = ()
    fields: tuple[Field, ...] = ()
    generated: int | None = None
    """UTC, ns."""
    complete: bool = True
    malformed: str | None = None


@dataclass(slots=True)
class Tally:
    """Bytes of one direction that were decoded, and those that were not, by reason."""

    decoded: int = 0
    opaque: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add *other*'s bytes to these."""
        self.decoded += other.decoded
        self.opaque.update(other.opaque)

    @property
    def total(self) -> int:
        """All bytes accounted for."""
        return self.decoded + self.opaque.total()


class NameSeen(NamedTuple):
    """A DNS answer: from *wall* on, *ip* is what the unit got when it asked for *name*."""

    wall: int
    ip: str
    name: str


@dataclass(slots=True)
class Reading:
    """What a parser made of an exchange."""

    messages: list[Message] = field(default_factory=list)
    tallies: tuple[Tally, Tally] = field(default_factory=lambda: (Tally(), Tally()))
    notes: list[str] = field(default_factory=list)
    names: list[NameSeen] = field(default_factory=list)
    consumed: tuple[int, int] | None = None
    """By side: how many bytes are done with, where the exchange is not `final`; the rest comes again. None: all."""

    def add(self, other: Reading) -> None:
        """Append *other*, of the same conversation."""
        self.messages += other.messages
        self.notes += other.notes
        self.names += other.names
        for mine, theirs in zip(self.tallies, other.tallies, strict=True):
            mine.add(theirs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """What every parser of a capture may need."""

    keylog: KeyLog
    clock: ClockMap | None
    quic: Connections
    """What is known of QUIC connections, which may go on in another conversation."""
    read: Callable[[Exchange], Reading]
    """Recognises and parses what is inside: a tunnel, an upgraded connection, what TLS carried."""

    def is_pause(self, earlier: int, later: int) -> bool:
        """Whether the sender paused between two wall times (in the world, or on the bench's clock)."""
        if later - earlier >= PAUSE:
            return True
        return self.clock is not None and self.clock.bench_at(later) - self.clock.bench_at(earlier) >= PAUSE


@dataclass(slots=True)
class Memory:
    """What one layer of a conversation remembers from slice to slice."""

    protocol: Protocol | None = None
    """What it speaks, once that was told."""
    state: Any = None
    """The parser's own."""
    inner: Memory | None = None
    """Of the layer inside, for as long as it is the same one."""

    def inside(self) -> Memory:
        """Of the layer inside."""
        if self.inner is None:
            self.inner = Memory()
        return self.inner

    def forget(self) -> None:
        """What comes next is recognised anew."""
        self.protocol = self.state = self.inner = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """Both directions of a conversation at one layer: all of it, or the next slice."""

    streams: tuple[Stream, Stream]
    """By side."""
    unit: Side
    """Which of them is the unit; its messages are wanted, the peer's only counted."""
    scene: Scene
    secure: bool = False
    """Inside TLS."""
    host: str | None = None
    """Name known from an outer layer: SNI, CONNECT target, the Host of an upgrade."""
    path: str = ""
    """URL path of the upgrade that led here."""
    extensions: str = ""
    """WebSocket extensions agreed in that upgrade."""
    expected: str = ""
    """The protocol known from outside: the upgrade's, or the one spoken before a gap."""
    resumed: bool = False
    """The bytes start in the middle of a conversation, after a gap or before the capture began."""
    depth: int = 0
    final: bool = True
    """Nothing follows. Else a parser may leave what is not whole yet, and says so in `Reading.consumed`."""
    memory: Memory = field(default_factory=Memory, compare=False)

    def over(self, side: Side) -> bool:
        """Whether nothing follows on one side; then nothing of it may be left unread."""
        return self.final or self.streams[side].ending is not Ending.OPEN


_REVEALING = re.compile(r"[^/.\s]*(?:\d[^/.\s]*){5}|[^/.\s]*@[^/\s]*|[^/.\s]{25,}")


@lru_cache(maxsize=2048)
def discreet(text: str, limit: int = 60) -> str:
    """*text* for a summary: whatever could be an identity (five digits, an @, 25 characters on end) is left out."""
    shown = _REVEALING.sub("…", text)
    shown = "".join(c if c.isprintable() else "·" for c in shown)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
