"""The structures of FAT32 on disk: boot sector, directory entries, names, times. Sections are of the specification."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telltale.times import SECOND

SECTOR = 512
"""Bytes of a sector of a volume that we make; others are read as well."""
ENTRY = 32
"""Bytes of a directory entry."""
END = 0x0FFF_FFFF
"""Table entry of a chain's last cluster; anything from `LAST` on means the same."""
LAST = 0x0FFF_FFF8
BAD = 0x0FFF_FFF7
MASK = 0x0FFF_FFFF
"""The upper four bits of a table entry are reserved."""
CLEAN = 0x0800_0000
"""In the table's second entry: the volume was taken out in order (ClnShutBitMask)."""
FEWEST_CLUSTERS = 65_525
"""A volume with fewer is FAT16, whatever else it says."""
DIRECTORY, VOLUME_LABEL, LONG_NAME = 0x10, 0x08, 0x0F
DELETED, NO_MORE = 0xE5, 0x00
TICK = SECOND // 100
"""Resolution of the time of creation, ns; that of the last change is two seconds."""
_BOOT = struct.Struct("<3s8sHBHBHHBHHHIIIHHIHH12xBBBI11s8s")
_SHORT = struct.Struct("<11sBBBHHHHHHHI")
_FORBIDDEN = '"*/:<>?\\|'
_EPOCH = 1980


class FatError(ValueError):
    """The volume is no FAT32, or so damaged that nothing can be found on it; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Geometry:
    """Where things are on a volume, from its boot sector (FAT32 BPB)."""

    sector: int
    """Bytes."""
    cluster: int
    """Bytes."""
    table: int
    """Byte offset of the first table."""
    table_size: int
    """Bytes of one table."""
    tables: int
    data: int
    """Byte offset of cluster 2, the first."""
    clusters: int
    root: int
    """First cluster of the root directory."""
    info: int
    """Byte offset of the FSInfo sector."""

    def offset(self, cluster: int) -> int:
        """Byte offset of a cluster."""
        return self.data + (cluster - 2) * self.cluster

    def is_valid(self, cluster: int) -> bool:
        """Whether there is such a cluster."""
        return 2 <= cluster < self.clusters + 2

    @classmethod
    def parse(cls, boot: bytes) -> Geometry:
        """From the volume's first sector. :raises FatError: it is none of FAT32"""
        if len(boot) < SECTOR or boot[510:512] != b"\x55\xaa":
            raise FatError("has no boot sector")
        (
            _, _, sector, per_cluster, reserved, tables, root_entries, small, _, small_table,
            _, _, _, total, table_sectors, _, _, root, info, _, *_,
        ) = _BOOT.unpack_from(boot)  # fmt: skip
        if sector not in (512, 1024, 2048, 4096) or per_cluster not in (1, 2, 4, 8, 16, 32, 64, 128):
            raise FatError("has a boot sector that makes no sense")
        if root_entries or small_table or not table_sectors or not tables:
            raise FatError("is not FAT32 (FAT12, FAT16 or exFAT?)")
        first = reserved + tables * table_sectors
        clusters = ((total or small) - first) // per_cluster
        if clusters < 1 or clusters + 2 > table_sectors * sector // 4 or not 2 <= root < clusters + 2:
            raise FatError("has a boot sector that contradicts itself")
        return cls(
            sector=sector,
            cluster=sector * per_cluster,
            table=reserved * sector,
            table_size=table_sectors * sector,
            tables=tables,
            data=first * sector,
            clusters=clusters,
            root=root,
            info=info * sector,
        )


def boot_sector(sectors: int, *, per_cluster: int, reserved: int, table_sectors: int, label: bytes) -> bytes:
    """The first sector of a volume with two tables, root at cluster 2, FSInfo at 1 and a copy of itself at 6."""
    head = _BOOT.pack(
        b"\xeb\x58\x90", b"TELLTALE", SECTOR, per_cluster, reserved, 2, 0, 0, 0xF8, 0, 32, 64, 0,
        sectors, table_sectors, 0, 0, 2, 1, 6, 0x80, 0, 0x29, 0x7E117A1E, label.ljust(11), b"FAT32   ",
    )  # fmt: skip
    return head.ljust(510, b"\0") + b"\x55\xaa"


def info_sector(free: int, following: int) -> bytes:
    """FSInfo: clusters that are free, and where to look for the next."""
    body = b"RRaA".ljust(484, b"\0") + b"rrAa" + struct.pack("<II", free, following)
    return body.ljust(508, b"\0") + b"\0\0\x55\xaa"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file or directory, as its directory says."""

    name: str
    directory: bool
    first: int
    """First cluster; 0 for none."""
    size: int
    created: int | None
    """ns since 1970 in the time that the stick's writer keeps; rounded down to `TICK`. None if it says none."""
    changed: int | None
    """The same, rounded down to two seconds."""
    at: int = 0
    """Index of its short entry in the directory's bytes, in entries."""


def entries(data: bytes) -> Iterator[Entry]:
    """Every file and directory in a directory's bytes; deleted ones and the label are left out."""
    long: dict[int, str] = {}
    for index in range(len(data) // ENTRY):
        raw = data[index * ENTRY : (index + 1) * ENTRY]
        if raw[0] == NO_MORE:
            return
        if raw[0] == DELETED:
            long.clear()
        elif raw[11] & 0x3F == LONG_NAME:
            long[raw[0] & 0x3F] = (raw[1:11] + raw[14:26] + raw[28:32]).decode("utf-16-le", "replace")
        else:
            name, attributes, _, tenths, ctime, cdate, _, high, wtime, wdate, low, size = _SHORT.unpack(raw)
            spoken = "".join(long[number] for number in sorted(long)).split("\0", 1)[0]
            long.clear()
            if attributes & VOLUME_LABEL or name[:2] in (b". ", b".."):
                continue
            yield Entry(
                name=spoken or _short_name(name),
                directory=bool(attributes & DIRECTORY),
                first=(high << 16 | low) & MASK,
                size=size,
                created=_moment(cdate, ctime, tenths),
                changed=_moment(wdate, wtime, 0),
                at=index,
            )


def _short_name(raw: bytes) -> str:
    raw = b"\xe5" + raw[1:] if raw[0] == 0x05 else raw  # 6.1: a Kanji lead byte that would read as deleted
    stem, extension = raw[:8].decode("cp437").rstrip(), raw[8:].decode("cp437").rstrip()
    return f"{stem}.{extension}" if extension else stem


def packed(short: bytes, *, directory: bool, first: int, size: int, created: int, changed: int) -> bytes:
    """A short entry."""
    cdate, ctime, tenths = _stamp(created)
    wdate, wtime, _ = _stamp(changed)
    kind = DIRECTORY if directory else 0x20
    return _SHORT.pack(short, kind, 0, tenths, ctime, cdate, wdate, first >> 16, wtime, wdate, first & 0xFFFF, size)


def long_entries(name: str, short: bytes) -> bytes:
    """The entries that hold *name* in full, the last part first (section 7)."""
    units = name.encode("utf-16-le")
    pieces = [units[start : start + 26] for start in range(0, len(units), 26)]
    if len(pieces[-1]) < 26:
        pieces[-1] = (pieces[-1] + b"\0\0").ljust(26, b"\xff")
    check = 0
    for byte in short:
        check = ((check & 1) << 7 | check >> 1) + byte & 0xFF
    out = b""
    for number, piece in reversed(list(enumerate(pieces, 1))):
        order = number | (0x40 if number == len(pieces) else 0)
        head = bytes([order]) + piece[:10] + bytes([LONG_NAME, 0, check])
        out += head + piece[10:22] + b"\0\0" + piece[22:26]
    return out


def alias(number: int, name: str) -> bytes:
    """A short name that no other entry has, as *number* is not used twice: ``R0000001`` and the extension."""
    extension = name.rpartition(".")[2] if "." in name else ""
    plain = "".join(c for c in extension.upper() if c.isascii() and c.isalnum())[:3]
    return f"R{number:07X}".encode() + plain.encode().ljust(3)


def allowed(name: str) -> str:
    """*name* with what FAT forbids in names replaced."""
    kept = "".join("_" if c in _FORBIDDEN or ord(c) < 32 else c for c in name).rstrip(". ")
    return kept[:200] or "_"


def _moment(day: int, clock: int, tenths: int) -> int | None:
    try:
        whole = datetime(
            _EPOCH + (day >> 9), day >> 5 & 15, day & 31, clock >> 11, clock >> 5 & 63, (clock & 31) * 2, tzinfo=UTC
        )
    except ValueError:
        return None
    return int(whole.timestamp()) * SECOND + min(tenths, 199) * TICK


def _stamp(moment: int) -> tuple[int, int, int]:
    whole = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment // SECOND)
    day = whole.year - _EPOCH << 9 | whole.month << 5 | whole.day
    clock = whole.hour << 11 | whole.minute << 5 | whole.second // 2
    return day, clock, whole.second % 2 * 100 + moment % SECOND // TICK
