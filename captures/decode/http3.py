"""HTTP/3 (RFC 9114) with QPACK (RFC 9204), on the streams of a QUIC connection."""

from __future__ import annotations

from dataclasses import dataclass, field

import pylsqpack

from captures.decode.http_message import Half, message
from captures.decode.model import Message, Place, Reading, Side
from captures.decode.quic_packets import variable
from captures.decode.quic_streams import Arrival, Streams, is_bidirectional
from telltale.transmission import Part

_CONTROL, _PUSH, _ENCODER, _DECODER = range(4)
"""Types of unidirectional streams: RFC 9114 section 6.2, RFC 9204 section 4.2."""
_DATA, _HEADERS, _SETTINGS, _PUSH_PROMISE = 0, 1, 4, 5
_PROTOCOL_FRAMES = frozenset({_SETTINGS, 3, 7, 13, 0x0F0700, 0x0F0701})
"""SETTINGS, CANCEL_PUSH, GOAWAY, MAX_PUSH_ID, PRIORITY_UPDATE (RFC 9218)."""
_TABLE_CAPACITY = 1
"""SETTINGS_QPACK_MAX_TABLE_CAPACITY, RFC 9204 section 5."""
_BLOCKED = 1 << 16
_LARGEST_TABLE = 1 << 20
_NOWHERE = Place(0, 0)


def looks_like(streams: Streams) -> bool:
    """A control stream of either side, which begins with SETTINGS (RFC 9114, sections 6.2.1 and 7.2.4)."""
    return any(
        not is_bidirectional(number) and bytes(half.data[:2]) == bytes((_CONTROL, _SETTINGS))
        for halves in streams.halves
        for number, half in halves.items()
    )


@dataclass(slots=True)
class _Half(Half):
    """One stream in one direction, and where it lies."""

    first: Place = _NOWHERE
    last: Place = _NOWHERE


@dataclass(slots=True)
class _Walk:
    """Reads one side's streams in the order in which their bytes arrived."""

    side: Side
    decoder: pylsqpack.Decoder
    halves: dict[int, _Half] = field(default_factory=dict)
    """Requests or responses by stream."""
    odd: list[tuple[Arrival, str, bytes]] = field(default_factory=list)
    """What is neither, and not mere protocol: where, what it is, its bytes."""
    _waiting: dict[int, bytearray] = field(default_factory=dict)
    _kinds: dict[int, int] = field(default_factory=dict)
    _blocked: dict[int, list[bytes]] = field(default_factory=dict)
    """Header sections that wait for the encoder's stream, by stream; the first is in the decoder."""
    _body_left: dict[int, int] = field(default_factory=dict)
    """Bytes that a DATA frame still lacks."""

    def take(self, arrival: Arrival) -> None:
        """More of a stream."""
        waiting = self._waiting.setdefault(arrival.stream, bytearray())
        waiting += arrival.data
        if is_bidirectional(arrival.stream):
            half = self.halves.get(arrival.stream)
            if half is None:
                half = self.halves[arrival.stream] = _Half(first=arrival.first)
            half.last = max(half.last, arrival.last)
            self._frames(arrival, waiting, half)
            return
        try:
            if arrival.stream not in self._kinds:
                self._kinds[arrival.stream], place = variable(waiting, 0)
                del waiting[:place]
        except IndexError:
            return
        match self._kinds[arrival.stream]:
            case 0:
                self._frames(arrival, waiting, None)
            case 2:
                self._encoder(bytes(waiting))
                waiting.clear()
            case 3:
                waiting.clear()
            case kind:
                self._odd(arrival, f"an HTTP/3 stream of type {kind:#x}", bytes(waiting))
                waiting.clear()

    def _frames(self, arrival: Arrival, waiting: bytearray, half: _Half | None) -> None:
        """The frames of a control or request stream, RFC 9114 section 7."""
        while waiting:
            if left := self._body_left.get(arrival.stream, 0):
                piece = bytes(waiting[:left])
                del waiting[:left]
                self._body_left[arrival.stream] = left - len(piece)
                if half:
                    half.body.append(piece)
                continue
            try:
                kind, place = variable(waiting, 0)
                size, place = variable(waiting, place)
            except IndexError:
                return
            if kind == _DATA and half:
                del waiting[:place]
                self._body_left[arrival.stream] = size
                continue
            if len(waiting) < place + size:
                return
            content = bytes(waiting[place : place + size])
            del waiting[: place + size]
            if kind == _HEADERS and half:
                self._headers(arrival.stream, half, content)
            elif kind == _PUSH_PROMISE and half:
                self._odd(arrival, "an HTTP/3 push promise", content)
            elif kind not in _PROTOCOL_FRAMES:
                self._odd(arrival, f"an HTTP/3 frame of type {kind:#x}", content)

    def _odd(self, arrival: Arrival, what: str, data: bytes) -> None:
        if any(data):
            self.odd.append((arrival, what, data))

    def _headers(self, stream: int, half: _Half, block: bytes) -> None:
        if stream in self._blocked:
            self._blocked[stream].append(block)
            return
        try:
            half.take(self.decoder.feed_header(stream, block)[1])
        except pylsqpack.StreamBlocked:
            self._blocked[stream] = []
        except pylsqpack.DecompressionFailed:
            half.malformed = half.malformed or "header section does not unpack"

    def _encoder(self, data: bytes) -> None:
        try:
            freed = self.decoder.feed_encoder(data)
        except pylsqpack.EncoderStreamError:
            for half in self.halves.values():
                half.malformed = None if half.ended else "the QPACK encoder's stream is broken"
            return
        for stream in freed:
            rest = self._blocked.pop(stream)
            try:
                self.halves[stream].take(self.decoder.resume_header(stream)[1])
            except pylsqpack.DecompressionFailed:
                self.halves[stream].malformed = "header section does not unpack"
            for block in rest:
                self._headers(stream, self.halves[stream], block)

    def finish(self, streams: Streams) -> None:
        """All has been taken: which of them are whole, and what could not be read to the end."""
        for number, half in self.halves.items():
            half.ended = streams.half(self.side, number).whole
            if number in self._blocked:
                half.malformed = "header section refers to what was not captured"


def read(streams: Streams, unit: Side, host: str | None, reading: Reading) -> None:
    """Enter the unit's requests (or responses), and what else it said, in *reading*."""
    walks = []
    for side in Side:
        # what a side may refer to is what its peer allowed
        capacity = min(_capacity(streams, side.other), _LARGEST_TABLE)
        walk = _Walk(side, pylsqpack.Decoder(capacity, _BLOCKED))
        for arrival in streams.arrivals[side]:
            walk.take(arrival)
        walk.finish(streams)
        walks.append(walk)
    mine, peer = walks[unit], walks[unit.other]
    for number, half in mine.halves.items():
        reading.messages.append(
            message(
                half,
                peer.halves.get(number),
                unit=unit,
                channel="https",
                places=(half.first, half.last),
                host=host,
                tally=reading.tallies[unit],
                version="HTTP/3",
            )
        )
    if mine.odd:
        _tell_odd(mine.odd, host, reading)


def _tell_odd(odd: list[tuple[Arrival, str, bytes]], host: str | None, reading: Reading) -> None:
    """Bytes beside requests (extensions, and reserved types that clients send to no end, RFC 9114 section 7.2.8).

    They are searched with the first request, or alone where there is none.
    """
    parts = tuple(Part(name="frame", data=data) for _, _, data in odd)
    if reading.messages:
        first = min(reading.messages, key=lambda message: message.first)
        first.parts = (*first.parts, *parts)
        return
    arrival, what, _ = odd[0]
    summary = f"{sum(len(part.data) for part in parts)} bytes in {what}" + (" and others" if len(odd) > 1 else "")
    reading.messages.append(
        Message(
            channel="https",
            first=arrival.first,
            last=odd[-1][0].last,
            summary=summary,
            kind="frame",
            host=host,
            parts=parts,
        )
    )


def _capacity(streams: Streams, side: Side) -> int:
    """The QPACK table that *side* allows its peer, by its SETTINGS (RFC 9114 section 7.2.4); 0 if it says nothing."""
    for number, half in streams.halves[side].items():
        if is_bidirectional(number) or bytes(half.data[:2]) != bytes((_CONTROL, _SETTINGS)):
            continue
        try:
            size, place = variable(half.data, 2)
            end = place + size
            while place < end:
                name, place = variable(half.data, place)
                value, place = variable(half.data, place)
                if name == _TABLE_CAPACITY:
                    return value
        except IndexError:
            return 0
    return 0
