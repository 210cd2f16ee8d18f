"""WebSocket (RFC 6455) with permessage-deflate (RFC 7692), after the upgrade that HTTP/1.1 saw."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from captures.decode import fallback
from captures.decode.content import BOMB, LIMIT
from captures.decode.model import Exchange, Message, Reading, Side
from telltale.transmission import Part

_CONTINUATION, _CLOSE = 0, 8
_KINDS = {1: "text", 2: "binary", _CLOSE: "close", 9: "ping", 10: "pong"}
"""RFC 6455 section 5.2."""
_FIN, _COMPRESSED, _RESERVED, _MASKED = 0x80, 0x40, 0x30, 0x80
_BROKEN = "permessage-deflate data does not unpack"


class _Frame(NamedTuple):
    start: int
    end: int
    opcode: int
    final: bool
    compressed: bool
    payload: bytes
    whole: bool
    bare: bool
    """Whether it is cut off before its payload."""


@dataclass(slots=True)
class _Growing:
    """A message of several frames, until its last."""

    first: _Frame
    last: _Frame
    pieces: list[bytes] = field(default_factory=list)


def parse(exchange: Exchange) -> Reading:
    """Messages of the unit's side; control frames are messages when they carry a payload of their own."""
    reading = Reading()
    for side in Side:
        _side(exchange, reading, side)
    return reading


def _side(exchange: Exchange, reading: Reading, side: Side) -> None:
    stream, tally = exchange.streams[side], reading.tallies[side]
    wanted = side is exchange.unit
    unpack = _Unpacker(exchange.extensions, side) if "permessage-deflate" in exchange.extensions else None
    place = 0
    growing: _Growing | None = None
    while place < len(stream):
        frame = _read(stream.data, place, wanted=wanted)
        if frame is None or frame.bare:
            if growing:
                _enter(exchange, reading, growing, unpack)
            reason = "not a WebSocket frame" if frame is None else "WebSocket frame cut off"
            fallback.rest(exchange, reading, side, place, reason)
            return
        tally.decoded += frame.end - place
        place = frame.end
        if not wanted:
            continue
        if frame.opcode >= _CLOSE:
            told = frame.payload[2:] if frame.opcode == _CLOSE else frame.payload
            if told or not frame.whole:
                reading.messages.append(_message(exchange, frame, frame, Part(name="payload", data=told)))
            continue
        if growing and frame.opcode != _CONTINUATION:
            _enter(exchange, reading, growing, unpack)
            growing = None
        growing = growing or _Growing(frame, frame)
        growing.pieces.append(frame.payload)
        growing.last = frame
        if frame.final or not frame.whole:
            _enter(exchange, reading, growing, unpack)
            growing = None
    if growing:
        _enter(exchange, reading, growing, unpack)


def _enter(exchange: Exchange, reading: Reading, growing: _Growing, unpack: _Unpacker | None) -> None:
    """The unit's message of the frames so far, whether its last is among them or not."""
    payload, opaque = b"".join(growing.pieces), None
    if growing.first.compressed and unpack:
        payload, opaque = unpack(payload)
    part = Part(name="payload", data=payload, opaque=opaque)
    reading.messages.append(_message(exchange, growing.first, growing.last, part))
    if opaque:
        size, tally = sum(map(len, growing.pieces)), reading.tallies[exchange.unit]
        tally.decoded -= size
        tally.opaque[opaque] += size


def _message(exchange: Exchange, first: _Frame, last: _Frame, payload: Part) -> Message:
    stream = exchange.streams[exchange.unit]
    kind = _KINDS.get(first.opcode, "binary")
    return Message(
        channel="ws",
        first=stream.at(first.start),
        last=stream.at(last.end - 1),
        summary=f"WebSocket {kind}, {len(payload.data)} bytes",
        kind=kind,
        path=exchange.path,
        host=exchange.host,
        parts=(payload,),
        complete=last.final and last.whole,
    )


def _read(data: bytes, start: int, *, wanted: bool) -> _Frame | None:
    """The frame at *start*, perhaps cut off; None if there is none. The payload is unmasked only if *wanted*."""
    first = data[start]
    opcode = first & 15
    if first & _RESERVED or (opcode not in _KINDS and opcode != _CONTINUATION):
        return None
    head = data[start + 1 : start + 14]
    size = head[0] & 127 if head else 0
    place, mask = start + 2, b""
    if size >= 126:
        extra = 2 if size == 126 else 8
        size = int.from_bytes(head[1 : 1 + extra])
        place += extra
    if head and head[0] & _MASKED:
        mask, place = data[place : place + 4], place + 4
    end = place + size
    whole = end <= len(data)
    payload = data[place:end] if wanted else b""
    if payload and mask:
        payload = unmasked(payload, mask)
    bare = not whole and place >= len(data)
    return _Frame(
        start, min(end, len(data)), opcode, bool(first & _FIN), bool(first & _COMPRESSED), payload, whole, bare
    )


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """RFC 6455 section 5.3, as one exclusive-or of two long numbers."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)


class _Unpacker:
    """permessage-deflate for one side, RFC 7692 section 7.2.2."""

    def __init__(self, extensions: str, side: Side) -> None:
        self._forgets = f"{side.name.lower()}_no_context_takeover" in extensions
        self._inflater = zlib.decompressobj(-15)

    def __call__(self, payload: bytes) -> tuple[bytes, str | None]:
        """The message, or as much as can be had of it and why not more."""
        if self._forgets:
            self._inflater = zlib.decompressobj(-15)
        try:
            out = self._inflater.decompress(payload + b"\0\0\xff\xff", LIMIT)
        except zlib.error:
            return payload, _BROKEN
        return out, BOMB if self._inflater.unconsumed_tail else None
