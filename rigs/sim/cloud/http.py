"""An HTTP server for simulated clouds: HTTP/1.1 and HTTP/2, one coroutine that answers a request."""

from __future__ import annotations

import asyncio
import socket
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h11

from rigs.sim import websocket

_CHUNK = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request, whole."""

    method: str
    host: str
    """Without port."""
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The answer to it."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    date: str = ""
    """When it was made (RFC 9110, 6.6.1), as the header has it; empty for a server without a clock."""

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Its header, whatever the version of HTTP."""
        told = [("date", self.date)] if self.date else []
        return [("content-type", self.content_type), ("content-length", str(len(self.body))), *told]


Answers = Callable[[Request], Awaitable[Response]]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers) -> None:
    """Serve one connection until its client hangs up; a held answer is given up (cancelled) then."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    tls = writer.get_extra_info("ssl_object")
    try:
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            await _Http2(reader, writer, answers).serve()
        else:
            await _serve_http1(reader, writer, answers)
    except (OSError, h11.RemoteProtocolError, h2.exceptions.ProtocolError):
        pass  # the client broke off or spoke nonsense: its own loss, which its side reports
    finally:
        writer.close()


def request_of(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
    """A request from what the connection carried; *headers* have the client's ``host``."""
    url = urllib.parse.urlsplit(target)
    host = headers.get("host", "")
    return Request(
        method=method,
        host=(host if host.startswith("[") else host.partition(":")[0]).lower(),
        path=urllib.parse.unquote(url.path),
        query=dict(urllib.parse.parse_qsl(url.query)),
        headers=headers,
        body=body,
    )


async def _serve_http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers) -> None:
    state = h11.Connection(h11.SERVER)
    while request := await _next_request(reader, writer, state):
        response = await _while_connected(answers(request), reader, state)
        if response is None:
            return
        if response.status == 101:
            await _serve_websocket(request, reader, writer, state.trailing_data[0])
            return
        answer = h11.Response(status_code=response.status, headers=response.fields)
        events: list[h11.Event] = [answer, h11.EndOfMessage()]
        if request.method != "HEAD":
            events.insert(1, h11.Data(data=response.body))
        for event in events:
            writer.write(state.send(event) or b"")
        await writer.drain()
        if state.our_state is not h11.DONE:
            return
        state.start_next_cycle()


async def _serve_websocket(
    request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes
) -> None:
    echo = websocket.Echo()
    writer.write(echo.accept(request.headers) + echo.receive(data))
    while not echo.finished and (data := await reader.read(_CHUNK)):
        writer.write(echo.receive(data))
        await writer.drain()


async def _next_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: h11.Connection
) -> Request | None:
    """The next request, whole; None when the client has hung up."""
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = state.next_event()
        if event is h11.NEED_DATA:
            if state.they_are_waiting_for_100_continue:
                writer.write(state.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            state.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head:
            headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
            return request_of(head.method.decode(), head.target.decode(), headers, bytes(body))
        else:
            return None


async def _while_connected(
    answer: Awaitable[Response], reader: asyncio.StreamReader, state: h11.Connection
) -> Response | None:
    """The answer, or None if the client hung up before it was ready."""
    answering = asyncio.ensure_future(answer)
    await asyncio.sleep(0)
    while not answering.done():
        listening = asyncio.ensure_future(reader.read(_CHUNK))
        await asyncio.wait([answering, listening], return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            listening.cancel()
            await asyncio.wait([listening])
        elif data := listening.result():
            state.receive_data(data)
        else:
            answering.cancel()
            await asyncio.wait([answering])
            return None
    return answering.result()


class _Http2:
    """One HTTP/2 connection (RFC 9113)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers) -> None:
        self._reader = reader
        self._writer = writer
        self._answers = answers
        self._state = h2.connection.H2Connection(
            config=h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._answering: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Event()

    async def serve(self) -> None:
        self._state.initiate_connection()
        try:
            await self._flush()
            while data := await self._reader.read(_CHUNK):
                for event in self._state.receive_data(data):
                    self._handle(event)
                await self._flush()
        finally:
            for task in self._answering.values():
                task.cancel()

    def _handle(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                headers = {str(name): str(value) for name, value in event.headers or []}
                self._requests[event.stream_id] = (headers, bytearray())
            case h2.events.DataReceived():
                self._requests[event.stream_id][1].extend(event.data)
                self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                task = asyncio.ensure_future(self._answer(event.stream_id))
                self._answering[event.stream_id] = task
            case h2.events.StreamReset():
                self._requests.pop(event.stream_id, None)
                if task_ := self._answering.pop(event.stream_id, None):
                    task_.cancel()
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                self._room.set()

    async def _answer(self, stream: int) -> None:
        headers, body = self._requests.pop(stream)
        headers.setdefault("host", headers.get(":authority", ""))
        response = await self._answers(request_of(headers[":method"], headers[":path"], headers, bytes(body)))
        self._state.send_headers(stream, [(":status", str(response.status)), *response.fields])
        left = memoryview(response.body)
        while left:
            room = min(self._state.local_flow_control_window(stream), self._state.max_outbound_frame_size)
            if room <= 0:
                self._room.clear()
                await self._flush()
                await self._room.wait()
                continue
            self._state.send_data(stream, bytes(left[:room]))
            left = left[room:]
        self._state.end_stream(stream)
        await self._flush()
        self._answering.pop(stream, None)

    async def _flush(self) -> None:
        if data := self._state.data_to_send():
            self._writer.write(data)
            await self._writer.drain()
