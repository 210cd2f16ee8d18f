"""A TCP connection being read: at its end as a whole, or before it in slices, so that none has to be held in memory.

The runs of either side before its first gap are read together, each run after a gap by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from captures.decode import recognise
from captures.decode.model import Ending, Exchange, Memory, Reading, Scene, Side, Stream
from captures.decode.streams import Direction, Gap


@dataclass(slots=True, eq=False)
class Reader:
    """Reads one connection.

    Each call gives readings; what was read is dropped from the directions, if they are to go on.
    """

    directions: tuple[Direction, Direction]
    unit: Side
    scene: Scene
    gaps: tuple[list[Gap], list[Gap]] = field(default_factory=lambda: ([], []))
    """Holes in either direction, as they are met."""
    sizes: list[int] = field(default_factory=lambda: [0, 0])
    """Unique bytes of either direction that were read."""
    _memory: Memory = field(default_factory=Memory)
    _after: list[Memory | None] = field(default_factory=lambda: [None, None])
    """Of the run after a gap that a side is in."""
    _over: list[bool] = field(default_factory=lambda: [False, False])
    """Whether a side's first run has ended, in a gap."""
    _host: str | None = None

    def finish(self) -> Iterator[Reading]:
        """All that is left, at the connection's end."""
        runs: list[list[Stream]] = []
        for side in Side:
            streams, gaps = self.directions[side].runs()
            self.gaps[side].extend(gaps)
            self.sizes[side] += sum(map(len, streams))
            runs.append(streams)
        first = [Stream.empty(), Stream.empty()]
        for side in Side:
            if runs[side] and not self._over[side]:
                first[side] = runs[side].pop(0)
        if any(map(len, first)) or self._memory.protocol:
            yield self._together((first[0], first[1]), final=True)
        for side in Side:
            for run in runs[side]:
                if len(run) or self._after[side]:
                    yield self._alone(side, run, final=True)
                self._after[side] = None

    def slice(self, patience: int) -> Iterator[Reading]:
        """What can be read of it while it goes on.

        :param patience: bytes behind a hole with which it is given up; until then what was lost may be sent again
        """
        streams: list[Stream] = []
        for side in Side:
            direction = self.directions[side]
            if self._over[side]:
                streams.append(Stream(b"", ending=Ending.GAP))
                continue
            if direction.late:
                self._give_up(side)
            streams.append(direction.first())
            if direction.behind > patience:
                streams[side].ending = Ending.GAP
        if any(map(len, streams)):
            reading = self._together((streams[0], streams[1]), final=False)
            yield reading
            self._drop(reading, streams)
        for side in Side:
            yield from self._behind_gaps(side, patience)

    def _behind_gaps(self, side: Side, patience: int) -> Iterator[Reading]:
        direction = self.directions[side]
        while True:
            if direction.behind > patience and not direction.ready:
                self._over[side], self._after[side] = True, None
                self._give_up(side)
            if not self._over[side] or not direction.ready:
                return
            run = direction.first()
            if last := direction.behind <= patience:
                run.ending = Ending.OPEN
            reading = self._alone(side, run, final=not last)
            yield reading
            self._drop(reading, [run if one is side else Stream.empty() for one in Side])
            if last:
                return

    def _give_up(self, side: Side) -> None:
        gap = self.directions[side].skip()
        if gap:
            self.gaps[side].append(gap)

    def _drop(self, reading: Reading, streams: Sequence[Stream]) -> None:
        done = reading.consumed or tuple(map(len, streams))
        for side in Side:
            self.sizes[side] += done[side]
            self.directions[side].drop(done[side])

    def _together(self, streams: tuple[Stream, Stream], *, final: bool) -> Reading:
        exchange = Exchange(streams=streams, unit=self.unit, scene=self.scene, final=final, memory=self._memory)
        reading = recognise.read(exchange)
        self._host = self._host or next((message.host for message in reading.messages if message.host), None)
        return reading

    def _alone(self, side: Side, run: Stream, *, final: bool) -> Reading:
        """A run after a gap."""
        memory = self._after[side] = self._after[side] or Memory()
        streams = (run, Stream.empty()) if side is Side.CLIENT else (Stream.empty(), run)
        exchange = Exchange(
            streams=streams, unit=self.unit, scene=self.scene, final=final, memory=memory, host=self._host
        )
        return recognise.read_after_gap(exchange, self._memory.protocol or recognise.RAW)
