"""A capture's bytes, whether the file holds them as they are or in gzip (RFC 1952)."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from captures.decode import StreamAccounts
from telltale.errors import InputError

HEAD = 4096
"""Bytes at a capture's beginning by which its kind is told."""
_GZIP = b"\x1f\x8b"


class SourceFile:
    """A file that may be a capture.

    :raises InputError: it cannot be read, or is empty
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: str | None = None
        """Why the compressed bytes end before their end; None as long as none was met."""
        self._read: _Counted | None = None
        try:
            self.size = path.stat().st_size
            """Bytes on disk."""
            with path.open("rb") as file:
                self.gzipped = file.read(2) == _GZIP
            with self.open() as file:
                self.head = file.read(HEAD)
                """How the capture begins."""
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=path) from None
        if not self.head:
            raise InputError(
                f"holds nothing: {self.damage}" if self.damage else "is empty, expected a capture", file=path
            )

    @property
    def name(self) -> str:
        """The file's name in lower case, without ``.gz``."""
        name = self.path.name.lower()
        return name.removesuffix(".gz") if self.gzipped else name

    @property
    def position(self) -> int:
        """Bytes on disk that the last `open` has read."""
        return self._read.count if self._read else 0

    def open(self) -> BinaryIO:
        """The capture's bytes from the beginning; what cannot be unpacked ends them, and `damage` says so."""
        counted = _Counted(self.path)
        self._read = counted
        plain = _Unzipped(counted, self) if self.gzipped else counted
        return cast("BinaryIO", io.BufferedReader(plain, 1 << 18))


class FileSource:
    """What sources of every kind say of their file; a part of a `captures.sources.source.Source`."""

    def __init__(self, file: SourceFile, kind: str) -> None:
        self.kind = kind
        self._file = file

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._file.size

    @property
    def position(self) -> int:
        """Bytes on disk that were read so far."""
        return self._file.position

    @property
    def accounts(self) -> StreamAccounts | None:
        """Equations 2 and 3 of the accounting; None where there are no packets to account for."""
        return None


class _Counted(io.FileIO):
    """Knows how much was read of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.count = 0

    def readinto(self, buffer: object, /) -> int:
        size = super().readinto(buffer) or 0  # type: ignore[arg-type]  # whatever the buffered reader hands in
        self.count += size
        return size


class _Unzipped(io.RawIOBase):
    """What a gzip file holds, as far as it can be unpacked."""

    def __init__(self, packed: _Counted, told: SourceFile) -> None:
        self._packed = io.BufferedReader(packed, 1 << 18)
        self._gzip = gzip.GzipFile(fileobj=self._packed, mode="rb")
        self._told = told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever the buffered reader hands in
        try:
            data = self._gzip.read1(len(view))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self._told.damage = f"its gzip data is damaged or cut off: {error}"
            return 0
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._gzip.close()
            self._packed.close()
        super().close()
