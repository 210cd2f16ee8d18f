"""HTTP/1.0 and 1.1 (RFC 9112), read tolerantly: what a car sends is evidence, well-formed or not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from captures.decode import fallback
from captures.decode.bodies import body_parts
from captures.decode.content import decode_content
from captures.decode.http1_syntax import BEGINS_REQUEST, REQUEST, Parsed, path_of, read_message, read_on, without_port
from captures.decode.model import OVERLAP, WINDOW, Exchange, Message, Reading, Side, Stream, discreet
from telltale.transmission import Part

_UNANSWERED = 4 << 20
"""Bytes from the client, after which a request is told though its answer is not there."""


def looks_like(client: bytes, server: bytes) -> bool:
    """A request line, also one cut off; or an answer's status line."""
    if server.startswith(b"HTTP/1.") and not client:
        return True
    if not BEGINS_REQUEST.match(client):
        return False
    line, end, _ = client.lstrip(b"\r\n").partition(b"\n")
    if end:
        return REQUEST.match(line) is not None
    target = line.partition(b" ")[2]
    return target.startswith((b"/", b"http", b"*")) and target.isascii()


@dataclass(slots=True)
class _Body:
    """A body of which only the beginning has been handed out."""

    head: Parsed
    tail: bytes = b""
    """The end of what was handed out, which the next window repeats."""


@dataclass(slots=True)
class _State:
    """What goes on from slice to slice."""

    bodies: list[_Body | None] = field(default_factory=lambda: [None, None])
    """By side, where the next bytes are in the middle of a body."""
    inner: Exchange | None = None
    """What the connection was upgraded to, but for its streams."""


_PENDING = Parsed(start=0, begin=0)
"""In place of a response that is not whole yet."""


def parse(exchange: Exchange) -> Reading:
    """Requests paired with their responses; what follows an upgrade is read as the protocol it turned into."""
    return _Walk(exchange).run()


class _Walk:
    """Reads an exchange, or the next slice of one."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.reading = Reading()
        self.state: _State = exchange.memory.state or _State()
        exchange.memory.state = self.state
        self.done = [0, 0]
        """Bytes that were read, by side."""

    def run(self) -> Reading:
        """All that can be read."""
        if self.state.inner is None:
            self._messages()
        if self.state.inner is not None:
            self._go_on(self.state.inner)
        if not self.exchange.final:
            self.reading.consumed = (self.done[0], self.done[1])
        return self.reading

    def _messages(self) -> None:
        """Requests and responses, as far as they are whole."""
        for side in (Side.SERVER, Side.CLIENT):  # the answer that is under way belongs to a request that was told
            if self.state.bodies[side] and not self._rest_of_body(side):
                return
        client, server = self.exchange.streams
        while self.done[0] < len(client):
            if not self._request(client):
                return
        while self.done[1] < len(server) and self.exchange.over(Side.CLIENT):
            # answers to requests that were not captured
            response = self._response(None)
            if response is _PENDING or self.state.bodies[Side.SERVER]:
                return
            if response is None:
                fallback.rest(self.exchange, self.reading, Side.SERVER, self.done[1], "not an HTTP response")
                self.done[1] = len(server)

    def _request(self, client: Stream) -> bool:
        """The next request and its response; whether more may follow."""
        request = read_message(client, self.done[0], Side.CLIENT)
        if request is None:
            fallback.rest(self.exchange, self.reading, Side.CLIENT, self.done[0], "not an HTTP request")
            self.done[0] = len(client)
            return True
        if not request.complete and not self.exchange.over(Side.CLIENT):
            if request.reaches(WINDOW):
                self._begin(Side.CLIENT, request)
            return False
        response = self._response(request)
        if response is _PENDING:
            return False
        self.done[0] = request.end
        _enter(self.exchange, self.reading, Side.CLIENT, request, response)
        if response and _switches(request, response):
            self.state.inner = _inside(self.exchange, request, response)
            return False
        return not self.state.bodies[Side.SERVER]

    def _response(self, request: Parsed | None) -> Parsed | None:
        """The next final response; interim ones, 100 to 199, are passed by.

        `_PENDING` where it is not whole yet, unless so much of it is there that it is handed out in windows.
        """
        exchange, server = self.exchange, self.exchange.streams[Side.SERVER]
        while self.done[1] < len(server):
            response = read_message(server, self.done[1], Side.SERVER, method=request.word if request else "")
            if response is None:
                return None
            if not response.complete and not exchange.over(Side.SERVER):
                if not response.resume or (exchange.unit is Side.SERVER and not response.reaches(WINDOW)):
                    return _PENDING
                self._begin(Side.SERVER, response)
                return response
            self.done[1] = response.end
            _enter(exchange, self.reading, Side.SERVER, response, None)
            if not response.word.startswith("1") or response.word == "101":
                return response
        if exchange.over(Side.SERVER) or len(exchange.streams[Side.CLIENT]) - self.done[0] > _UNANSWERED:
            return None
        return _PENDING

    def _begin(self, side: Side, parsed: Parsed) -> None:
        """Hand out the beginning of a message whose body is too long to be held."""
        head = replace(parsed, body=[], trailer=b"")
        if parsed.left is not None:
            head.left = parsed.left - (parsed.end - parsed.body[0][0])
        parsed.cut()
        parsed.complete = True
        _enter(self.exchange, self.reading, side, parsed, None)
        data = self.exchange.streams[side].data
        start = max(parsed.end - OVERLAP, parsed.body[0][0] if parsed.body else parsed.end)
        self.state.bodies[side] = _Body(head, data[start : parsed.end])
        self.done[side] = parsed.end

    def _rest_of_body(self, side: Side) -> bool:
        """More of a body that was begun; whether that was all of it."""
        body, exchange, place = self.state.bodies[side], self.exchange, self.done[side]
        assert body
        parsed = read_on(exchange.streams[side], body.head, place)
        wanted, over = side is exchange.unit, exchange.over(side)
        if not parsed.complete and not over:
            if wanted and not parsed.reaches(WINDOW):
                return False
            parsed.cut()
        size = parsed.end - place
        tally = self.reading.tallies[side]
        if wanted:
            message = self._window(side, parsed, body)
            message.complete = parsed.complete or not over
            self.reading.messages.append(message)
            opaque = message.parts[0].opaque
            if opaque:
                unread = sum(end - start for start, end in parsed.body)
                tally.opaque[opaque] += unread
                size -= unread
            body.tail = bytes(message.parts[0].data[-OVERLAP:])
        tally.decoded += size
        if body.head.left is not None:
            body.head.left -= parsed.end - place
        self.done[side] = parsed.end
        if parsed.complete or over:
            self.state.bodies[side] = None
        return self.state.bodies[side] is None

    def _window(self, side: Side, parsed: Parsed, body: _Body) -> Message:
        """The next window of a body, as a message of its own."""
        data = self.exchange.streams[side].data
        encoding = parsed.headers.get("content-encoding", "identity").strip().lower()
        content = body.tail + b"".join(data[start:end] for start, end in parsed.body)
        message = _message(self.exchange, side, replace(parsed, body=[], trailer=b""), None)
        opaque = None if encoding == "identity" else f"the rest of a body in {discreet(encoding)}, longer than a window"
        message.parts = (Part(name="body", data=content, opaque=opaque),)
        if parsed.trailer:
            message.parts = (*message.parts, Part(name="trailer", data=parsed.trailer))
        message.summary += ", continued"
        return message

    def _go_on(self, inner: Exchange) -> None:
        """Read what follows an upgrade."""
        streams = tuple(self.exchange.streams[side].after(self.done[side]) for side in Side)
        if any(map(len, streams)) or inner.memory.protocol:
            found = self.exchange.scene.read(
                replace(inner, streams=(streams[0], streams[1]), final=self.exchange.final)
            )
            for side in Side:
                self.done[side] += found.consumed[side] if found.consumed else len(streams[side])
            self.reading.add(found)


def _switches(request: Parsed, response: Parsed) -> bool:
    return response.word == "101" or (request.word == "CONNECT" and response.word.startswith("2"))


def _inside(exchange: Exchange, request: Parsed, response: Parsed) -> Exchange:
    """What a connection was turned into, without its bytes."""
    connect = request.word == "CONNECT"
    target = request.target.decode("latin-1")
    return replace(
        exchange,
        streams=(Stream.empty(), Stream.empty()),
        host=without_port(target) if connect else _host(request, exchange),
        path="" if connect else path_of(target),
        extensions=response.headers.get("sec-websocket-extensions", ""),
        expected="" if connect else response.headers.get("upgrade", "").strip().lower(),
        depth=exchange.depth + 1,
        memory=exchange.memory.inside(),
    )


def _enter(exchange: Exchange, reading: Reading, side: Side, parsed: Parsed, response: Parsed | None) -> None:
    """Count the message, and keep it if the unit sent it."""
    tally = reading.tallies[side]
    size = parsed.end - parsed.start
    if side is exchange.unit:
        message = _message(exchange, side, parsed, response)
        reading.messages.append(message)
        if parsed.malformed:
            reading.notes.append(f"HTTP {message.summary}: {parsed.malformed}")
        closed = next((part.opaque for part in message.parts if part.opaque), None)
        if closed:
            unread = sum(end - start for start, end in parsed.body)
            tally.opaque[closed] += unread
            size -= unread
    tally.decoded += size


def _message(exchange: Exchange, side: Side, parsed: Parsed, response: Parsed | None) -> Message:
    stream = exchange.streams[side]
    data = stream.data
    pieces = [data[start:end] for start, end in parsed.body]
    content = decode_content(
        pieces[0] if len(pieces) == 1 else b"".join(pieces), parsed.headers.get("content-encoding", "")
    )
    header = Part(name="header", data=parsed.block)
    if side is Side.CLIENT:
        target = parsed.target.decode("latin-1")
        path = path_of(target)
        shown = target if parsed.word == "CONNECT" else path
        summary, kind = f"{parsed.word} {discreet(shown)}", parsed.word
        parts = [Part(name="url", data=parsed.target), header, *body_parts(content, parsed.headers)]
    else:
        path = exchange.path
        summary, kind = f"response {parsed.word}", "response"
        parts = [header, *body_parts(content, parsed.headers)]
    if parsed.trailer:
        parts.append(Part(name="trailer", data=parsed.trailer))
    return Message(
        channel="https" if exchange.secure else "http",
        first=stream.at(parsed.begin),
        last=stream.at(max(parsed.end - 1, parsed.begin)),
        summary=summary,
        kind=kind,
        path=path,
        host=_host(parsed, exchange),
        status=int(response.word) if response else int(parsed.word) if side is Side.SERVER else None,
        parts=tuple(parts),
        complete=parsed.complete,
        malformed=parsed.malformed,
    )


def _host(request: Parsed, exchange: Exchange) -> str | None:
    return without_port(request.headers.get("host", "")) or exchange.host
