"""Writes to a FAT32 volume as a car does: piece by piece, the size of a file last.

Nothing is held back in memory but what a running system would hold as well: data and chain are on the stick at once,
the file's size only when it is closed. So a stick that is taken out in mid-write holds a torn file.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from rigs.fat.layout import (
    CLEAN,
    DELETED,
    END,
    ENTRY,
    MASK,
    NO_MORE,
    SECTOR,
    Entry,
    alias,
    allowed,
    boot_sector,
    entries,
    info_sector,
    long_entries,
    packed,
)
from rigs.fat.volume import Volume

_SIZE = 34 << 20
"""Bytes of a fresh volume: the least that is FAT32 with clusters of one sector; the file is sparse."""
_RESERVED = 32


def format_volume(path: Path, *, label: str = "TELLTALE") -> None:
    """A fresh, empty volume in a new file."""
    sectors = _SIZE // SECTOR
    table_sectors = -(-(sectors + 2) * 4 // SECTOR)
    name = label.upper().encode("ascii")[:11]
    boot = boot_sector(sectors, per_cluster=1, reserved=_RESERVED, table_sectors=table_sectors, label=name)
    clusters = sectors - _RESERVED - 2 * table_sectors
    table = struct.pack("<III", 0x0FFF_FFF8, END, END)
    with path.open("xb") as file:
        file.truncate(_SIZE)
        for copy in (0, 6):
            file.seek(copy * SECTOR)
            file.write(boot + info_sector(clusters - 1, 3))
        for number in range(2):
            file.seek((_RESERVED + number * table_sectors) * SECTOR)
            file.write(table)
        file.seek((_RESERVED + 2 * table_sectors) * SECTOR)
        file.write(name.ljust(11) + b"\x08" + bytes(20))


class Recording:
    """One file being written."""

    def __init__(
        self, recorder: Recorder, path: str, *, directory: int, place: int, short: bytes, created: int
    ) -> None:
        self._recorder = recorder
        self._directory = directory
        self._place = place
        self._short = short
        self._created = created
        self.path = path
        """On the stick, as it could be written there."""
        self.first = 0
        self.size = 0
        self._last = 0

    def append(self, data: bytes, moment: int) -> None:
        """Write more bytes. :raises OSError: the stick is full or gone"""
        recorder, cluster = self._recorder, self._recorder.geometry.cluster
        left = -self.size % cluster
        if left and data:
            recorder.put(recorder.geometry.offset(self._last) + cluster - left, data[:left])
        for start in range(left, len(data), cluster):
            new = recorder.allocate()
            recorder.put(recorder.geometry.offset(new), data[start : start + cluster].ljust(cluster, b"\0"))
            if self._last:
                recorder.link(self._last, new)
            else:
                self.first = new
                self._enter(0, moment)
            self._last = new
        self.size += len(data)

    def close(self, moment: int) -> None:
        """Write its size, which makes it whole."""
        self._enter(self.size, moment)

    def _enter(self, size: int, moment: int) -> None:
        entry = packed(self._short, directory=False, first=self.first, size=size, created=self._created, changed=moment)
        self._recorder.put(self._recorder.slot(self._directory, self._place), entry)


class Recorder:
    """A volume that is mounted for writing, from the first `begin` on marked as in use until `close`.

    :param stream: opened for reading and writing, unbuffered; it stays the caller's
    :raises FatError: it holds no FAT32
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._volume = Volume(stream)
        self.geometry = self._volume.geometry
        self._next = 2
        self._count = 0

    def begin(self, path: str, moment: int) -> Recording:
        """A new, empty file; directories are made, and a file of that name makes way.

        :raises OSError: the stick is full or gone
        """
        self._mark(clean=False)
        *above, name = [allowed(piece) for piece in path.strip("/").split("/")]
        directory = self.geometry.root
        for piece in above:
            known = self._named(directory, piece)
            directory = known.first if known and known.directory else self._make_directory(directory, piece, moment)
        self._drop(directory, name)
        short, place = self._enter(directory, name, moment, first=0, is_directory=False)
        whole = "/" + "/".join([*above, name])
        return Recording(self, whole, directory=directory, place=place, short=short, created=moment)

    def delete(self, path: str) -> bool:
        """Give a file's clusters back; its bytes stay where they are. False if there is no such file."""
        *above, name = path.strip("/").split("/")
        directory = self.geometry.root
        for piece in above:
            known = self._named(directory, piece)
            if known is None or not known.directory:
                return False
            directory = known.first
        return self._drop(directory, name)

    def close(self) -> None:
        """Write the number of free clusters, and mark the volume as sound."""
        used = self._volume.table[2 : self.geometry.clusters + 2]
        self.put(self.geometry.info, info_sector(sum(1 for entry in used if not entry & MASK), self._next))
        self._mark(clean=True)

    def put(self, offset: int, data: bytes) -> None:
        """Write bytes at an offset of the volume."""
        self._stream.seek(self._volume.start + offset)
        self._stream.write(data)

    def allocate(self) -> int:
        """A free cluster, now the end of a chain. :raises OSError: the stick is full"""
        table, count = self._volume.table, self.geometry.clusters
        for step in range(count):
            cluster = 2 + (self._next - 2 + step) % count
            if not table[cluster] & MASK:
                self._next = 2 + (cluster - 1) % count
                self.link(cluster, END)
                return cluster
        raise OSError("the USB stick is full")

    def link(self, cluster: int, following: int) -> None:
        """Set a table entry, in every copy of the table."""
        self._volume.table[cluster] = following
        for copy in range(self.geometry.tables):
            place = self.geometry.table + copy * self.geometry.table_size + cluster * 4
            self.put(place, struct.pack("<I", following))

    def slot(self, directory: int, place: int) -> int:
        """Byte offset of an entry of a directory."""
        per = self.geometry.cluster // ENTRY
        return self.geometry.offset(self._volume.chain(directory)[place // per]) + place % per * ENTRY

    def _named(self, directory: int, name: str) -> Entry | None:
        found = entries(self._volume.directory(directory))
        return next((entry for entry in found if entry.name.casefold() == name.casefold()), None)

    def _drop(self, directory: int, name: str) -> bool:
        known = self._named(directory, name)
        if known is None or known.directory:
            return False
        data = self._volume.directory(directory)
        place = known.at
        while True:  # the entry, and those with its long name that stand before it
            self.put(self.slot(directory, place), bytes([DELETED]))
            place -= 1
            if place < 0 or data[place * ENTRY + 11] & 0x3F != 0x0F or data[place * ENTRY] == DELETED:
                break
        for cluster in self._volume.chain(known.first):
            self.link(cluster, 0)
        return True

    def _make_directory(self, above: int, name: str, moment: int) -> int:
        first = self._fresh()
        own = packed(b".".ljust(11), directory=True, first=first, size=0, created=moment, changed=moment)
        parent = 0 if above == self.geometry.root else above
        up = packed(b"..".ljust(11), directory=True, first=parent, size=0, created=moment, changed=moment)
        self.put(self.geometry.offset(first), own + up)
        self._enter(above, name, moment, first=first, is_directory=True)
        return first

    def _fresh(self) -> int:
        cluster = self.allocate()
        self.put(self.geometry.offset(cluster), bytes(self.geometry.cluster))
        return cluster

    def _enter(self, directory: int, name: str, moment: int, *, first: int, is_directory: bool) -> tuple[bytes, int]:
        """Add an entry; returns its short name and place."""
        data = self._volume.directory(directory)
        taken = {data[start : start + 8] for start in range(0, len(data), ENTRY)}
        self._count += 1
        while (short := alias(self._count, name))[:8] in taken:
            self._count += 1
        entry = packed(short, directory=is_directory, first=first, size=0, created=moment, changed=moment)
        raw = long_entries(name, short) + entry
        places = range(len(data) // ENTRY)
        start = next((place for place in places if data[place * ENTRY] == NO_MORE), len(places))
        last = start + len(raw) // ENTRY - 1
        while last >= len(self._volume.chain(directory)) * self.geometry.cluster // ENTRY:
            self.link(self._volume.chain(directory)[-1], self._fresh())
        for index in range(len(raw) // ENTRY):
            self.put(self.slot(directory, start + index), raw[index * ENTRY : (index + 1) * ENTRY])
        return short, last

    def _mark(self, *, clean: bool) -> None:
        entry = self._volume.table[1]
        self.link(1, entry | CLEAN if clean else entry & ~CLEAN)
