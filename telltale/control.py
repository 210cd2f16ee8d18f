"""The line between the bench and one of its child processes: JSON objects, one a line, over a stream socket.

The bench asks ``{"do": "rotate", "path": "…"}`` and the child answers ``{…}`` or ``{"error": "one line"}``; one
question at a time. A child that is gone, or silent for longer than the question allows, is a `PeerGoneError`, never a
default answer.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telltale.errors import RigError, one_line

Result = Mapping[str, Any] | None
Handler = Callable[..., Result | Awaitable[Result]]
"""Takes the question's arguments by name and returns the answer; an exception becomes ``error``."""


class PeerGoneError(RigError):
    """The process at the other end has ended or does not answer."""


class Control:
    """The bench's end."""

    def __init__(self, sock: socket.socket, name: str) -> None:
        self._sock = sock
        self._buffer = b""
        self._broken: str | None = None
        self.name = name
        """Who is at the other end, for messages: ``the packet tap``."""

    @classmethod
    def pair(cls, name: str) -> tuple[Control, socket.socket]:
        """A control line, and the child's end, to be passed on and then closed here."""
        ours, theirs = socket.socketpair()
        return cls(ours, name), theirs

    def ask(self, do: str, *, timeout: float = 30.0, **arguments: Any) -> dict[str, Any]:
        """Ask and wait for the answer, at most *timeout* seconds.

        :raises PeerGoneError: the child has ended, or is silent; every later question fails as well
        :raises RigError: the child answered with an error
        """
        if self._broken:
            raise PeerGoneError(self._broken)
        try:
            self._sock.settimeout(timeout)
            self._sock.sendall(encode({"do": do, **arguments}))
            while b"\n" not in self._buffer:
                got = self._sock.recv(1 << 16)
                if not got:
                    raise ConnectionError
                self._buffer += got
        except TimeoutError:
            self._broken = f"{self.name} did not answer `{do}` within {timeout:g} s"
            raise PeerGoneError(self._broken) from None
        except OSError:
            self._broken = f"{self.name} has ended"
            raise PeerGoneError(self._broken) from None
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RigError(f"{self.name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """Hang up; a child that watches its line ends then."""
        self._broken = self._broken or f"the line to {self.name} is closed"
        self._sock.close()


def encode(message: Mapping[str, Any]) -> bytes:
    """One message as a line."""
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


async def answer(line: bytes, handlers: Mapping[str, Handler]) -> bytes:
    """The child's answer to one line, ready to be sent. Handlers may be plain or async functions."""
    question = json.loads(line)
    do = question.pop("do", None)
    handler = handlers.get(do)
    if handler is None:
        return encode({"error": f"cannot do `{do}`; can do {', '.join(sorted(handlers))}"})
    try:
        result = handler(**question)
        if inspect.isawaitable(result):
            result = await result
    except Exception as error:  # noqa: BLE001 - whatever went wrong in the child is told to the bench, which decides
        return encode({"error": one_line(error)})
    return encode(result or {})


async def serve(sock: socket.socket, handlers: Mapping[str, Handler]) -> None:
    """Answer questions on *sock* until the bench hangs up."""
    sock.settimeout(0)
    reader, writer = await asyncio.open_connection(sock=sock)
    while line := await reader.readline():
        writer.write(await answer(line, handlers))
        await writer.drain()
