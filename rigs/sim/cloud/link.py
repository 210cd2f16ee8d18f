"""The cloud's end of the link on which the car waits for commands, see `rigs.sim.unit.link`."""

from __future__ import annotations

import asyncio

from rigs.sim.cloud.http import Request, Response
from rigs.sim.cloud.stores import answer, refusal

_SETTLE_SECONDS = 3.0
"""Wall time that a car has to fetch a command before it counts as out of reach."""


class Link:
    """Commands in order, each handed over until the car has acknowledged it."""

    def __init__(self) -> None:
        self._commands: list[str] = []
        self._acknowledged = 0
        self._changed = asyncio.Condition()

    async def push(self, command: str) -> None:
        """Hand *command* to the car, now or when it asks."""
        async with self._changed:
            self._commands.append(command)
            self._changed.notify_all()

    async def poll(self, request: Request) -> Response:
        """The next command after the last acknowledged one, once there is one."""
        after = request.query.get("after", "")
        if not after.isdecimal() or int(after) > len(self._commands):
            return refusal(400, "expected ?after=N, the number of the last command received")
        async with self._changed:
            self._acknowledged = max(self._acknowledged, int(after))
            self._changed.notify_all()
            # A car that has just booted asks for those after 0; what it has acknowledged before is not repeated
            following = self._acknowledged
            await self._changed.wait_for(lambda: len(self._commands) > following)
            return answer(200, {"id": following + 1, "command": self._commands[following]})

    async def settle(self) -> list[str]:
        """Wait until the car has acknowledged every command; those it cannot be reached for stay for later.

        The car acknowledges by asking for the next, which it does when it has begun to obey.
        """
        async with self._changed:
            try:
                async with asyncio.timeout(_SETTLE_SECONDS):
                    await self._changed.wait_for(lambda: self._acknowledged == len(self._commands))
            except TimeoutError:
                return self._commands[self._acknowledged :]
        return []
