"""The CAN log: a BLF file that can be read up to its last frame even if the bench is killed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import can
from can.io.blf import FILE_HEADER_SIZE

_ONE_FRAME = 48
"""Bytes of one classic frame's object: a container is written out as soon as it holds that much."""


class _CrashSafeBlf(can.BLFWriter):
    """BLF keeps the start of all its relative times in the header, which python-can fills in only at the end."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("wb", buffering=0), compression_level=0, max_container_size=_ONE_FRAME)
        self.start_timestamp = time.time_ns() // 1_000_000_000
        self.file.seek(0)
        self._write_header(FILE_HEADER_SIZE)


class CanLog:
    """Frames in both directions, from any thread. Times are UTC, as python-can writes them (CANoe reads local time)."""

    def __init__(self, path: Path) -> None:
        self._writer = _CrashSafeBlf(path)
        self._turn = threading.Lock()
        self._closed = False

    def note(self, message: can.Message) -> None:
        """Log one frame with its own time and direction."""
        with self._turn:
            if not self._closed:
                self._writer.on_message_received(message)

    def close(self) -> None:
        """Complete the file."""
        with self._turn:
            if not self._closed:
                self._closed = True
                self._writer.stop()
