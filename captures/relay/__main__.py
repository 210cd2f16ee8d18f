"""The relay's process; it ends when the bench hangs up, with its file closed in good order.

TELLTALE_FDS=control=… python -m captures.relay
"""

from __future__ import annotations

import asyncio
import base64
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from captures.relay.relay import Relay
from captures.relay.tape import Tape
from telltale import control
from telltale.errors import RigError
from telltale.processes import inherited


class Desk:
    """Answers the bench: the questions of `captures.capturing.CaptureProcess`."""

    def __init__(self) -> None:
        self._relay: Relay | None = None
        self._interfaces: Mapping[str, str] = {}
        self.handlers: Mapping[str, control.Handler] = {
            "open": self.open,
            "begin": self.begin,
            "flush": self.flush,
            "end": self.end,
            "add_keylog": self.add_keylog,
        }

    async def open(self, interfaces: Mapping[str, str], gateway: tuple[str, int]) -> dict[str, Any]:
        """Listen."""
        self._interfaces = interfaces
        self._relay = Relay(interfaces, (gateway[0], gateway[1]))
        return {"ports": await self._relay.listen()}

    async def begin(self, path: str, settle: float) -> None:
        """Open a file."""
        relay = self._listening()
        if relay.tape is not None:
            raise RigError(f"a window is open already, with {relay.tape.path}; end it first")
        await relay.rest(settle)
        relay.tape = Tape(Path(path), self._interfaces)

    async def flush(self, settle: float) -> dict[str, Any]:
        """Count; the file holds everything at any moment."""
        relay, tape = self._recording()
        return tape.counts(settled=await relay.rest(settle))

    async def end(self, settle: float) -> dict[str, Any]:
        """Hang up what is still connected, count and close the file."""
        relay, tape = self._recording()
        settled = await relay.rest(settle)
        relay.tape = None
        await relay.hang_up()
        try:
            return tape.counts(settled=settled)
        finally:
            tape.close()

    def add_keylog(self, data: str) -> None:
        """*data* is base64."""
        _, tape = self._recording()
        tape.add_keylog(base64.b64decode(data))

    async def close(self) -> None:
        """The bench has hung up."""
        if self._relay is not None:
            tape, self._relay.tape = self._relay.tape, None
            await self._relay.hang_up()
            if tape is not None:
                tape.close()

    def _listening(self) -> Relay:
        if self._relay is None:
            raise RigError("the relay does not listen yet; tell it to open its ports first")
        return self._relay

    def _recording(self) -> tuple[Relay, Tape]:
        relay = self._listening()
        if relay.tape is None:
            raise RigError("no window is open; begin one first")
        return relay, relay.tape


async def run(line: socket.socket) -> None:
    """Until the bench hangs up."""
    desk = Desk()
    try:
        await control.serve(line, desk.handlers)
    finally:
        await desk.close()


if __name__ == "__main__":
    # Ctrl-C at the bench's terminal reaches its whole process group; the bench decides what it means
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(run(socket.socket(fileno=inherited("control"))))
