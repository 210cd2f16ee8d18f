"""The bench's questions, and the end when it hangs up."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from mitmproxy import ctx
from mitmproxy.addons.proxyserver import Proxyserver

from captures.gateway.addons.destinations import Destinations
from captures.gateway.addons.passage import Passage
from captures.gateway.addons.tally import Tally
from captures.gateway.names import NameTable
from telltale.control import Handler, serve
from telltale.errors import RigError


class Line:
    """Begins to answer when mitmproxy listens, or has failed to."""

    def __init__(
        self,
        sock: socket.socket,
        proxyserver: Proxyserver,
        tally: Tally,
        table: NameTable,
        *,
        passage: Passage,
        destinations: Destinations,
    ) -> None:
        self._sock = sock
        self._proxyserver = proxyserver
        self._tally = tally
        self._table = table
        self._passage = passage
        self._destinations = destinations
        self._task: asyncio.Task[None] | None = None

    def running(self) -> None:
        """mitmproxy has tried to open its ports."""
        self._task = asyncio.get_running_loop().create_task(self._attend())

    async def _attend(self) -> None:
        handlers: dict[str, Handler] = {
            "ready": self._ready,
            "counts": self._tally.counts,
            "names": lambda: {"names": self._table.as_text()},
            "treat": self._passage.treat,
            "reach": self._destinations.reach,
            "refused": lambda: {"refused": self._destinations.refused},
        }
        try:
            await serve(self._sock, handlers)
        except ConnectionError:
            pass  # the bench was killed while an answer was on its way
        finally:
            ctx.master.shutdown()

    def _ready(self) -> dict[str, Any]:
        for server in self._proxyserver.servers:
            if not server.is_running:
                raise RigError(str(server.last_exception or f"{server.mode.full_spec} does not listen"))
        return {
            "addresses": [
                {"mode": server.mode.type_name, "ip": address[0], "port": address[1]}
                for server in self._proxyserver.servers
                for address in server.listen_addrs
            ]
        }
