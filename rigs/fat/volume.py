"""What is on a FAT32 volume, sound or not; nothing on it is believed further than it can be checked."""

from __future__ import annotations

import array
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from rigs.fat.layout import BAD, CLEAN, ENTRY, LAST, MASK, SECTOR, Entry, FatError, Geometry, entries

DEEPEST = 16
"""Directories inside directories that are opened."""
MOST_ENTRIES = 65_536
"""Of one directory (the specification's own limit is 2 MB of entries)."""
LARGEST = 256 << 20
"""Bytes of a file that are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file, or a chain that no file owns."""

    path: str
    """From the root, ``/sentry/1.mp4``."""
    entry: Entry
    """What its directory says; size and times of a lost chain are not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A file's bytes."""

    data: bytes
    torn: str | None = None
    """Why they are not all there is, or not to be trusted; None for a sound file."""


class Volume:
    """Reads from *stream*, which stays the caller's.

    :raises FatError: it holds no FAT32
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.start = self._find()
        self.geometry = Geometry.parse(self._bytes(0, SECTOR))
        if self.start + self.geometry.table + self.geometry.table_size > stream.seek(0, io.SEEK_END):
            raise FatError("is cut off inside its table")
        raw = self._bytes(self.geometry.table, self.geometry.table_size)
        self.table = array.array("I")
        self.table.frombytes(raw[: len(raw) // 4 * 4])
        if sys.byteorder == "big":
            self.table.byteswap()
        self.notes: list[str] = []
        """What is wrong with it, for people."""
        self._owned: set[int] = set()

    @property
    def clean(self) -> bool:
        """Whether it was taken out in order."""
        return bool(self.table[1] & CLEAN)

    def files(self) -> Iterator[File]:
        """Every file, by directory; then every chain that no file owns, named by its first cluster."""
        self._owned.clear()
        yield from self._walk("", self.geometry.root, 0)
        yield from self._lost()

    def read(self, file: File) -> Content:
        """The file's bytes, and those beyond its size if its chain is longer: they were being written."""
        size, chain, broken = file.entry.size, *self._chain(file.entry.first)
        held = len(chain) * self.geometry.cluster
        data = self._gather(chain[: -(-LARGEST // self.geometry.cluster)])
        if broken:
            return Content(data=data, torn=broken)
        if held > LARGEST:
            return Content(data=data[:LARGEST], torn=f"only the first {LARGEST >> 20} MB are read")
        if len(data) < held:
            return Content(data=data, torn="the volume ends before it does")
        if held < size:
            return Content(data=data, torn=f"{size:,} bytes long by its directory, {held:,} by its chain")
        if held - size >= self.geometry.cluster:
            return Content(data=data, torn="it was being written when the stick was taken out")
        return Content(data=data[:size])

    def directory(self, first: int) -> bytes:
        """The bytes of a directory."""
        chain, _ = self._chain(first)
        return self._gather(chain[: -(-MOST_ENTRIES * ENTRY // self.geometry.cluster)])

    def chain(self, first: int) -> list[int]:
        """The clusters of a file or directory, as far as the table makes sense."""
        return self._chain(first)[0]

    def _walk(self, above: str, first: int, depth: int) -> Iterator[File]:
        chain, broken = self._chain(first)
        if not self._owned.isdisjoint(chain):
            self.notes.append(f"the directory {above or '/'} is entered twice")
            return
        self._owned.update(chain)
        if broken:
            self.notes.append(f"the directory {above or '/'} is damaged: {broken}")
        for entry in entries(self.directory(first)):
            path = f"{above}/{entry.name}"
            if not entry.directory:
                self._owned.update(self._chain(entry.first)[0])
                yield File(path=path, entry=entry)
            elif depth >= DEEPEST:
                self.notes.append(f"the directory {path} is deeper than {DEEPEST} levels")
            else:
                yield from self._walk(path, entry.first, depth + 1)

    def _lost(self) -> Iterator[File]:
        following = {entry & MASK for entry in self.table[2 : self.geometry.clusters + 2]}
        for cluster in range(2, self.geometry.clusters + 2):
            used = self.table[cluster] & MASK
            if used in (0, BAD) or cluster in self._owned or cluster in following:
                continue
            self._owned.update(self._chain(cluster)[0])
            name = f"lost chain {cluster}"
            entry = Entry(name=name, directory=False, first=cluster, size=0, created=None, changed=None)
            yield File(path=f"/{name}", entry=entry)

    def _chain(self, first: int) -> tuple[list[int], str | None]:
        """Its clusters, and what is wrong with it."""
        chain: dict[int, None] = {}
        cluster = first
        while cluster and cluster < LAST:
            if not self.geometry.is_valid(cluster):
                return list(chain), "its chain leads out of the volume"
            if cluster in chain:
                return list(chain), "its chain runs in a circle"
            chain[cluster] = None
            cluster = self.table[cluster] & MASK
            if cluster == 0:
                return list(chain), "its chain has no end"
        return list(chain), None

    def _gather(self, chain: list[int]) -> bytes:
        return b"".join(self._bytes(self.geometry.offset(cluster), self.geometry.cluster) for cluster in chain)

    def _bytes(self, offset: int, count: int) -> bytes:
        self._stream.seek(self.start + offset)
        return self._stream.read(count)

    def _find(self) -> int:
        """Byte offset of the file system: 0, or that of the first FAT32 partition (MBR, types 0x0B and 0x0C)."""
        self._stream.seek(0)
        first = self._stream.read(SECTOR)
        if first[510:512] == b"\x55\xaa" and first[82:90] != b"FAT32   ":
            for place in range(446, 510, 16):
                if first[place + 4] in (0x0B, 0x0C):
                    return int.from_bytes(first[place + 8 : place + 12], "little") * SECTOR
        return 0
