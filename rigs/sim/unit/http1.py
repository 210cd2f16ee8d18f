"""HTTP/1.1 as a unit speaks it: one connection to a host, kept alive, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import h11

from rigs.sim.unit.message import SendError, reason

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A host's answer."""

    status: int
    body: bytes


class Http1:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h11.Connection(h11.CLIENT)

    @property
    def usable(self) -> bool:
        """Whether it can carry another request."""
        return self._state.our_state is h11.IDLE and not self._reader.at_eof() and not self._writer.is_closing()

    async def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send a request and wait for the whole answer, however long it takes.

        :raises SendError: the connection broke, or the answer is not HTTP
        """
        try:
            await self._send(h11.Request(method=method, target=target, headers=list(headers)))
            for start in range(0, len(body), _CHUNK):
                await self._send(h11.Data(data=body[start : start + _CHUNK]))
            await self._send(h11.EndOfMessage())
            answer = await self._answer()
        except h11.RemoteProtocolError as error:
            self.close()
            raise SendError(f"the answer is not HTTP: {error}") from None
        except OSError as error:
            self.close()
            raise SendError(f"the connection broke: {reason(error)}") from None
        if self._state.our_state is h11.DONE and self._state.their_state is h11.DONE:
            self._state.start_next_cycle()
        else:
            self.close()
        return answer

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def _send(self, event: h11.Request | h11.Data | h11.EndOfMessage) -> None:
        data = self._state.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def _answer(self) -> Answer:
        status, body = 0, b""
        while True:
            event = self._state.next_event()
            if event is h11.NEED_DATA:
                self._state.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return Answer(status, body)
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionError("closed before the answer")
