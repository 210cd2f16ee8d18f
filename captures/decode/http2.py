"""HTTP/2 (RFC 9113) with HPACK (RFC 7541). Flow control and priorities say nothing about content: passed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from hpack import Decoder, HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    ExtensionFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
)

from captures.decode import fallback
from captures.decode.content import decode_content
from captures.decode.http1 import path_of, without_port
from captures.decode.model import Exchange, Message, Reading, Side, Stream, discreet
from telltale.transmission import Part

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""RFC 9113 section 3.4."""
_FRAME_HEADER = 9
_TABLE_LIMIT = 1 << 20
"""Bytes of HPACK table and of one header list that are followed; a peer's SETTINGS seldom allow more than 64 KiB."""

Header = tuple[bytes, bytes]


def looks_like(client: bytes, _server: bytes) -> bool:
    """The connection preface."""
    return client.startswith(PREFACE)


@dataclass(slots=True)
class _Half:
    """One stream's bytes in one direction."""

    start: int
    end: int
    headers: list[Header] = field(default_factory=list)
    trailers: list[Header] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    ended: bool = False
    malformed: str | None = None

    def value(self, name: bytes) -> str:
        """A header's value, repeated ones joined by a comma; empty if there is none."""
        return ", ".join(value.decode("latin-1") for key, value in self.headers if key == name)


class _Walk:
    """Reads one side's frames to the end of its stream."""

    def __init__(self, exchange: Exchange, reading: Reading, side: Side) -> None:
        self.exchange, self.reading, self.side = exchange, reading, side
        self.stream: Stream = exchange.streams[side]
        self.halves: dict[int, _Half] = {}
        self._hpack = Decoder(_TABLE_LIMIT)
        self._hpack.max_allowed_table_size = _TABLE_LIMIT
        self._block = bytearray()
        """Header block fragments until END_HEADERS (RFC 9113 section 4.3)."""

    def run(self) -> None:
        data, size = memoryview(self.stream.data), len(self.stream)
        tally = self.reading.tallies[self.side]
        place = len(PREFACE) if self.side is Side.CLIENT else 0
        place = min(place, size)
        tally.decoded += place
        while place < size:
            end = place + _FRAME_HEADER + int.from_bytes(data[place : place + 3])
            if place + _FRAME_HEADER > size or end > size:
                self._cut(data[place:], place)
                tally.decoded += size - place
                return
            try:
                frame, _ = Frame.parse_frame_header(data[place : place + _FRAME_HEADER])
                frame.parse_body(data[place + _FRAME_HEADER : end])
                self._frame(frame, place, end)
            except (HyperframeError, HPACKError) as error:
                reason = f"{type(error).__name__} in an HTTP/2 frame"
                for half in self.halves.values():
                    half.malformed = None if half.ended else reason
                fallback.rest(self.exchange, self.reading, self.side, place, reason)
                return
            tally.decoded += end - place
            place = end

    def _cut(self, rest: memoryview, place: int) -> None:
        """The last frame is cut off: what is there of a body still counts."""
        if len(rest) <= _FRAME_HEADER:
            return
        kind, flags = rest[3], rest[4]
        half = self.halves.get(int.from_bytes(rest[5:9]) & 0x7FFF_FFFF)
        if kind == DataFrame.type and half:
            half.body.append(bytes(rest[_FRAME_HEADER + (flags >> 3 & 1) :]))
            half.end = len(self.stream)
        elif kind == HeadersFrame.type:
            new = self._half(int.from_bytes(rest[5:9]) & 0x7FFF_FFFF, place)
            new.end, new.malformed = len(self.stream), "header block cut off"

    def _half(self, number: int, place: int) -> _Half:
        half = self.halves.get(number)
        if half is None:
            half = self.halves[number] = _Half(place, place)
        return half

    def _frame(self, frame: Frame, place: int, end: int) -> None:
        if isinstance(frame, DataFrame):
            half = self._half(frame.stream_id, place)
            half.body.append(frame.data)
        elif isinstance(frame, HeadersFrame | ContinuationFrame):
            half = self._half(frame.stream_id, place)
            self._block += frame.data
            if "END_HEADERS" in frame.flags:
                self._headers(half)
        elif isinstance(frame, PushPromiseFrame):
            self._block += frame.data
            if "END_HEADERS" in frame.flags:
                self._headers(_Half(place, end))  # only to keep the table in step
            return
        elif isinstance(frame, RstStreamFrame):
            return
        else:
            self._other(frame, place, end)
            return
        half.end = end
        half.ended = half.ended or "END_STREAM" in frame.flags

    def _headers(self, half: _Half) -> None:
        block, self._block = bytes(self._block), bytearray()
        headers = cast("list[Header]", [(key, value) for key, value in self._hpack.decode(block, raw=True)])
        if (b":status", b"100") <= (headers or [(b"", b"")])[0] < (b":status", b"200"):
            return  # interim responses, RFC 9110 section 15.2
        if half.headers:
            half.trailers += headers
        else:
            half.headers = headers

    def _other(self, frame: Frame, place: int, end: int) -> None:
        """Frames that could carry more than protocol: an extension's, and the debug data of GOAWAY."""
        data = frame.body if isinstance(frame, ExtensionFrame) else b""
        if isinstance(frame, GoAwayFrame):
            data = frame.additional_data
        if data and self.side is self.exchange.unit:
            message = fallback.raw(self.exchange, self.stream, place, end)
            message.channel = _channel(self.exchange)
            message.kind = "frame"
            message.summary = f"{len(data)} bytes in an HTTP/2 {type(frame).__name__}"
            self.reading.messages.append(message)


def parse(exchange: Exchange) -> Reading:
    """Streams of the unit's side as messages, with the status that the other side answered."""
    reading = Reading()
    walks = [_Walk(exchange, reading, side) for side in Side]
    for walk in walks:
        walk.run()
    mine, peer = walks[exchange.unit], walks[exchange.unit.other]
    for number, half in mine.halves.items():
        answer = peer.halves.get(number)
        status = _status(answer if exchange.unit is Side.CLIENT else half)
        message = _message(exchange, half, status, peer.halves.get(number))
        reading.messages.append(message)
        for part in message.parts:
            if part.opaque:
                unread = sum(map(len, half.body))
                reading.tallies[exchange.unit].decoded -= unread
                reading.tallies[exchange.unit].opaque[part.opaque] += unread
    return reading


def _status(half: _Half | None) -> int | None:
    text = half.value(b":status") if half else ""
    return int(text) if text.isdecimal() else None


def _channel(exchange: Exchange) -> str:
    return "https" if exchange.secure else "http"


def _message(exchange: Exchange, half: _Half, status: int | None, peer: _Half | None) -> Message:
    stream = exchange.streams[exchange.unit]
    content = decode_content(b"".join(half.body), half.value(b"content-encoding"))
    request = half if exchange.unit is Side.CLIENT else peer
    method = request.value(b":method") if request else ""
    target = request.value(b":path") if request else ""
    authority = (request.value(b":authority") or request.value(b"host")) if request else ""
    parts = [Part(name="header", data=_block(half.headers))]
    if exchange.unit is Side.CLIENT:
        parts.insert(0, Part(name="url", data=target.encode("latin-1")))
    if content.data:
        parts.append(Part(name="body", data=content.data, encoding=content.encoding, opaque=content.opaque))
    if half.trailers:
        parts.append(Part(name="trailer", data=_block(half.trailers)))
    path = path_of(target)
    summary = f"{method} {discreet(path)}" if exchange.unit is Side.CLIENT else f"response {status}"
    return Message(
        channel=_channel(exchange),
        first=stream.at(half.start),
        last=stream.at(half.end - 1),
        summary=summary,
        kind=method if exchange.unit is Side.CLIENT else "response",
        path=path,
        host=without_port(authority) or exchange.host,
        status=status,
        parts=tuple(parts),
        complete=half.ended,
        malformed=half.malformed,
    )


def _block(headers: list[Header]) -> bytes:
    """Header lines as in HTTP/1.1; ``:path`` is the url, and of the pseudo-headers only ``:authority`` says more."""
    return b"".join(
        name + b": " + value + b"\r\n"
        for name, value in headers
        if not name.startswith(b":") or name not in (b":path", b":method", b":scheme", b":status")
    )
