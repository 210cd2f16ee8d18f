"""MQTT 3.1, 3.1.1 and 5: a broker that acknowledges everything and delivers nothing.

Section numbers are those of MQTT 3.1.1 and 5.0 (OASIS), which agree up to chapter 3.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

_CONNECT, _PUBLISH, _PUBREL, _SUBSCRIBE, _UNSUBSCRIBE, _PINGREQ, _DISCONNECT = 1, 3, 6, 8, 10, 12, 14
_CONNACK, _PUBACK, _PUBREC, _PUBCOMP, _SUBACK, _UNSUBACK, _PINGRESP = 2, 4, 5, 7, 9, 11, 13
_ASSIGNED_CLIENT_ID = 0x12
"""Property of CONNACK in MQTT 5, section 3.2.2.3.7."""


class _MalformedError(Exception):
    """The packet breaks the standard; the connection ends (section 4.8)."""


class Mqtt:
    """Every packet that asks for an answer gets the one that says success."""

    name = "mqtt"

    def __init__(self) -> None:
        self.finished = False
        self._buffer = bytearray()
        self._level = 0
        """Protocol level of CONNECT: 3, 4 (3.1.1) or 5; 0 before it."""
        self._reactions: dict[int, Callable[[int, _Reader], bytes]] = {
            _CONNECT: self._connect,
            _PUBLISH: self._publish,
            _PUBREL: self._release,
            _SUBSCRIBE: self._subscribe,
            _UNSUBSCRIBE: self._unsubscribe,
            _PINGREQ: lambda _flags, _body: _packet(_PINGRESP, b""),
            _DISCONNECT: self._disconnect,
        }

    def receive(self, data: bytes) -> bytes:
        """See `Engine.receive`."""
        self._buffer += data
        out = b""
        try:
            while not self.finished and (packet := self._next()) is not None:
                out += self._react(*packet)
        except _MalformedError:
            self.finished = True
        return out

    def _next(self) -> tuple[int, int, bytes] | None:
        """Type, flags and body of the next whole packet (section 2.2); None while it is incomplete."""
        lengths = bytes(self._buffer[1:5])
        last = next((place for place, byte in enumerate(lengths) if not byte & 0x80), None)
        if last is None:
            if len(lengths) == 4:
                raise _MalformedError
            return None
        start = last + 2
        end = start + _Reader(lengths).number()
        if len(self._buffer) < end:
            return None
        first, body = self._buffer[0], bytes(self._buffer[start:end])
        del self._buffer[:end]
        return first >> 4, first & 0x0F, body

    def _react(self, kind: int, flags: int, body: bytes) -> bytes:
        if (kind == _CONNECT) != (self._level == 0):  # first, and only once (section 3.1)
            raise _MalformedError
        reaction = self._reactions.get(kind)
        return reaction(flags, _Reader(body)) if reaction else b""

    def _connect(self, _flags: int, body: _Reader) -> bytes:
        body.text()
        self._level = body.byte()
        body.take(3)  # connect flags and keep alive
        if self._level < 5:
            return _packet(_CONNACK, b"\0\0")
        body.take(body.number())
        # a client without an id of its own is to be told the one it has got (5.0, section 3.2.2.3.7)
        given = b"" if body.text() else bytes([_ASSIGNED_CLIENT_ID]) + _text(uuid.uuid4().hex.encode())
        return _packet(_CONNACK, b"\0\0" + bytes([len(given)]) + given)

    def _publish(self, flags: int, body: _Reader) -> bytes:
        quality = flags >> 1 & 3
        if quality == 3:
            raise _MalformedError
        body.text()
        return _packet({1: _PUBACK, 2: _PUBREC}[quality], body.take(2)) if quality else b""

    def _release(self, _flags: int, body: _Reader) -> bytes:
        return _packet(_PUBCOMP, body.take(2))

    def _subscribe(self, _flags: int, body: _Reader) -> bytes:
        identifier = body.take(2)
        self._skip_properties(body)
        granted = b""
        while body.left:
            body.text()
            granted += bytes([min(body.byte() & 3, 2)])
        return _packet(_SUBACK, identifier + self._no_properties() + granted)

    def _unsubscribe(self, _flags: int, body: _Reader) -> bytes:
        identifier = body.take(2)
        self._skip_properties(body)
        reasons = b""
        while body.left:
            body.text()
            reasons += b"\0"
        return _packet(_UNSUBACK, identifier + (self._no_properties() + reasons if self._level >= 5 else b""))

    def _disconnect(self, _flags: int, _body: _Reader) -> bytes:
        self.finished = True
        return b""

    def _skip_properties(self, body: _Reader) -> None:
        if self._level >= 5:
            body.take(body.number())

    def _no_properties(self) -> bytes:
        return b"\0" if self._level >= 5 else b""


class _Reader:
    """Takes a packet's fields off its front (section 1.5)."""

    def __init__(self, data: bytes) -> None:
        self.left = data

    def take(self, size: int) -> bytes:
        if size > len(self.left):
            raise _MalformedError
        taken, self.left = self.left[:size], self.left[size:]
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def text(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))

    def number(self) -> int:
        """A variable byte integer."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
        raise _MalformedError


def _packet(kind: int, body: bytes) -> bytes:
    # no answer of ours is longer than one byte of length can say, but for a SUBACK of very many topics
    length, rest = b"", len(body)
    while True:
        rest, low = divmod(rest, 128)
        length += bytes([low | (0x80 if rest else 0)])
        if not rest:
            return bytes([kind << 4]) + length + body


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data
