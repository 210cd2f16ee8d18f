"""WebSocket (RFC 6455) as a unit speaks it: one connection to a URL, kept open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from wsproto import ConnectionType, WSConnection, events
from wsproto.utilities import RemoteProtocolError

from rigs.sim.unit.message import SendError, reason

_CHUNK = 1 << 16


class WebSocket:
    """One connection; `open` makes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = WSConnection(ConnectionType.CLIENT)
        self._over = False

    @property
    def usable(self) -> bool:
        """Whether it can carry another message."""
        return not self._over and not self._reader.at_eof() and not self._writer.is_closing()

    async def open(self, host: str, target: str, headers: Sequence[tuple[str, str]]) -> None:
        """Ask the server for the upgrade. :raises SendError: it refuses"""
        extra = [(name.encode(), value.encode()) for name, value in headers]
        await self._exchange(events.Request(host=host, target=target, extra_headers=extra), events.AcceptConnection)

    async def send(self, payload: bytes, *, text: bool) -> None:
        """Send a message, and wait for the answer to a ping after it: then the server has it (section 5.5.2).

        :raises SendError: the connection broke
        """
        message = events.TextMessage(payload.decode()) if text else events.BytesMessage(payload)
        self._writer.write(self._state.send(message))
        await self._exchange(events.Ping(), events.Pong)

    async def _exchange(self, event: events.Event, wanted: type[events.Event]) -> None:
        try:
            self._writer.write(self._state.send(event))
            await self._writer.drain()
            while True:
                data = await self._reader.read(_CHUNK)
                self._state.receive_data(data or None)
                for told in self._state.events():
                    if isinstance(told, wanted):
                        return
                    if isinstance(told, events.RejectConnection):
                        raise SendError(f"the upgrade was answered {told.status_code}")
                    if isinstance(told, events.CloseConnection):
                        raise ConnectionError("closed by the server")
        except RemoteProtocolError as error:
            self.close()
            raise SendError(f"the answer is not WebSocket: {error}") from None
        except OSError as error:
            self.close()
            raise SendError(f"the connection broke: {reason(error)}") from None

    def close(self) -> None:
        """Hang up."""
        self._over = True
        self._writer.close()
