"""Streams of a QUIC connection (RFC 9000, section 2.2), put together in the order in which they were captured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from captures.decode.model import Ending, Place, Side, Stream


class Arrival(NamedTuple):
    """Bytes of a stream that follow on those before them."""

    stream: int
    data: bytes
    first: Place
    """Of the packet that brought them."""
    last: Place
    """Of the packet that closed the gap before them, where they had come too early."""


@dataclass(slots=True)
class HalfStream:
    """What one side sent on one stream."""

    number: int
    data: bytearray = field(default_factory=bytearray)
    starts: list[int] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    early: dict[int, tuple[bytes, Place]] = field(default_factory=dict)
    """By offset: what lies behind a gap."""
    size: int | None = None
    """Known from the frame that ends it."""
    reset: bool = False

    def add(self, offset: int, data: bytes, place: Place, *, end: bool) -> list[Arrival]:
        """Sort in a frame; what can be read now. What was there before is a retransmission, and passed over."""
        if end:
            self.size = offset + len(data)
        if data and offset + len(data) > len(self.data):
            kept = self.early.get(offset)
            if kept is None or len(kept[0]) < len(data):
                self.early[offset] = data, place
        arrived: list[Arrival] = []
        if offset > len(self.data):
            return arrived
        for at in sorted(self.early):
            if at > len(self.data):
                break
            piece, first = self.early.pop(at)
            fresh = piece[len(self.data) - at :]
            if fresh:
                self.starts.append(len(self.data))
                self.places.append(first)
                self.data += fresh
                arrived.append(Arrival(self.number, fresh, first, max(first, place)))
        return arrived

    @property
    def whole(self) -> bool:
        """Whether all of it is there, to its end."""
        return self.size is not None and len(self.data) >= self.size

    @property
    def ending(self) -> Ending:
        """Why it has no more bytes."""
        if self.whole:
            return Ending.CLOSED
        if self.early:
            return Ending.GAP
        return Ending.RESET if self.reset else Ending.OPEN

    def stream(self) -> Stream:
        """As other parsers read it."""
        return Stream(
            bytes(self.data),
            self.starts or [0],
            [place.wall for place in self.places] or [0],
            [place.packet for place in self.places] or [0],
            self.ending,
        )


@dataclass(slots=True)
class Streams:
    """All streams of a connection."""

    halves: tuple[dict[int, HalfStream], dict[int, HalfStream]] = field(default_factory=lambda: ({}, {}))
    """By side, then by number."""
    arrivals: tuple[list[Arrival], list[Arrival]] = field(default_factory=lambda: ([], []))
    """By side, in the order in which they could be read."""

    def half(self, side: Side, number: int) -> HalfStream:
        """What *side* sent on a stream."""
        half = self.halves[side].get(number)
        if half is None:
            half = self.halves[side][number] = HalfStream(number)
        return half

    def add(self, side: Side, number: int, offset: int, data: bytes, place: Place, *, end: bool) -> None:
        """Sort in a STREAM frame."""
        self.arrivals[side].extend(self.half(side, number).add(offset, data, place, end=end))


def is_bidirectional(number: int) -> bool:
    """RFC 9000 section 2.1."""
    return not number & 2
