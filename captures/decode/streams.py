"""TCP reassembly (RFC 9293): from segments in the order captured to contiguous runs of bytes, with what is missing.

Bytes form *islands* in the sequence space. A segment that continues the current island costs one comparison and one
append; whatever else (out of order, repeated, overlapping, wrapped) goes the slow way. The first copy of a byte wins.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from captures.decode.model import Ending, Stream

_MASK = 0xFFFF_FFFF
_HALF = 0x8000_0000
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Run(NamedTuple):
    """Segments with data, each beginning where the one before it ends."""

    sequence: int
    """Of the first."""
    payloads: list[memoryview]
    walls: list[int]
    packets: list[int]


class Group(NamedTuple):
    """What one end of a connection sent to the other in a stretch of a capture."""

    row: int
    """Of its first packet in the batch."""
    packet: int
    """Number of the latest."""
    wall: int
    """Of the latest."""
    size: int
    """Bytes of payload."""
    acknowledged: int | None
    """By the latest packet that says so."""
    runs: list[Run]


class Gap(NamedTuple):
    """Bytes that were sent and are not in the capture."""

    offset: int
    """From the start of the direction's stream (of its first captured byte, if its SYN was not captured)."""
    length: int


@dataclass(slots=True, eq=False)
class _Island:
    start: int
    end: int
    views: list[memoryview] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    walls: list[int] = field(default_factory=list)
    packets: list[int] = field(default_factory=list)

    def append(self, view: memoryview, wall: int, packet: int) -> None:
        self.views.append(view)
        self.starts.append(self.end)
        self.walls.append(wall)
        self.packets.append(packet)
        self.end += len(view)

    def absorb(self, right: _Island) -> None:
        """Take over the island that begins where this one ends."""
        self.views += right.views
        self.starts += right.starts
        self.walls += right.walls
        self.packets += right.packets
        self.end = right.end


class Direction:
    """One direction of a TCP connection, fed segment by segment."""

    __slots__ = (
        "_base",
        "_current",
        "_floor",
        "_islands",
        "_next",
        "acknowledged",
        "captured",
        "finished",
        "reset",
        "retransmitted",
        "syn",
    )

    def __init__(self) -> None:
        self.syn: int | None = None
        """Sequence number of the SYN, once seen."""
        self.finished: int | None = None
        """Sequence number of the FIN, once seen."""
        self.reset = False
        self.acknowledged: int | None = None
        """The peer's latest acknowledgement number."""
        self.captured = 0
        """Payload bytes of all captured segments."""
        self.retransmitted = 0
        """Those among them that had been captured before."""
        self._base: int | None = None
        self._floor = 0
        """Offset before which all was handed out, or given up."""
        self._next = -1
        self._islands: list[_Island] = []
        self._current: _Island | None = None

    @property
    def untouched(self) -> bool:
        """Whether nothing was sent in this direction yet."""
        return self._base is None

    def open(self, sequence: int) -> None:
        """A SYN: the first byte has the next sequence number."""
        self.syn = sequence
        self._base = (sequence + 1) & _MASK

    def add(self, sequence: int, payload: memoryview, wall: int, packet: int) -> None:
        """A segment with data."""
        size = len(payload)
        self.captured += size
        if sequence == self._next:
            island = self._current
            if island is not None and (island is self._islands[-1] or self._room(island, size)):
                island.views.append(payload)
                island.starts.append(island.end)
                island.walls.append(wall)
                island.packets.append(packet)
                island.end += size
                self._next = (sequence + size) & _MASK
                return
        self._insert(self._offset(sequence), payload, wall, packet)

    def extend(self, run: Run) -> None:
        """Segments that follow one another."""
        sequence, payloads, walls, packets = run
        self.add(sequence, payloads[0], walls[0], packets[0])
        sequence = (sequence + len(payloads[0])) & _MASK
        sizes = list(map(len, payloads[1:]))
        total, island = sum(sizes), self._current
        if sequence == self._next and island and (island is self._islands[-1] or self._room(island, total)):
            self.captured += total
            island.views += payloads[1:]
            island.starts += accumulate(sizes, initial=island.end)
            island.end = island.starts.pop()
            island.walls += walls[1:]
            island.packets += packets[1:]
            self._next = (sequence + total) & _MASK
            return
        for payload, wall, packet in zip(payloads[1:], walls[1:], packets[1:], strict=True):
            self.add(sequence, payload, wall, packet)
            sequence = (sequence + len(payload)) & _MASK

    def _room(self, island: _Island, size: int) -> bool:
        after = self._islands[self._islands.index(island) + 1]
        return island.end + size < after.start

    def _offset(self, sequence: int) -> int:
        """Offset of *sequence* in the stream: the one nearest to where the stream is now (RFC 9293 section 3.4)."""
        if self._base is None:
            self._base = sequence
        reference = self._current.end if self._current else self._floor
        return reference + ((sequence - self._base - reference + _HALF) & _MASK) - _HALF

    def _insert(self, offset: int, payload: memoryview, wall: int, packet: int) -> None:
        """Put the bytes not seen before where they belong, and join islands that now touch."""
        position, end = offset, offset + len(payload)
        if self._floor > 0 and position < self._floor:
            stop = min(end, self._floor)
            self.retransmitted += stop - position
            position = stop
        islands = self._islands
        index = max(bisect.bisect_right(islands, offset, key=lambda island: island.start) - 1, 0)
        while position < end:
            while index < len(islands) and islands[index].end <= position:
                if islands[index].end == position:
                    break
                index += 1
            island = islands[index] if index < len(islands) else None
            if island is not None and island.start <= position < island.end:
                stop = min(island.end, end)
                self.retransmitted += stop - position
                position = stop
                continue
            touching = island is not None and island.end == position
            after = index + 1 if touching else index
            stop = min(end, islands[after].start) if after < len(islands) else end
            if stop > position:
                if not touching:
                    island = _Island(position, position)
                    islands.insert(index, island)
                assert island is not None
                island.append(payload[position - offset : stop - offset], wall, packet)
                self._current = island
                position = stop
            else:
                index += 1
            if island is not None and index + 1 < len(islands) and islands[index + 1].start == island.end:
                island.absorb(islands.pop(index + 1))
        if self._current is not None and self._base is not None:
            self._next = (self._base + self._current.end) & _MASK

    def runs(self) -> tuple[list[Stream], list[Gap]]:
        """The contiguous runs of what was not dropped, and the holes between, before and after them."""
        streams: list[Stream] = []
        gaps: list[Gap] = []
        expected = self._expected()
        for island in self._islands:
            if expected is not None and island.start > expected:
                gaps.append(Gap(expected, island.start - expected))
            streams.append(_stream(island))
            expected = island.end
        missing = self._missing_tail(expected)
        if missing and expected is not None:
            gaps.append(Gap(expected, missing))
        if streams:
            streams[-1].ending = (
                Ending.GAP
                if missing
                else Ending.CLOSED
                if self.finished is not None
                else Ending.RESET
                if self.reset
                else Ending.OPEN
            )
        return streams, gaps

    def _expected(self) -> int | None:
        """Offset of the first byte that was not dropped; None if nothing says where the stream began."""
        return self._floor if self._floor or self.syn is not None else None

    @property
    def ready(self) -> bool:
        """Whether the first run holds anything."""
        return bool(self._islands and self._islands[0].views)

    @property
    def behind(self) -> int:
        """Bytes captured behind a hole that follows the first run; 0 if there is none."""
        return sum(island.end - island.start for island in self._islands[1:])

    @property
    def late(self) -> bool:
        """Whether bytes are missing before it."""
        expected = self._expected()
        return expected is not None and bool(self._islands) and self._islands[0].start > expected

    def first(self) -> Stream:
        """The first run of what was not dropped; its ending is `Ending.OPEN`, as more may come."""
        if not self._islands:
            return Stream.empty()
        return _stream(self._islands[0], Ending.OPEN)

    def drop(self, size: int) -> None:
        """Forget the first *size* bytes of the first run; should they be sent again, they are retransmitted."""
        if not size:
            return
        island = self._islands[0]
        end = island.start + size
        kept = bisect.bisect_right(island.starts, end) - 1
        if island.end == end:
            kept = len(island.views)
        for column in (island.views, island.starts, island.walls, island.packets):
            del column[:kept]
        if island.starts and island.starts[0] < end:
            island.views[0] = island.views[0][end - island.starts[0] :]
            island.starts[0] = end
        island.start = self._floor = end

    def skip(self) -> Gap | None:
        """Give up what is missing before the next run, and forget the first one, which is empty; the hole, if any."""
        before = self._expected()
        if self._islands and not self._islands[0].views:
            gone = self._islands.pop(0)
            if self._current is gone:
                self._current = self._islands[-1] if self._islands else None
        if not self._islands:
            return None
        start = self._islands[0].start
        self._floor = start
        return Gap(before, start - before) if before is not None and start > before else None

    def _missing_tail(self, end: int | None) -> int:
        """Bytes after the last captured one that the peer acknowledged, or that the FIN's number tells of."""
        if end is None or self._base is None:
            return 0
        told = 0
        if self.finished is not None:
            told = ((self.finished - self._base - end + _HALF) & _MASK) - _HALF
        elif self.acknowledged is not None:
            told = ((self.acknowledged - self._base - end + _HALF) & _MASK) - _HALF
        return max(told, 0)


def _stream(island: _Island, ending: Ending = Ending.GAP) -> Stream:
    """The island's bytes; the columns are copies, as the island may go on."""
    data = island.views[0].tobytes() if len(island.views) == 1 else b"".join(island.views)
    starts = [start - island.start for start in island.starts]
    return Stream(data, starts or (0,), island.walls[:] or (0,), island.packets[:] or (0,), ending)
