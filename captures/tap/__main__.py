"""The tap's process: one thread, which moves packets and answers the bench in between.

    TELLTALE_FDS=control=… python -m captures.tap

It ends when the bench hangs up, with its file closed in good order.
"""

from __future__ import annotations

import asyncio
import base64
import select
import signal
import socket
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from captures.tap.recorder import Recorder
from telltale import control
from telltale.errors import RigError
from telltale.processes import inherited

_NAP = 0.1
"""Seconds without packets and questions after which the file is looked after."""


class Tap:
    """Moves packets, and answers what is asked on *line*."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._asked = b""
        self._recorder: Recorder | None = None
        self._watched = select.poll()
        self._watched.register(line, select.POLLIN)
        self._handlers: Mapping[str, control.Handler] = {
            "open": self.open,
            "begin": self.begin,
            "flush": self.flush,
            "end": self.end,
            "add_keylog": self.add_keylog,
        }

    def run(self) -> None:
        """Until the bench hangs up."""
        listening = True
        try:
            while listening:
                events = dict(self._watched.poll(_NAP * 1000))
                if self._recorder is not None:
                    for descriptor in self._recorder.descriptors:
                        if events.get(descriptor, 0) & ~select.POLLIN:
                            self._recorder.look_after(descriptor)
                    self._recorder.drain()
                if self._line.fileno() in events:
                    listening = self._listen()
        finally:
            if self._recorder is not None:
                self._recorder.close()

    def _listen(self) -> bool:
        """Answer what was asked; False when the bench has hung up."""
        got = self._line.recv(1 << 16)
        *lines, self._asked = (self._asked + got).split(b"\n")
        for line in lines:
            self._line.sendall(asyncio.run(control.answer(line, self._handlers)))
        return bool(got)

    def open(self, interfaces: Mapping[str, str], ring_size: int) -> None:
        """Start capturing."""
        self._recorder = Recorder(interfaces, ring_size=ring_size)
        for descriptor in self._recorder.descriptors:
            self._watched.register(descriptor, select.POLLIN)

    def begin(self, path: str, settle: float) -> None:
        """Open a file."""
        self._opened().begin(Path(path), settle=settle)

    def flush(self, settle: float) -> dict[str, Any]:
        """Write through, and count."""
        return asdict(self._opened().counts(settle=settle))

    def end(self, settle: float) -> dict[str, Any]:
        """Close the file, and count."""
        return asdict(self._opened().end(settle=settle))

    def add_keylog(self, data: str) -> None:
        """*data* is base64."""
        self._opened().add_keylog(base64.b64decode(data))

    def _opened(self) -> Recorder:
        if self._recorder is None:
            raise RigError("the tap captures nothing yet; tell it to open interfaces first")
        return self._recorder


if __name__ == "__main__":
    # Ctrl-C at the bench's terminal reaches its whole process group; the bench decides what it means
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=inherited("control")) as line_to_bench:
        Tap(line_to_bench).run()
