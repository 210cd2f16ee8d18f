"""HTTP/1.0 and 1.1 (RFC 9112), read tolerantly: what a car sends is evidence, well-formed or not."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from captures.decode import fallback
from captures.decode.content import decode_content
from captures.decode.model import Ending, Exchange, Message, Reading, Side, Stream, discreet
from telltale.transmission import Part

_HEAD_LIMIT = 1 << 20
_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) +(\S.*?) +HTTP/1\.[0-9]\s*\Z", re.DOTALL)
_STATUS = re.compile(rb"HTTP/1\.[0-9] +([0-9]{3})(?: |\s*\Z)", re.DOTALL)
_BEGINS_REQUEST = re.compile(rb"\r?\n?[A-Z][A-Z-]{2,19} [^\s\0]")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


def looks_like(client: bytes, server: bytes) -> bool:
    """A request line, also one cut off; or an answer's status line."""
    if server.startswith(b"HTTP/1.") and not client:
        return True
    if not _BEGINS_REQUEST.match(client):
        return False
    line, end, _ = client.lstrip(b"\r\n").partition(b"\n")
    if end:
        return _REQUEST.match(line) is not None
    target = line.partition(b" ")[2]
    return target.startswith((b"/", b"http", b"*")) and target.isascii()


@dataclass(slots=True)
class _Parsed:
    """A request or response as it lies in its stream."""

    start: int
    begin: int
    """After empty lines in front of it."""
    end: int = 0
    word: str = ""
    """Method, or status in digits."""
    target: bytes = b""
    block: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name; repeated ones joined by a comma (RFC 9110 section 5.3)."""
    body: list[tuple[int, int]] = field(default_factory=list)
    trailer: bytes = b""
    complete: bool = True
    malformed: str | None = None


def parse(exchange: Exchange) -> Reading:
    """Requests paired with their responses; what follows an upgrade is read as the protocol it turned into."""
    reading = Reading()
    client, server = exchange.streams
    place = answered = 0
    while place < len(client):
        request = _read(client, place, Side.CLIENT)
        if request is None:
            fallback.rest(exchange, reading, Side.CLIENT, place, "not an HTTP request")
            break
        place = request.end
        answered, response = _response(exchange, reading, answered, request)
        _enter(exchange, reading, Side.CLIENT, request, response)
        if response and _switches(request, response):
            _upgraded(exchange, reading, request, response)
            return reading
    while answered < len(server):  # answers to requests that were not captured
        answered, response = _response(exchange, reading, answered, None)
        if response is None:
            fallback.rest(exchange, reading, Side.SERVER, answered, "not an HTTP response")
            break
    return reading


def _response(exchange: Exchange, reading: Reading, place: int, request: _Parsed | None) -> tuple[int, _Parsed | None]:
    """The final response that begins at *place* (interim ones, 100 to 199, are passed by), and where it ends."""
    server = exchange.streams[Side.SERVER]
    while place < len(server):
        response = _read(server, place, Side.SERVER, method=request.word if request else "")
        if response is None:
            return place, None
        place = response.end
        _enter(exchange, reading, Side.SERVER, response, None)
        if not response.word.startswith("1") or response.word == "101":
            return place, response
    return place, None


def _switches(request: _Parsed, response: _Parsed) -> bool:
    return response.word == "101" or (request.word == "CONNECT" and response.word.startswith("2"))


def _upgraded(exchange: Exchange, reading: Reading, request: _Parsed, response: _Parsed) -> None:
    connect = request.word == "CONNECT"
    target = request.target.decode("latin-1")
    host = without_port(target) if connect else _host(request, exchange)
    inner = replace(
        exchange,
        streams=(exchange.streams[0].after(request.end), exchange.streams[1].after(response.end)),
        host=host,
        path="" if connect else path_of(target),
        extensions=response.headers.get("sec-websocket-extensions", ""),
        expected="" if connect else response.headers.get("upgrade", "").strip().lower(),
        depth=exchange.depth + 1,
    )
    if any(len(stream) for stream in inner.streams):
        reading.add(exchange.scene.read(inner))


def _read(stream: Stream, start: int, side: Side, method: str = "") -> _Parsed | None:
    """The message at *start*; None if there is none."""
    data, begin = stream.data, start
    while data.startswith((b"\r", b"\n"), begin):  # RFC 9112 section 2.2
        begin += 1
    head_end, body_start = _head(data, begin)
    line_end = data.find(b"\n", begin, head_end)
    line = data[begin : line_end if line_end >= 0 else head_end].rstrip(b"\r")
    parsed = _Parsed(start=start, begin=begin)
    if side is Side.CLIENT:
        match = _REQUEST.match(line)
        if match:
            parsed.word, parsed.target = match[1].decode(), match[2]
        elif body_start < 0 and line_end < 0 and _BEGINS_REQUEST.match(line):
            word, _, parsed.target = line.partition(b" ")
            parsed.word = word.decode()
        else:
            return None
    else:
        match = _STATUS.match(line)
        if not match:
            return None
        parsed.word = match[1].decode()
    if line_end >= 0:
        parsed.block = _fields(data[line_end + 1 : head_end], parsed.headers)
    if body_start < 0:
        parsed.end, parsed.complete = len(data), False
        return parsed
    _body(stream, parsed, body_start, side, method)
    return parsed


def _head(data: bytes, start: int) -> tuple[int, int]:
    """Where the head's last line ends, and where the body starts (-1: the head is cut off)."""
    limit = start + _HEAD_LIMIT
    end = data.find(b"\r\n\r\n", start, limit)
    bare = data.find(b"\n\n", start, end if end >= 0 else limit)
    if bare >= 0:
        return bare, bare + 2
    return (end, end + 4) if end >= 0 else (min(len(data), limit), -1)


def _fields(block: bytes, headers: dict[str, str]) -> bytes:
    """Enter the field lines of *block* into *headers*; the block again, every line ended by CRLF."""
    lines = [line.rstrip(b"\r") for line in block.split(b"\n")]
    lines = [line for line in lines if line]
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        key, value = name.strip().lower(), value.strip()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return b"".join(line + b"\r\n" for line in lines)


def _body(stream: Stream, parsed: _Parsed, place: int, side: Side, method: str) -> None:
    """Body length by RFC 9112 section 6.3."""
    size = len(stream)
    bodiless = side is Side.SERVER and (
        method == "HEAD"
        or parsed.word.startswith("1")
        or parsed.word in ("204", "304")
        or (method == "CONNECT" and parsed.word.startswith("2"))
    )
    lengths = {word.strip() for word in parsed.headers.get("content-length", "").split(",")} - {""}
    if bodiless:
        parsed.end = place
    elif "chunked" in parsed.headers.get("transfer-encoding", "").lower():
        _chunks(stream, parsed, place)
    elif lengths:
        told = lengths.pop()
        if lengths or not told.isdecimal() or len(told) > 18:
            parsed.malformed = "contradictory Content-Length" if lengths else "Content-Length is no number"
            end = size
        else:
            end = place + int(told)
        parsed.complete = end <= size and not parsed.malformed
        parsed.end = min(end, size)
        parsed.body = [(place, parsed.end)]
    elif side is Side.SERVER:
        parsed.body, parsed.end = [(place, size)], size
        parsed.complete = stream.ending is Ending.CLOSED
    else:
        parsed.end = place


def _chunks(stream: Stream, parsed: _Parsed, place: int) -> None:
    """The chunked coding, RFC 9112 section 7.1."""
    data, size = stream.data, len(stream)
    while True:
        match = _CHUNK_SIZE.match(data, place, place + 4096)
        if match is None:
            if size - place > 32 and data.find(b"\n", place, place + 4096) >= 0:
                parsed.malformed = "bad chunk size"
            parsed.body.append((place, size))
            parsed.end, parsed.complete = size, False
            return
        length, place = int(match[1], 16), match.end()
        if length == 0:
            break
        parsed.body.append((place, min(place + length, size)))
        place += length
        if place + 2 > size:
            parsed.end, parsed.complete = size, False
            return
        place += 2 if data[place : place + 2] == b"\r\n" else data[place : place + 1] == b"\n"
    if data.startswith((b"\r\n", b"\n"), place):
        parsed.end = data.index(b"\n", place) + 1
        return
    end, after = _head(data, place)
    parsed.trailer = _fields(data[place:end], {})
    parsed.end, parsed.complete = (after, True) if after >= 0 else (end, False)


def _enter(exchange: Exchange, reading: Reading, side: Side, parsed: _Parsed, response: _Parsed | None) -> None:
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


def _message(exchange: Exchange, side: Side, parsed: _Parsed, response: _Parsed | None) -> Message:
    stream = exchange.streams[side]
    data = stream.data
    pieces = [data[start:end] for start, end in parsed.body]
    content = decode_content(
        pieces[0] if len(pieces) == 1 else b"".join(pieces), parsed.headers.get("content-encoding", "")
    )
    parts = [Part(name="header", data=parsed.block)]
    if content.data:
        parts.append(Part(name="body", data=content.data, encoding=content.encoding, opaque=content.opaque))
    if parsed.trailer:
        parts.append(Part(name="trailer", data=parsed.trailer))
    path = exchange.path
    if side is Side.CLIENT:
        parts.insert(0, Part(name="url", data=parsed.target))
        target = parsed.target.decode("latin-1")
        path = path_of(target)
        shown = target if parsed.word == "CONNECT" else path
        summary, kind = f"{parsed.word} {discreet(shown)}", parsed.word
    else:
        summary, kind = f"response {parsed.word}", "response"
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


def _host(request: _Parsed, exchange: Exchange) -> str | None:
    return without_port(request.headers.get("host", "")) or exchange.host


def without_port(authority: str) -> str | None:
    """``[::1]:443`` and ``x.example:443`` without the port."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower() or None
    return authority.rpartition("@")[2].partition(":")[0].strip().lower() or None


def path_of(target: str) -> str:
    """The path of an origin-form or absolute-form target (RFC 9112 section 3.2)."""
    if "://" in target[:12]:
        target = "/" + target.partition("://")[2].partition("/")[2]
    return target.partition("?")[0].partition("#")[0]
