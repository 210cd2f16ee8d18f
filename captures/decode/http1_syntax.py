"""The messages of HTTP/1.0 and 1.1 (RFC 9112) as they lie in a stream, read tolerantly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from captures.decode.model import Ending, Side, Stream

_HEAD_LIMIT = 1 << 20
_BODILESS = frozenset({"204", "304"})
_DIGITS = 18
"""Of a length that can be one."""
_COMMON = 1024
"""Bytes of a head or a line, up to which what was made of it is remembered."""
REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) +(\S.*?) +HTTP/1\.[0-9]\s*\Z", re.DOTALL)
_STATUS = re.compile(rb"HTTP/1\.[0-9] +([0-9]{3})(?: |\s*\Z)", re.DOTALL)
BEGINS_REQUEST = re.compile(rb"\r?\n?[A-Z][A-Z-]{2,19} [^\s\0]")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


@dataclass(slots=True)
class Parsed:
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
    left: int | None = None
    """Bytes of the body that its Content-Length still announces; None where it has none."""
    resume: int = 0
    """Where the rest of a body can be read on: behind what there is, or at the chunk that is not whole."""

    def reaches(self, size: int) -> bool:
        """Whether so much of a body that goes on can be handed out."""
        return bool(self.body) and self.resume - self.body[0][0] >= size

    def cut(self) -> None:
        """End it where it can be read on."""
        self.body = [(start, min(end, self.resume)) for start, end in self.body if start < self.resume]
        self.end = self.resume


class _Head(NamedTuple):
    """The head of a message: its first line, and its fields."""

    word: str
    target: bytes
    block: bytes
    headers: dict[str, str]
    """Shared by all messages with the same head: not to be changed."""


def read_message(stream: Stream, start: int, side: Side, method: str = "") -> Parsed | None:
    """The message at *start*; None if there is none."""
    data, begin = stream.data, start
    while data.startswith((b"\r", b"\n"), begin):  # RFC 9112 section 2.2
        begin += 1
    head_end, body_start = _head(data, begin)
    read = _read_head if head_end - begin > _COMMON else _common_head
    head = read(data[begin:head_end], side, body_start < 0)
    if head is None:
        return None
    parsed = Parsed(start, begin, 0, head.word, head.target, head.block, head.headers)
    if body_start < 0:
        parsed.end, parsed.complete = len(data), False
        return parsed
    _body(stream, parsed, body_start, side, method)
    return parsed


def _read_head(head: bytes, side: Side, cut: bool) -> _Head | None:  # noqa: FBT001 - a cache knows no keywords apart
    """What a head says; None if it is none. One that is *cut* off may end in its first line."""
    line, more, rest = head.partition(b"\n")
    line = line.rstrip(b"\r")
    word, target = "", b""
    if side is Side.SERVER:
        match = _STATUS.match(line)
        if not match:
            return None
        word = match[1].decode()
    elif match := REQUEST.match(line):
        word, target = match[1].decode(), match[2]
    elif cut and not more and BEGINS_REQUEST.match(line):
        begun, _, target = line.partition(b" ")
        word = begun.decode()
    else:
        return None
    headers: dict[str, str] = {}
    return _Head(word, target, _fields(rest, headers), headers)


_common_head = lru_cache(maxsize=512)(_read_head)
"""Answers are nearly all the same, and so are many requests."""


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
    lines = [line for raw in block.split(b"\n") if (line := raw.rstrip(b"\r"))]
    for line in lines:
        key, value = _common_field(line) if len(line) < _COMMON else _field(line)
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return b"\r\n".join((*lines, b""))


def _field(line: bytes) -> tuple[str, str]:
    """Name in lower case and value of a field line, RFC 9112 section 5."""
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()


_common_field = lru_cache(maxsize=2048)(_field)
"""A client says the same of itself again and again."""


def _body(stream: Stream, parsed: Parsed, place: int, side: Side, method: str) -> None:
    """Body length by RFC 9112 section 6.3."""
    size = len(stream.data)
    length = parsed.headers.get("content-length", "")
    if side is Side.SERVER and _is_bodiless(parsed.word, method):
        parsed.end = place
    elif _is_chunked(parsed):
        _chunks(stream, parsed, place)
    elif length and (lengths := _lengths(length)):
        _announced(parsed, place, size, lengths)
    elif side is Side.SERVER:
        parsed.body, parsed.end, parsed.resume = [(place, size)], size, size
        parsed.complete = stream.ending is Ending.CLOSED
    else:
        parsed.end = place


def _is_bodiless(status: str, method: str) -> bool:
    return (
        status in _BODILESS
        or status.startswith("1")
        or method == "HEAD"
        or (method == "CONNECT" and status.startswith("2"))
    )


def _lengths(length: str) -> set[str]:
    """What a Content-Length says, which may be repeated."""
    return {length} if length.isdecimal() else {word.strip() for word in length.split(",")} - {""}


def _announced(parsed: Parsed, place: int, size: int, lengths: set[str]) -> None:
    """A body by its Content-Length."""
    told = lengths.pop()
    if lengths or not told.isdecimal() or len(told) > _DIGITS:
        parsed.malformed = "contradictory Content-Length" if lengths else "Content-Length is no number"
        end = size
    else:
        parsed.left = int(told)
        end = place + parsed.left
    parsed.complete = end <= size and not parsed.malformed
    parsed.end = parsed.resume = min(end, size)
    parsed.body = [(place, parsed.end)]


def read_on(stream: Stream, head: Parsed, place: int) -> Parsed:
    """More of the body of *head* from *place* on, as a message without a head, which says how much is to come."""
    size = len(stream)
    parsed = replace(head, start=place, begin=place, body=[], trailer=b"", complete=True, resume=0)
    if head.left is not None:
        parsed.end = parsed.resume = min(place + head.left, size)
        parsed.body, parsed.complete = [(place, parsed.end)], parsed.end - place == head.left
    elif _is_chunked(parsed):
        _chunks(stream, parsed, place)
    else:
        parsed.body, parsed.end, parsed.resume = [(place, size)], size, size
        parsed.complete = stream.ending is Ending.CLOSED
    return parsed


def _is_chunked(parsed: Parsed) -> bool:
    """By its headers."""
    coding = parsed.headers.get("transfer-encoding")
    return coding is not None and "chunked" in coding.lower()


def _chunks(stream: Stream, parsed: Parsed, place: int) -> None:
    """The chunked coding, RFC 9112 section 7.1."""
    data, size = stream.data, len(stream)
    while True:
        parsed.resume = place
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


@lru_cache(maxsize=1024)
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
