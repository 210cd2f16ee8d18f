"""HTTP/3 as a unit speaks it: one connection to a host, kept alive, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection, ProtocolError
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset

from rigs.sim.unit.http1 import Answer
from rigs.sim.unit.http2 import HOP_BY_HOP
from rigs.sim.unit.message import SendError


class Http3(QuicConnectionProtocol):
    """One connection; made by `rigs.sim.unit.dialler.Dialler.quic`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._http = H3Connection(self._quic)
        self._over: str | None = None
        self._status = 0
        self._body = b""
        self._answered: asyncio.Future[Answer] | None = None

    @property
    def usable(self) -> bool:
        """Whether it can carry another request."""
        return self._over is None

    async def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send a request and wait for the whole answer, however long it takes.

        :raises SendError: the connection broke, or the answer is not HTTP/3
        """
        if self._over is not None:
            raise SendError(self._over)
        authority = next(value for name, value in headers if name == "host")
        fields = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", target)]
        fields += [(name, value) for name, value in headers if name not in HOP_BY_HOP]
        self._status, self._body = 0, b""
        self._answered = asyncio.get_running_loop().create_future()
        stream = self._quic.get_next_available_stream_id()
        self._http.send_headers(
            stream, [(name.encode(), value.encode()) for name, value in fields], end_stream=not body
        )
        if body:
            self._http.send_data(stream, body, end_stream=True)
        self.transmit()
        return await self._answered

    def close(self, error_code: int = 0x100, reason_phrase: str = "") -> None:
        """Hang up, with H3_NO_ERROR (RFC 9114, section 8.1)."""
        self._break("the connection is closed")
        super().close(error_code=error_code, reason_phrase=reason_phrase)
        if self._transport:
            self._transport.close()

    def error_received(self, error: Exception) -> None:
        """The system says that nobody is there (an ICMP error)."""
        self._break(f"the connection broke: {str(getattr(error, 'strerror', None) or error).lower()}")

    def quic_event_received(self, event: QuicEvent) -> None:
        """What aioquic has to tell."""
        if isinstance(event, ConnectionTerminated):
            self._break(f"the connection broke: {event.reason_phrase or f'error {event.error_code:#x}'}")
        elif isinstance(event, StreamReset):
            self._break(f"the stream was reset with {event.error_code:#x}")
        try:
            for said in self._http.handle_event(event):
                if isinstance(said, HeadersReceived):
                    self._status = self._status or int(dict(said.headers).get(b":status", b"0"))
                elif isinstance(said, DataReceived):
                    self._body += said.data
                if isinstance(said, HeadersReceived | DataReceived) and said.stream_ended:
                    self._settle()
        except ProtocolError as error:
            self._break(f"the answer is not HTTP/3: {error}")

    def _settle(self) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_result(Answer(self._status, self._body))

    def _break(self, why: str) -> None:
        self._over = self._over or why
        if self._answered and not self._answered.done():
            self._answered.set_exception(SendError(why))
        if self._connected_waiter and not self._connected_waiter.done():
            self._connected_waiter.set_exception(SendError(why))
            self._connected_waiter = None
