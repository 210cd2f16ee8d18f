"""CoAP (RFC 7252) with block-wise transfer (RFC 7959): requests are answered with success, pings by a reset."""

from __future__ import annotations

from rigs.sim.catchall.engine import ANSWER

_CONFIRMABLE, _NON_CONFIRMABLE, _ACKNOWLEDGEMENT, _RESET = range(4)
_GET, _POST, _PUT, _DELETE, _FETCH, _PATCH, _IPATCH = range(1, 8)
_DELETED, _CHANGED, _CONTENT, _CONTINUE = 0x42, 0x44, 0x45, 0x5F
_ANSWERS = {_GET: _CONTENT, _FETCH: _CONTENT, _POST: _CHANGED, _DELETE: _DELETED}
"""The code that says success, by method; ``2.04 Changed`` for the rest (sections 5.8 and 12.1)."""
_CONTENT_FORMAT, _BLOCK1, _JSON = 12, 27, 50
_MARKER = b"\xff"


def is_message(data: bytes) -> bool:
    """Version 1, a token length that is allowed, and an empty message or a request (sections 3 and 12.1)."""
    return len(data) >= 4 and data[0] >> 6 == 1 and data[0] & 15 <= 8 and data[1] < 32


def reply(data: bytes) -> bytes:
    """The answer to a message; nothing to what wants none."""
    kind, code, number = data[0] >> 4 & 3, data[1], data[2:4]
    if kind not in (_CONFIRMABLE, _NON_CONFIRMABLE):
        return b""
    if code == 0:  # a ping (section 4.3)
        return bytes([0x40 | _RESET << 4, 0]) + number if kind == _CONFIRMABLE else b""
    token = data[4 : 4 + (data[0] & 15)]
    block = _option(data[4 + len(token) :], _BLOCK1)
    kind = _ACKNOWLEDGEMENT if kind == _CONFIRMABLE else _NON_CONFIRMABLE
    head = bytes([0x40 | kind << 4 | len(token)])
    if block and block[-1] & 8:  # more is to come (RFC 7959, section 2.9.1)
        return head + bytes([_CONTINUE]) + number + token + _written(_BLOCK1, block)
    answer = _ANSWERS.get(code, _CHANGED)
    options = _written(_CONTENT_FORMAT, bytes([_JSON]))
    if block is not None:
        options += _written(_BLOCK1 - _CONTENT_FORMAT, block)
    return head + bytes([answer]) + number + token + options + _MARKER + ANSWER


def _option(data: bytes, wanted: int) -> bytes | None:
    """The value of an option (section 3.1); None where it is not among them, or they are malformed."""
    place = number = 0
    while place < len(data) and data[place] != _MARKER[0]:
        delta, size, place = data[place] >> 4, data[place] & 15, place + 1
        lengths = []
        for nibble in (delta, size):
            more = {13: 1, 14: 2}.get(nibble, 0)
            value = int.from_bytes(data[place : place + more]) + {13: 13, 14: 269}.get(nibble, nibble)
            lengths.append(value)
            place += more
        number += lengths[0]
        if number == wanted:
            return data[place : place + lengths[1]]
        place += lengths[1]
    return None


def _written(delta: int, value: bytes) -> bytes:
    """An option; *delta* is the difference to the number of the one before it."""
    if delta >= 13:
        return bytes([13 << 4 | len(value), delta - 13]) + value
    return bytes([delta << 4 | len(value)]) + value
