"""Packets by the thousand: where one record follows another without fault, its headers are read as columns of numbers.

Whatever is unusual (a block that is no packet, a record that is cut off or damaged) ends a batch and is left to
`captures.pcapng.records`, which reads one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from captures.pcapng import blocks
from captures.pcapng.blocks import Packet
from captures.pcapng.records import ORDERS, OUTGOING, Contents, Source, packet_flags
from telltale.times import SECOND

Numbers = npt.NDArray[np.int64]

MOST = 16 << 10
"""Packets in a batch."""
_FEW = 64
"""Packets for which columns are not worth their making."""
_LARGEST = 16 << 20
"""Bytes of a file that a batch may span."""
_LONGEST = 1 << 61
"""Times in ns above this are computed with Python's numbers."""


class Place(NamedTuple):
    """Where a batch's packets were captured; one of its `Batch.places`."""

    interface: str
    link_type: int


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Packets that follow one another in a file; the columns have one entry a packet."""

    view: memoryview = field(repr=False)
    number: int
    """Of the first packet."""
    starts: Numbers
    """Where in the view a packet's bytes begin."""
    sizes: Numbers
    """Bytes that were captured of it."""
    originals: Numbers
    """Bytes that it had on the interface."""
    walls: npt.NDArray[np.int64 | np.object_]
    """ns since 1970-01-01 UTC; Python's numbers where 64 bits do not hold what the file says."""
    place: Numbers
    """Index into `places`."""
    places: tuple[Place, ...]
    flags: Numbers
    """Bits 0 and 1 of epb_flags, pcapng 4.3.1; 0 where the file does not say."""
    lasting: bool
    """Whether views may be kept: into a mapped file, not into a buffer that would be kept with them."""

    def __len__(self) -> int:
        return len(self.starts)

    def packet(self, row: int) -> Packet:
        """One of them."""
        start, size = int(self.starts[row]), int(self.sizes[row])
        place = self.places[int(self.place[row])]
        return Packet(
            self.number + row,
            int(self.walls[row]),
            place.interface,
            place.link_type,
            self.pieces([start], [start + size])[0],
            int(self.originals[row]),
            OUTGOING.get(int(self.flags[row])),
        )

    def pieces(self, starts: Sequence[int], ends: Sequence[int]) -> list[memoryview]:
        """The bytes between places in the view."""
        found = list(map(self.view.__getitem__, map(slice, starts, ends)))
        return found if self.lasting else [memoryview(bytes(piece)) for piece in found]


def fields(view: memoryview, kind: np.dtype[np.void], places: Numbers) -> npt.NDArray[np.void]:
    """The structures of a kind that stand at *places*; one that does not fit into the view is moved to where it does.

    Read from everywhere at once: an array of overlapping structures, one byte apart, of which those wanted are taken.
    """
    last = len(view) - kind.itemsize
    if last < 0:
        return np.zeros(len(places), kind)
    everywhere: npt.NDArray[np.void] = np.ndarray((last + 1,), kind, view, strides=(1,))
    return everywhere[np.clip(places, 0, last)]


def _record(order: str) -> np.dtype[np.void]:
    return np.dtype([(name, order + "u4") for name in ("seconds", "fraction", "captured", "original")])


def _enhanced(order: str) -> np.dtype[np.void]:
    names = ("kind", "length", "interface", "high", "low", "captured", "original")
    return np.dtype([(name, order + "u4") for name in names])


def _flags(order: str) -> np.dtype[np.void]:
    return np.dtype([("code", order + "u2"), ("size", order + "u2"), ("flags", order + "u4")])


_RECORD, _ENHANCED, _FLAGS, _WORD = (
    {order: make(order) for order in "<>"}
    for make in (_record, _enhanced, _flags, lambda order: np.dtype([("word", order + "u4")]))
)


def batches_of(classic: tuple[str, int] | None, *, lasting: bool) -> Callable[[memoryview, Contents], Batch | None]:
    """How batches of a file are read.

    :param classic: byte order and ns in a unit of the time's fraction, of a classic pcap; None for pcapng
    """
    if classic is None:
        return partial(_enhanced_batch, lasting=lasting)
    order, unit = classic
    return partial(_classic_batch, order=order, unit=unit, lasting=lasting)


def _classic_batch(view: memoryview, contents: Contents, *, order: str, unit: int, lasting: bool) -> Batch | None:
    """The records from `Contents.at` on, which it moves behind them; None if too few follow."""
    captured = struct.Struct(order + "8xI").unpack_from
    at, end = contents.at, len(view)
    stop = min(end - 16, at + _LARGEST)
    starts: list[int] = []
    append = starts.append
    while at <= stop:
        after = at + 16 + captured(view, at)[0]
        if after > end or len(starts) == MOST:
            break
        append(at)
        at = after
    contents.unlikely = at
    if len(starts) < _FEW:
        return None
    places = np.array(starts, np.int64)
    head = fields(view, _RECORD[order], places)
    zeros = np.zeros(len(places), np.int64)
    made = Batch(
        view=view,
        number=contents.number,
        starts=places + 16,
        sizes=head["captured"].astype(np.int64),
        originals=head["original"].astype(np.int64),
        walls=head["seconds"].astype(np.int64) * SECOND + head["fraction"].astype(np.int64) * unit,
        place=zeros,
        places=(Place("", contents.interfaces[0].link_type),),
        flags=zeros,
        lasting=lasting,
    )
    contents.at, contents.number = at, contents.number + len(made)
    return made


def _enhanced_batch(view: memoryview, contents: Contents, *, lasting: bool) -> Batch | None:
    """The Enhanced Packet Blocks from `Contents.at` on, which it moves behind them; None if too few follow."""
    order, sources = contents.order, contents.sources
    two_words = ORDERS[order].two_words
    at, end = contents.at, len(view)
    stop = min(end - 32, at + _LARGEST)
    begun: list[int] = []
    append = begun.append
    while at <= stop:
        kind, length = two_words(view, at)
        if kind != blocks.ENHANCED_PACKET or length < 32 or length & 3 or length > end - at or len(begun) == MOST:
            break
        append(at)
        at += length
    contents.unlikely = at
    if len(begun) < _FEW:
        return None
    places = np.array(begun, np.int64)
    head = fields(view, _ENHANCED[order], places)
    lengths, captured = head["length"].astype(np.int64), head["captured"].astype(np.int64)
    again = fields(view, _WORD[order], places + lengths - 4)["word"]
    options = 28 + (captured + 3 & ~3)
    sound = (again == lengths) & (head["interface"] < len(sources)) & (options <= lengths - 4)
    count = len(places) if sound.all() else int(np.argmin(sound))
    if count < _FEW:
        return None
    flags = _direction(view, order, places[:count], options[:count], lengths[:count])
    count = len(flags)
    if count < _FEW:
        return None
    places, head, captured, lengths = places[:count], head[:count], captured[:count], lengths[:count]
    interface = head["interface"].astype(np.int64)
    made = Batch(
        view=view,
        number=contents.number,
        starts=places + 28,
        sizes=captured,
        originals=head["original"].astype(np.int64),
        walls=_walls(head, interface, sources),
        place=interface,
        places=tuple(Place(source.name, source.link_type) for source in sources),
        flags=flags,
        lasting=lasting,
    )
    contents.at, contents.number = int(places[-1] + lengths[-1]), contents.number + count
    return made


def _walls(
    head: npt.NDArray[np.void], interface: Numbers, sources: Sequence[Source]
) -> npt.NDArray[np.int64 | np.object_]:
    """Times in ns, from units of each interface's own."""
    scale = np.array([source.scale for source in sources], np.int64)
    offset = [source.offset for source in sources]
    least = _LONGEST // int(scale.max()) >> 32
    if all(source.divisor == 1 for source in sources) and int(head["high"].max()) < least and _small(offset):
        ticks = head["high"].astype(np.int64) << 32 | head["low"].astype(np.int64)
        return ticks * scale[interface] + np.array(offset, np.int64)[interface]
    walls = [
        (high << 32 | low) * sources[index].scale // sources[index].divisor + sources[index].offset
        for high, low, index in zip(head["high"].tolist(), head["low"].tolist(), interface.tolist(), strict=True)
    ]
    return np.array(walls, np.object_)


def _small(offsets: Sequence[int]) -> bool:
    return all(abs(offset) < _LONGEST for offset in offsets)


def _direction(view: memoryview, order: str, places: Numbers, options: Numbers, lengths: Numbers) -> Numbers:
    """Bits 0 and 1 of epb_flags, where a block has that option; of as many blocks as are sound."""
    room = lengths - 4 - options
    option = fields(view, _FLAGS[order], places + options)
    first = (option["code"] == blocks.EPB_FLAGS) & (option["size"] == 4)
    found = np.where(first & (room >= 8), option["flags"] & 3, 0).astype(np.int64)
    for row in np.flatnonzero(~first & (room >= 8)).tolist():  # it need not come first
        block = view[int(places[row]) : int(places[row] + lengths[row])]
        try:
            found[row] = packet_flags(block, int(options[row]), ORDERS[order]) & 3
        except struct.error:
            return found[:row]
    return found
