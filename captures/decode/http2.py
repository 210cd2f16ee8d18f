"""HTTP/2 (RFC 9113) with HPACK (RFC 7541). Flow control and priorities say nothing about content: passed over."""

from __future__ import annotations

from dataclasses import dataclass
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
from captures.decode.http_message import Half, Header, message
from captures.decode.model import Exchange, Reading, Side, Stream

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""RFC 9113 section 3.4."""
_FRAME_HEADER = 9
_TABLE_LIMIT = 1 << 20
"""Bytes of HPACK table and of one header list that are followed; a peer's SETTINGS seldom allow more than 64 KiB."""


def looks_like(client: bytes, _server: bytes) -> bool:
    """The connection preface."""
    return client.startswith(PREFACE)


@dataclass(slots=True)
class _Half(Half):
    """One stream in one direction, and where it lies."""

    start: int = 0
    end: int = 0


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
                if self._body_goes_on(data[place:]):
                    tally.decoded += size - place
                else:
                    fallback.rest(self.exchange, self.reading, self.side, place, "HTTP/2 frame cut off")
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

    def _body_goes_on(self, rest: memoryview) -> bool:
        """Whether the last frame, which is cut off, holds some of a body: what is there of it still counts."""
        if len(rest) <= _FRAME_HEADER or rest[3] != DataFrame.type:
            return False
        half = self.halves.get(int.from_bytes(rest[5:9]) & 0x7FFF_FFFF)
        if half is None:
            return False
        padded = rest[4] >> 3 & 1
        half.body.append(bytes(rest[_FRAME_HEADER + padded :]))
        half.end = len(self.stream)
        return True

    def _half(self, number: int, place: int) -> _Half:
        half = self.halves.get(number)
        if half is None:
            half = self.halves[number] = _Half(start=place, end=place)
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
                self._headers(_Half())  # only to keep the table in step
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
        half.take(headers)

    def _other(self, frame: Frame, place: int, end: int) -> None:
        """Frames that could carry more than protocol: an extension's, and the debug data of GOAWAY."""
        data = frame.body if isinstance(frame, ExtensionFrame) else b""
        if isinstance(frame, GoAwayFrame):
            data = frame.additional_data
        if data and self.side is self.exchange.unit:
            found = fallback.raw(self.exchange, self.stream, place, end)
            found.channel = _channel(self.exchange)
            found.kind = "frame"
            found.summary = f"{len(data)} bytes in an HTTP/2 {type(frame).__name__}"
            self.reading.messages.append(found)


def parse(exchange: Exchange) -> Reading:
    """Streams of the unit's side as messages, with the status that the other side answered."""
    reading = Reading()
    walks = [_Walk(exchange, reading, side) for side in Side]
    for walk in walks:
        walk.run()
    mine, peer = walks[exchange.unit], walks[exchange.unit.other]
    stream = exchange.streams[exchange.unit]
    for number, half in mine.halves.items():
        reading.messages.append(
            message(
                half,
                peer.halves.get(number),
                unit=exchange.unit,
                channel=_channel(exchange),
                places=(stream.at(half.start), stream.at(half.end - 1)),
                host=exchange.host,
                tally=reading.tallies[exchange.unit],
            )
        )
    return reading


def _channel(exchange: Exchange) -> str:
    return "https" if exchange.secure else "http"
