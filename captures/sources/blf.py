"""BLF (Vector's binary log): its objects are found here, and read by python-can; a damaged one costs no other one.

A log is a head and a chain of objects, each with its size and kind; most are containers, whose contents, unpacked and
put end to end, are such a chain again. Where the chain is broken the next object is looked for, by its first four
bytes. python-can's reader ends with the first object that it cannot read, and takes a log that was cut off for a whole
one; so it gets them a batch at a time.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import can
from can.io import BLFReader
from can.io.blf import BLFParseError

from captures.sources.damage import Damage

EXPECTED = "an object of a Vector log, which begins with `LOBJ` and its size"
_UNREADABLE = (BLFParseError, can.CanError, IndexError, KeyError, OverflowError, TypeError, ValueError, struct.error)
_MARK = b"LOBJ"
_HEAD = struct.Struct("<4sLBBBBBBBBQQLL8H8H")
_HEAD_SIZE = 144
_OBJECT = struct.Struct("<4sHHLL")
"""Mark, size of the head, version of the head, size, kind."""
_CONTAINER = struct.Struct("<H6xL4x")
"""How it is packed, size unpacked."""
_CONTAINER_KIND, _PLAIN, _DEFLATED = 10, 0, 2
_CONTAINED = _OBJECT.size + _CONTAINER.size
"""Where in a container its contents begin."""
_FRAMES = (1, 73, 86, 100, 101)
"""Kinds of objects that bring a frame each: CAN, error, CAN, CAN FD, CAN FD."""
_LARGEST = 1 << 26
"""Bytes of one object, unpacked, that are believed; containers have 128 KiB."""
_GAP = 8
"""Bytes of padding between objects at most."""
_STEP = 1 << 16


class _Found(NamedTuple):
    kind: int
    data: bytes
    """With its head."""


class _Chain:
    """Objects of one chain, as its bytes come in."""

    def __init__(self, damage: Damage) -> None:
        self._damage = damage
        self._pending = bytearray()
        self._lost = False

    def feed(self, data: bytes, place: int, *, last: bool = False) -> Iterator[_Found]:
        """The objects that are whole by now.

        :param place: byte of the log to blame for what is wrong
        :param last: nothing follows
        """
        self._pending += data
        start, size = 0, len(self._pending)
        while True:
            at = self._pending.find(_MARK, start, None if self._lost else start + _GAP + len(_MARK))
            if at < 0:
                # what is left is padding, or the beginning of a mark; or the chain is broken
                if not self._lost and size - start >= _GAP + len(_MARK):
                    self._break(place, "the next object is not where the one before ends")
                    continue
                start = max(start, size - len(_MARK) + 1) if self._lost else start
                break
            if size - at < _OBJECT.size:
                start = at
                break
            _, head, _, length, kind = _OBJECT.unpack_from(self._pending, at)
            end = at + length
            if not _OBJECT.size <= head <= length <= _LARGEST:
                self._break(place, f"an object says that it has {length:,} bytes")
            elif end > size and not last:
                start = at
                break
            elif end > size or not self._followed(end, last=last):
                self._break(place, "an object is cut off, or its size is wrong")
                if kind == _CONTAINER_KIND and not self._pending.startswith(_MARK, at + _CONTAINED):
                    yield _Found(kind, bytes(self._pending[at:end]))  # what is packed tells its own end
            else:
                self._lost = False
                yield _Found(kind, bytes(self._pending[at:end]))
                start = end
                continue
            start = at + 1
        del self._pending[:start]
        if last and len(self._pending) >= _GAP:
            self._damage.add(place, "the log ends in the midst of an object")

    def _followed(self, end: int, *, last: bool) -> bool:
        """Whether an object that ends at *end* is followed by another one, or may be."""
        rest = self._pending[end : end + _GAP + len(_MARK)]
        return _MARK in rest or (len(rest) < _GAP + len(_MARK) and (not last or len(rest) < _GAP))

    def _break(self, place: int, why: str) -> None:
        if not self._lost:
            self._damage.add(place, why)
        self._lost = True


def read_blf(raw: BinaryIO, damage: Damage) -> Iterator[tuple[int, can.Message]]:
    """Every frame of a log with the byte up to which it was read by then; what cannot be read goes into *damage*."""
    head = raw.read(_HEAD_SIZE)
    if len(head) < _HEAD.size:
        damage.add(len(head), "the log's head is cut off")
        return
    promised = _HEAD.unpack_from(head)[10]
    outer, inner, place = _Chain(damage), _Chain(damage), len(head)
    while True:
        data = raw.read(_STEP)
        batch: list[_Found] = []
        for found in outer.feed(data, place, last=not data):
            if found.kind == _CONTAINER_KIND:
                batch += inner.feed(_unpacked(found.data, place, damage), place)
            else:
                batch.append(found)
        if not data:
            batch += inner.feed(b"", place, last=True)
        for message in _frames(head, batch, place, damage):
            yield place, message
        if not data:
            break
        place += len(data)
    if place < promised:
        damage.add(place, f"the log is cut off: its head tells of {promised:,} bytes")


def _unpacked(container: bytes, place: int, damage: Damage) -> bytes:
    """What a container holds, as far as it can be had."""
    if len(container) < _CONTAINED:
        damage.add(place, "a container is cut off")
        return b""
    packed, _ = _CONTAINER.unpack_from(container, _OBJECT.size)
    data = container[_CONTAINED:]
    if packed == _PLAIN:
        return data
    if packed != _DEFLATED:
        damage.add(place, f"a container is packed in an unknown way, {packed}")
        return b""
    inflater, out = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(data), _STEP >> 4):  # in pieces, so that what comes before an error is kept
            out += inflater.decompress(data[start : start + (_STEP >> 4)], _LARGEST - len(out))
    except (zlib.error, ValueError) as error:
        damage.add(place, error)
    else:
        if not inflater.eof:
            damage.add(place, "a container ends too early")
    return bytes(out)


def _frames(head: bytes, batch: list[_Found], place: int, damage: Damage) -> Iterator[can.Message]:
    """The frames of some objects; one by one, if together they do not bring a frame each."""
    wanted = [found.data for found in batch if found.kind in _FRAMES]
    messages = _read(head, wanted)
    if len(messages) != len(wanted):
        messages = []
        for data in wanted:
            one = _read(head, [data])
            messages += one
            if not one:
                damage.add(place, "an object holds no frame that makes sense")
    yield from messages


def _read(head: bytes, objects: list[bytes]) -> list[can.Message]:
    """What python-can makes of *objects*, as far as it gets."""
    data = b"".join(one + bytes(-len(one) % 4) for one in objects)
    container = _OBJECT.pack(_MARK, 16, 1, _CONTAINED + len(data), _CONTAINER_KIND)
    # the log's own head for the time at which it began; but its size may be wrong, and is known
    file = io.BytesIO(head[:4] + _HEAD_SIZE.to_bytes(4, "little") + head[8:].ljust(_HEAD_SIZE - 8, b"\0"))
    file.seek(0, io.SEEK_END)
    file.write(container + _CONTAINER.pack(_PLAIN, len(data)) + data)
    file.seek(0)
    messages: list[can.Message] = []
    try:
        messages.extend(BLFReader(file))
    except _UNREADABLE:
        return messages  # fewer than there are objects, so each is tried by itself
    return messages
