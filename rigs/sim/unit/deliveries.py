"""The one way out for messages: over a network, or into a file."""

from __future__ import annotations

from collections.abc import Callable

from rigs.sim.unit.message import PLACES, WIPE, Message, SendError
from rigs.sim.unit.recordings import Recordings
from rigs.sim.unit.transports import Transports


class Deliveries:
    """Hands each message to what carries its channel."""

    def __init__(self, transports: Transports) -> None:
        self._transports = transports
        self.recordings: Recordings | None = None
        """What writes files; set once the unit's agenda is there."""
        self.bluetooth: Callable[[Message], None] | None = None
        """What sends over Bluetooth; set likewise."""
        self.notices: list[str] = []
        """What the driver was told on the screen; the screen's own list where there is one."""

    async def deliver(self, message: Message) -> None:
        """:raises SendError: it did not arrive"""
        if message.channel == "screen":
            self.notices.append(message.body.decode())
        elif message.channel == "bluetooth":
            if self.bluetooth is None:
                raise SendError("the unit has no Bluetooth")
            self.bluetooth(message)
        elif message.channel not in PLACES:
            await self._transports.deliver(message)
        elif self.recordings is None:
            raise SendError("the unit has nowhere to write files")
        elif message.method == WIPE:
            self.recordings.wipe(message.target)
        else:
            self.recordings.begin(message)
