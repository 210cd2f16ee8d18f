"""A switch unit of single-pole relays that speaks SCPI over TCP: ``ROUT:CLOS (@3)`` (SCPI-1999 volume 2, 17).

Each contact is a line into the unit; ``*OPC?`` answers when the unit has noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rigs.sim.peers.scpi import OUT_OF_RANGE, UNDEFINED, ScpiPeer

IDENTITY = "Telltale,Simulated relays,0,1"
CHANNELS = range(1, 17)
_LIST = re.compile(r"\(@\s*(?P<entries>\d+(?::\d+)?(?:\s*,\s*\d+(?::\d+)?)*)\s*\)")

Closed = frozenset[int]


class RelaySimulator(ScpiPeer):
    """Sixteen relays, open at first. *on_change* is called with the closed ones when that changes, and may block."""

    def __init__(self, on_change: Callable[[Closed], None]) -> None:
        super().__init__(IDENTITY)
        self._on_change = on_change
        self.closed: Closed = frozenset()
        """Channels whose contact is closed."""

    async def reset(self) -> None:
        """All open."""
        await self._become(frozenset())

    async def command(self, header: str, argument: str) -> str | None:
        """Close, open, ask."""
        if header not in ("ROUT:CLOS", "ROUT:OPEN", "ROUT:OPEN:ALL", "ROUT:CLOS?", "ROUT:OPEN?"):
            self.errors.append(UNDEFINED)
            return None
        if header == "ROUT:OPEN:ALL":
            await self._become(frozenset())
            return None
        channels = list(_channels(argument))
        if not channels or not set(channels) <= set(CHANNELS):
            self.errors.append(OUT_OF_RANGE)
            return None
        if header.endswith("?"):
            wanted = header == "ROUT:CLOS?"
            return ",".join(str(int((channel in self.closed) == wanted)) for channel in channels)
        await self._become(self.closed | set(channels) if header == "ROUT:CLOS" else self.closed - set(channels))
        return None

    async def _become(self, closed: Closed) -> None:
        if closed == self.closed:
            return
        before, self.closed = self.closed, closed
        if not await self.outside(self._on_change, closed):
            self.closed = before


def _channels(argument: str) -> Iterator[int]:
    """The channels of a list, ``(@1,3:5)`` (SCPI-1999 volume 1, 8.3.2); none if it is no such list."""
    found = _LIST.fullmatch(argument)
    for entry in found["entries"].split(",") if found else ():
        first, _, last = entry.strip().partition(":")
        yield from range(int(first), int(last or first) + 1)
