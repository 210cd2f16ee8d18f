"""HTTP/3 (RFC 9114) for simulated clouds: one coroutine that answers a request, as with `rigs.sim.cloud.http`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection, ProtocolError
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset

from rigs.sim.cloud.http import Answers, request_of


@dataclass(slots=True)
class _Asked:
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class Http3(QuicConnectionProtocol):
    """One connection."""

    def __init__(self, quic: QuicConnection, answers: Answers) -> None:
        super().__init__(quic)
        self._answers = answers
        self._http: H3Connection | None = None
        self._asked: dict[int, _Asked] = {}
        self._answering: dict[int, asyncio.Task[None]] = {}

    def quic_event_received(self, event: QuicEvent) -> None:
        """What aioquic has to tell; a client that speaks nonsense is its own loss, which its side reports."""
        if isinstance(event, ConnectionTerminated):
            for task in self._answering.values():
                task.cancel()
            return
        if isinstance(event, StreamReset):
            self._asked.pop(event.stream_id, None)
            return
        try:
            self._http = self._http or H3Connection(self._quic)
            for said in self._http.handle_event(event):
                self._heard(said)
        except ProtocolError as error:
            self._quic.close(error_code=error.error_code)

    def _heard(self, said: H3Event) -> None:
        if isinstance(said, HeadersReceived):
            headers = {name.decode(): value.decode("latin-1") for name, value in said.headers}
            self._asked.setdefault(said.stream_id, _Asked(headers))
        elif isinstance(said, DataReceived) and said.stream_id in self._asked:
            self._asked[said.stream_id].body += said.data
        if isinstance(said, HeadersReceived | DataReceived) and said.stream_ended and said.stream_id in self._asked:
            asked = self._asked.pop(said.stream_id)
            task = asyncio.ensure_future(self._answer(said.stream_id, asked))
            self._answering[said.stream_id] = task
            task.add_done_callback(lambda _: self._answering.pop(said.stream_id, None))

    async def _answer(self, stream: int, asked: _Asked) -> None:
        asked.headers.setdefault("host", asked.headers.get(":authority", ""))
        method = asked.headers.get(":method", "")
        response = await self._answers(
            request_of(method, asked.headers.get(":path", "/"), asked.headers, bytes(asked.body))
        )
        assert self._http
        fields = [(":status", str(response.status)), *response.fields]
        headers = [(name.encode(), value.encode()) for name, value in fields]
        body = b"" if method == "HEAD" else response.body
        self._http.send_headers(stream, headers, end_stream=not body)
        if body:
            self._http.send_data(stream, body, end_stream=True)
        self.transmit()
