"""The link on which the cloud hands commands to the car: a request that the cloud answers when there is a command.

``GET address?after=N`` asks for the commands after number N, which acknowledges all up to N; the answer is
``{"id": N + 1, "command": "take picture"}``. The car asks for the next one as soon as it has begun to obey.
"""

from __future__ import annotations

import asyncio
import json
import urllib.parse

from rigs.sim.clock import SharedClock
from rigs.sim.unit.engine import Engine
from rigs.sim.unit.message import Message, SendError
from rigs.sim.unit.transports import Transports
from telltale.times import SECOND

_RETRY = 60 * SECOND
"""Bench time after which a broken link is tried again."""


class Link:
    """Keeps the link of one unit up."""

    def __init__(
        self, address: str, uplink: str, *, engine: Engine, transports: Transports, clock: SharedClock
    ) -> None:
        self._address = urllib.parse.urlsplit(address)
        self._uplink = uplink
        self._engine = engine
        self._transports = transports
        self._clock = clock
        self._last = 0

    async def keep(self) -> None:
        """Ask, obey, ask again, for ever."""
        while True:
            try:
                await self._listen()
            except SendError as error:
                self._engine.failed("command link", "poll", str(error), then="retried")
                again = asyncio.Event()
                self._engine.agenda.at(self._clock.now() + _RETRY, again.set)
                self._engine.publish()
                await again.wait()

    async def _listen(self) -> None:
        message = Message(
            function="command link",
            send="poll",
            channel="http",
            uplink=self._uplink,
            host=self._address.hostname or "",
            port=self._address.port or 443,
            tls=self._address.scheme == "https",
            method="GET",
            target=f"{self._address.path or '/'}?after={self._last}",
            generated=self._clock.now(),
        )
        answer = await self._transports.request(message)
        if answer.status != 200:
            raise SendError(f"{message.host} answered {answer.status}")
        command = json.loads(answer.body)
        self._engine.commanded(command["command"])
        self._last = command["id"]
