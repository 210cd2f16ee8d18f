"""Bodies of HTTP that are framed within: gRPC and what is like it, server-sent events. Each message is a part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from captures.decode.content import Content, decode_content
from telltale.transmission import Part

_ENVELOPE = 5
"""A byte of flags and four of length, before each message."""
_COMPRESSED, _CONNECT_END, _TRAILER = 1, 2, 0x80
_MOST = 1 << 16
"""Messages of one body that are taken apart; what follows stays together."""

_EVENTS = "text/event-stream"
_ENVELOPED = {
    "application/grpc": "grpc-encoding",
    "application/connect": "connect-content-encoding",
}
"""Media types, with what follows a + or - (``application/grpc-web+proto``), and the header naming the compression.

gRPC over HTTP2 (the project's PROTOCOL-HTTP2.md) and gRPC-Web (PROTOCOL-WEB.md: a message with the top bit set holds
the trailers); the Connect protocol's streams, whose last envelope has the second bit set. The text form of gRPC-Web is
base64 and stays as it is.
"""


def is_grpc(media_type: str) -> bool:
    """Whether a Content-Type is gRPC's."""
    return media_type.strip().lower().startswith("application/grpc")


def body_parts(content: Content, headers: Mapping[str, str]) -> list[Part]:
    """The parts of a body whose Content-Encoding is off; a single ``body`` where nothing is framed, or wrongly.

    :param headers: of the message that the body belongs to, by lower-case name
    """
    if not content.data:
        return []
    framing = _framing(headers.get("content-type", ""))
    if framing is None:
        return [Part(name="body", data=content.data, encoding=content.encoding, opaque=content.opaque)]
    if framing == _EVENTS:
        parts, rest = _gathered(content.data, _events(content.data))
    else:
        parts, rest = _gathered(content.data, _envelopes(content.data, headers.get(framing, "")))
    parts = [
        Part(name=part.name, data=part.data, encoding=content.encoding + part.encoding, opaque=part.opaque)
        for part in parts
        if part.data
    ]
    if rest or content.opaque:
        parts.append(Part(name="body", data=rest, encoding=content.encoding, opaque=content.opaque))
    return parts


@lru_cache(maxsize=256)
def _framing(content_type: str) -> str | None:
    """The header with the compression of what a media type frames, or `_EVENTS`; None if it frames nothing."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _EVENTS:
        return _EVENTS
    if "-text" in media_type:
        return None
    return next((coding for start, coding in _ENVELOPED.items() if media_type.startswith(start)), None)


def _gathered(data: bytes, found: Iterator[tuple[list[Part], int]]) -> tuple[list[Part], bytes]:
    """The parts that a reader finds, and what it left."""
    parts: list[Part] = []
    end = 0
    for count, (read, after) in enumerate(found):
        if count == _MOST:
            break
        parts += read
        end = after
    return parts, data[end:]


def _envelopes(data: bytes, coding: str) -> Iterator[tuple[list[Part], int]]:
    place, size = 0, len(data)
    while place + _ENVELOPE <= size:
        flags = data[place]
        end = place + _ENVELOPE + int.from_bytes(data[place + 1 : place + _ENVELOPE])
        if end > size or flags & ~(_COMPRESSED | _CONNECT_END | _TRAILER):
            return
        inner = data[place + _ENVELOPE : end]
        name = "trailer" if flags & (_TRAILER | _CONNECT_END) else "message"
        content = decode_content(inner, coding) if flags & _COMPRESSED else Content(inner, (), None)
        yield [Part(name=name, data=content.data, encoding=content.encoding, opaque=content.opaque)], end
        place = end


def _events(data: bytes) -> Iterator[tuple[list[Part], int]]:
    """HTML standard, section 9.2.6: the lines of an event's data are joined; an empty line ends it."""
    place = len(_MARK) if data.startswith(_MARK) else 0
    while place < len(data):
        blank = _BLANK.search(data, place)
        end, after = blank.span() if blank else (len(data), len(data))
        told: dict[str, list[bytes]] = {}
        for line in data[place:end].splitlines():
            name, _, value = line.partition(b":")
            told.setdefault(_LINES.get(name, "field"), []).append(value.removeprefix(b" ") if name in _LINES else line)
        yield [Part(name=name, data=b"\n".join(values)) for name, values in told.items()], after
        place = after


_MARK = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINES = {b"data": "event", b"event": "event_type", b"id": "event_id", b"retry": "retry", b"": "comment"}
"""Part by the name of a line; what a client would ignore is kept as ``field``."""
