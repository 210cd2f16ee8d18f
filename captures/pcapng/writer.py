"""Writing pcapng, fast enough for a live capture and readable whenever the writer dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Self

from captures.pcapng import blocks
from captures.pcapng.blocks import Interface

Buffer = bytes | bytearray | memoryview

_BLOCK = Struct("<II")
_PACKET = Struct("<IIIIIII")
_PACKET_END = Struct("<HHIII")
_WORD = Struct("<I")
_FLAGS = {None: 0, False: blocks.INBOUND, True: blocks.OUTBOUND}
_ROOM = 1 << 20
_MOST_AROUND_DATA = 64
"""More than all that an Enhanced Packet Block adds to its packet."""


class PcapngWriter:
    """A new pcapng file with one section, nanosecond timestamps and little-endian numbers.

    Blocks are collected in memory and written in one piece, so the file ends between two blocks whenever no write is
    under way; a writer that is killed in the middle of one leaves a cut tail, which `CaptureFile` reads up to the cut.

    :raises OSError: here and in every method that writes: the file cannot be written, e.g. because the disk is full.
        The file is cut back to its last whole block; what was collected since the last flush is not in it.
    """

    def __init__(self, path: Path, interfaces: Sequence[Interface]) -> None:
        self.path = path
        self._buffer = bytearray(_ROOM)
        self._used = 0
        self._whole = 0  # bytes on disk that end with a whole block
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            # pcapng 4.1; the section's length is not known beforehand, and need not be given
            self._block(blocks.SECTION_HEADER, Struct("<IHHq").pack(blocks.BYTE_ORDER_MAGIC, 1, 0, -1))
            for interface in interfaces:
                self._describe(interface)
            self.flush()
        except OSError:
            os.close(self._fd)
            self._fd = -1
            raise

    def write(
        self,
        interface: int,
        wall: int,
        data: Buffer,
        *,
        original_length: int | None = None,
        outgoing: bool | None = None,
    ) -> None:
        """Add a packet: Enhanced Packet Block, pcapng 4.3.

        *interface* counts from 0 in the order given to the writer, *wall* is in ns since 1970-01-01 UTC, and
        *original_length* is the packet's length on the interface if *data* was cut.
        """
        size = len(data)
        padded = size + 3 & ~3
        if len(self._buffer) - self._used < padded + _MOST_AROUND_DATA:
            self._make_room(padded + _MOST_AROUND_DATA)
        buffer, at = self._buffer, self._used
        total = padded + 44
        _PACKET.pack_into(
            buffer,
            at,
            blocks.ENHANCED_PACKET,
            total,
            interface,
            wall >> 32,
            wall & 0xFFFFFFFF,
            size,
            size if original_length is None else original_length,
        )
        start = at + 28
        end = start + padded
        if padded != size:
            _WORD.pack_into(buffer, end - 4, 0)  # the buffer is used again and again: padding must be wiped
        buffer[start : start + size] = data
        _PACKET_END.pack_into(buffer, end, blocks.EPB_FLAGS, 4, _FLAGS[outgoing], blocks.END_OF_OPTIONS, total)
        self._used = at + total

    def add_name(self, address: bytes, name: str) -> None:
        """Add the *name* of an IP address (4 or 16 bytes): Name Resolution Block, pcapng 4.5."""
        kind = blocks.NRB_IPV4 if len(address) == 4 else blocks.NRB_IPV6
        record = _option(kind, address + name.encode() + b"\x00")  # a record is laid out as an option is
        self._block(blocks.NAME_RESOLUTION, record + _option(blocks.NRB_END, b""))

    def add_keylog(self, data: bytes) -> None:
        """Add TLS keys in NSS key log format, whole lines: Decryption Secrets Block, pcapng 4.7."""
        if data:
            self._block(blocks.DECRYPTION_SECRETS, _BLOCK.pack(blocks.TLS_KEY_LOG, len(data)) + _padded(data))

    def add_statistics(self, interface: int, *, wall: int, received: int, dropped: int) -> None:
        """Add what an interface came to: Interface Statistics Block, pcapng 4.6; counts of packets."""
        body = _PACKET.pack(interface, wall >> 32, wall & 0xFFFFFFFF, 0, 0, 0, 0)[:12]
        counts = (blocks.ISB_RECEIVED, received), (blocks.ISB_DROPPED, dropped)
        options = b"".join(_option(code, Struct("<Q").pack(count)) for code, count in counts)
        self._block(blocks.INTERFACE_STATISTICS, body + options + _option(blocks.END_OF_OPTIONS, b""))

    @property
    def waiting(self) -> int:
        """Bytes collected and not yet written."""
        return self._used

    def flush(self) -> None:
        """Write what was collected, so that other processes can read it."""
        with memoryview(self._buffer) as view:
            written = 0
            try:
                while written < self._used:
                    written += os.write(self._fd, view[written : self._used])
            except OSError:
                with contextlib.suppress(OSError):  # a device cannot be cut back, and holds nothing to be read either
                    os.ftruncate(self._fd, self._whole)
                    os.lseek(self._fd, self._whole, os.SEEK_SET)
                self._used = 0
                raise
        self._whole += written
        self._used = 0

    def close(self) -> None:
        """Write what was collected and close the file (even if writing fails); a second time does nothing."""
        if self._fd >= 0:
            try:
                self.flush()
            finally:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _describe(self, interface: Interface) -> None:
        """Interface Description Block, pcapng 4.2; a snap length of 0 is none."""
        options = [
            (blocks.IF_NAME, interface.name.encode()),
            (blocks.IF_DESCRIPTION, interface.description.encode()),
            (blocks.IF_TSRESOL, b"\x09"),
        ]
        body = Struct("<HHI").pack(interface.link_type, 0, 0)
        body += b"".join(_option(code, value) for code, value in options if value)
        self._block(blocks.INTERFACE_DESCRIPTION, body + _option(blocks.END_OF_OPTIONS, b""))

    def _block(self, kind: int, body: bytes) -> None:
        total = len(body) + 12
        if len(self._buffer) - self._used < total:
            self._make_room(total)
        end = self._used + total
        self._buffer[self._used : end] = _BLOCK.pack(kind, total) + body + _WORD.pack(total)
        self._used = end

    def _make_room(self, size: int) -> None:
        self.flush()
        if len(self._buffer) < size:
            self._buffer = bytearray(size)


def _option(code: int, value: bytes) -> bytes:
    """One option, pcapng 3.5."""
    return Struct("<HH").pack(code, len(value)) + _padded(value)


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
