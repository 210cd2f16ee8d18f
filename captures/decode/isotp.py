"""ISO-TP (ISO 15765-2:2016): the messages that are carried in several CAN frames, put together again.

Normal addressing (9.4.2) and normal fixed addressing (9.4.3): the protocol control information is the first byte.
Escapes for CAN FD (long single frames, 9.6.2; first frames of more than 4,095 bytes, 9.6.3) are read. What was lost is
told by the sequence number, and ends the message where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST = 1 << 20
"""Most bytes of one message that are put together; a longer one is cut off there."""
_WHOLE = 8
"""Bytes of a classic CAN frame."""
_SINGLE, _FIRST, _CONSECUTIVE, _FLOW = 0, 1, 2, 3
"""Table 9: the upper half of the first byte."""


class Carried(NamedTuple):
    """A message, or the beginning of one."""

    data: bytes
    first: int
    """Wall time of its first frame, ns."""
    last: int
    frame: int
    """Number of its first frame in the log."""
    complete: bool


@dataclass(slots=True)
class Assembler:
    """The messages of one CAN identifier, in the order of its frames."""

    _length: int = 0
    _turn: int = 0
    _first: int = 0
    _frame: int = 0
    _last: int = 0
    _data: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes, wall: int, number: int) -> list[Carried]:
        """What this frame completes, or cuts off: none, one or both."""
        kind, low = (data[0] >> 4, data[0] & 15) if data else (_FLOW, 0)
        if kind == _SINGLE:
            return self._single(data, wall, number)
        if kind == _FIRST and len(data) >= _WHOLE:
            cut = self.close()
            self._begin(data, wall, number)
            return cut
        if kind != _CONSECUTIVE or not self._length:
            return []
        if low == self._turn:
            self._turn = (self._turn + 1) % 16
            self._last = wall
            self._data += data[1 : 1 + self._length - len(self._data)]
            if len(self._data) < self._length:
                return []
        return self.close()

    def _single(self, data: bytes, wall: int, number: int) -> list[Carried]:
        low = data[0] & 15
        start, length = (2, data[1]) if low == 0 and len(data) > _WHOLE else (1, low)
        if not 0 < length <= len(data) - start:
            return []
        return [*self.close(), Carried(bytes(data[start : start + length]), wall, wall, number, complete=True)]

    def _begin(self, data: bytes, wall: int, number: int) -> None:
        length, start = (data[0] & 15) << 8 | data[1], 2
        if length == 0:
            length, start = int.from_bytes(data[2:6], "big"), 6
        self._length, self._turn = min(length, LONGEST), 1
        self._first = self._last = wall
        self._frame = number
        self._data = bytearray(data[start : start + self._length])

    def close(self) -> list[Carried]:
        """What was begun, as far as it came."""
        if not self._length:
            return []
        complete = len(self._data) >= self._length
        done = Carried(bytes(self._data), self._first, self._last, self._frame, complete)
        self._length = 0
        self._data = bytearray()
        return [done]


def looks_like_first(data: bytes) -> bool:
    """Whether a frame begins a message of several, told by its length: longer than what one frame holds."""
    return len(data) >= _WHOLE and data[0] >> 4 == _FIRST and (data[0] & 15) << 8 | data[1] > 7
