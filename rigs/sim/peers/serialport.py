"""Lines of text over an inherited pty or serial descriptor, in an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
import tty
from collections.abc import Callable

END_OF_TEXT = b"\x1a"
"""Ctrl-Z, which ends the text of a message without an end of line (3GPP TS 27.005, 3.5.1); it stays in the line."""
_LONGEST_LINE = 4096
_REOPEN = 0.05
"""Seconds until a pty is listened to again after its other side was closed."""


class LinePort:
    """Calls *on_line* for each line that arrives on *fd*, without its end of line.

    What was written before nothing listened (the unit was off) is thrown away, as a powered-down receiver misses it.
    """

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop, on_line: Callable[[bytes], None]) -> None:
        self._fd = fd
        self._loop = loop
        self._on_line = on_line
        self._pending = b""
        os.set_blocking(fd, False)
        if os.isatty(fd):
            tty.setraw(fd, termios.TCSANOW)
        with contextlib.suppress(BlockingIOError):
            while self._read():
                pass
        loop.add_reader(fd, self._readable)

    def write(self, data: bytes) -> None:
        """Send *data*; what the line cannot take (nobody reads the other end) is lost, as on a serial line."""
        with contextlib.suppress(BlockingIOError):
            while data:
                data = data[os.write(self._fd, data) :]

    def _read(self) -> bytes:
        try:
            return os.read(self._fd, 4096)
        except BlockingIOError:
            raise
        except OSError:  # EIO: the other side of the pty is closed; it may be opened again
            return b""

    def _readable(self) -> None:
        try:
            data = self._read()
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._fd)
            self._loop.call_later(_REOPEN, self._loop.add_reader, self._fd, self._readable)
            return
        data = data.replace(b"\n", b"\r").replace(END_OF_TEXT, END_OF_TEXT + b"\r")
        *lines, self._pending = (self._pending + data).split(b"\r")
        self._pending = self._pending[-_LONGEST_LINE:]
        for line in lines:
            if line.strip():
                self._on_line(line.strip())
