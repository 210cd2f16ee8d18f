"""A TCP server that leaves nothing behind when it is closed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class PeerServer:
    """Calls *handle* for each connection until it returns or `close` cuts the connection off.

    A connection that is cut reads as one that the client has closed: *handle* sees the end of its input. (Cancelling
    the handler instead makes asyncio of Python 3.11 complain.)
    """

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, sock: socket.socket | None = None) -> tuple[str, int]:
        """Listen on *sock*, or on a free port of loopback; the address."""
        if sock is None:
            sock = socket.create_server(("127.0.0.1", 0))
        sock.settimeout(0)
        self._server = await asyncio.start_server(self._serve, sock=sock)
        host, port = sock.getsockname()[:2]
        return str(host), int(port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await self._handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client hung up
        finally:
            del self._open[task]
            writer.close()

    async def close(self) -> None:
        """Stop listening, cut every connection off and wait until its handler has returned."""
        if self._server is not None:
            self._server.close()
        tasks = tuple(self._open)
        for writer in self._open.values():
            writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks)
