"""Frames of QUIC: RFC 9000, section 19; datagrams of RFC 9221; what carries nothing but protocol is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from captures.decode.quic_packets import variable

PADDING, PING, ACK, ACK_ECN = 0x00, 0x01, 0x02, 0x03
RESET_STREAM, CRYPTO, NEW_TOKEN, STREAM, NEW_CONNECTION_ID = 0x04, 0x06, 0x07, 0x08, 0x18
CLOSE, CLOSE_APPLICATION, DATAGRAM, DATAGRAM_WITH_LENGTH = 0x1C, 0x1D, 0x30, 0x31
_FIN, _LENGTH, _OFFSET = 1, 2, 4
"""Bits in the type of a STREAM frame, section 19.8."""

_NUMBERS = {
    PADDING: 0,
    PING: 0,
    RESET_STREAM: 3,
    0x05: 2,  # STOP_SENDING
    0x10: 1,  # MAX_DATA
    0x11: 2,  # MAX_STREAM_DATA
    0x12: 1,  # MAX_STREAMS
    0x13: 1,
    0x14: 1,  # DATA_BLOCKED
    0x15: 2,  # STREAM_DATA_BLOCKED
    0x16: 1,  # STREAMS_BLOCKED
    0x17: 1,
    0x19: 1,  # RETIRE_CONNECTION_ID
    0x1E: 0,  # HANDSHAKE_DONE
    0x1F: 0,  # IMMEDIATE_ACK (draft-ietf-quic-ack-frequency)
    0xAF: 4,  # ACK_FREQUENCY
}
"""Frames that are a row of numbers: how many."""
_FIXED = {0x1A: 8, 0x1B: 8}
"""PATH_CHALLENGE and PATH_RESPONSE: bytes."""


class Frame(NamedTuple):
    """A frame that says something; fields that it does not have are 0 or empty."""

    kind: int
    """STREAM for all of its eight types."""
    stream: int = 0
    offset: int = 0
    data: bytes = b""
    """Of a stream, of the handshake, of a datagram; a connection id; the reason of a close."""
    end: bool = False
    error: int = 0


class UnknownFrameError(ValueError):
    """A frame that nobody announced: from there on the packet cannot be read."""

    def __init__(self, kind: int, rest: bytes) -> None:
        super().__init__(f"a QUIC frame of the unknown type {kind:#x}")
        self.rest = rest
        """What follows the type."""


def frames(data: bytes) -> Iterator[Frame]:
    """The frames of a packet that say something.

    :raises UnknownFrameError: one is of no known type
    :raises IndexError: one is cut off
    """
    place = 0
    while place < len(data):
        kind, place = variable(data, place)
        if kind in (PADDING, PING):
            continue
        if kind in (ACK, ACK_ECN):
            place = _past_ack(data, place, kind)
        elif kind in _FIXED:
            place += _FIXED[kind]
        elif kind in _NUMBERS:
            numbers = []
            for _ in range(_NUMBERS[kind]):
                number, place = variable(data, place)
                numbers.append(number)
            if kind == RESET_STREAM:
                yield Frame(kind, stream=numbers[0], error=numbers[1])
        else:
            frame, place = _saying(kind, data, place)
            yield frame


def _saying(kind: int, data: bytes, place: int) -> tuple[Frame, int]:
    """A frame with content, and where it ends."""
    if STREAM <= kind < STREAM + 8:
        stream, place = variable(data, place)
        offset, place = variable(data, place) if kind & _OFFSET else (0, place)
        size, place = variable(data, place) if kind & _LENGTH else (len(data) - place, place)
        return Frame(STREAM, stream, offset, _taken(data, place, size), bool(kind & _FIN)), place + size
    if kind == CRYPTO:
        offset, place = variable(data, place)
        size, place = variable(data, place)
        return Frame(kind, 0, offset, _taken(data, place, size)), place + size
    if kind == NEW_TOKEN:
        size, place = variable(data, place)
        return Frame(kind, data=_taken(data, place, size)), place + size
    if kind == NEW_CONNECTION_ID:
        _, place = variable(data, place)
        _, place = variable(data, place)
        size = data[place]
        return Frame(kind, data=_taken(data, place + 1, size)), place + 1 + size + 16
    if kind in (CLOSE, CLOSE_APPLICATION):
        error, place = variable(data, place)
        if kind == CLOSE:
            _, place = variable(data, place)
        size, place = variable(data, place)
        return Frame(kind, data=_taken(data, place, size), error=error), place + size
    if kind in (DATAGRAM, DATAGRAM_WITH_LENGTH):
        size, place = variable(data, place) if kind == DATAGRAM_WITH_LENGTH else (len(data) - place, place)
        return Frame(DATAGRAM, data=_taken(data, place, size)), place + size
    raise UnknownFrameError(kind, data[place:])


def _taken(data: bytes, place: int, size: int) -> bytes:
    if place + size > len(data):
        raise IndexError
    return data[place : place + size]


def _past_ack(data: bytes, place: int, kind: int) -> int:
    """Section 19.3: largest, delay, count, first range, then two numbers a range, and three ECN counts."""
    _, place = variable(data, place)
    _, place = variable(data, place)
    ranges, place = variable(data, place)
    for _ in range(1 + 2 * ranges + (3 if kind == ACK_ECN else 0)):
        _, place = variable(data, place)
    return place
