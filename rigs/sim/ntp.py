"""The packet of NTP (RFC 5905, section 7.3) as a simple client (RFC 4330) and its server use it."""

from __future__ import annotations

import struct

from telltale.times import SECOND

PORT = 123
_CLIENT, _SERVER = 3, 4
"""Modes."""
_VERSION = 4
_SIZE = 48
_EPOCH = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
_TRANSMIT, _ORIGIN = slice(40, 48), slice(24, 32)


class NtpError(Exception):
    """The answer is none to this question, or says that the server does not know the time."""


def request(now: int) -> bytes:
    """A client's question at *now*, ns since 1970; its transmit time tells the answer from others."""
    return bytes([_VERSION << 3 | _CLIENT]) + bytes(39) + _timestamp(now)


def is_request(data: bytes) -> bool:
    """Whether a datagram is a client's question, with or without extension fields."""
    return len(data) >= _SIZE and data[0] & 7 == _CLIENT and data[0] >> 3 & 7 in (1, 2, 3, 4)


def reply(asked: bytes, now: int) -> bytes:
    """The answer of a primary server to a question that arrives at *now*, ns since 1970, and is answered at once."""
    head = bytes([asked[0] & 0x38 | _SERVER, 1, asked[2], 0xEC])  # stratum 1, the client's poll, 2**-20 s precision
    at = _timestamp(now)
    return head + bytes(8) + b"GNSS" + at + asked[_TRANSMIT] + at + at


def time_in(answer: bytes, asked: bytes) -> int:
    """What time it is according to *answer*, ns since 1970.

    :raises NtpError: it does not answer *asked*, or the server refuses (stratum 0, RFC 5905, section 7.4)
    """
    if len(answer) < _SIZE or answer[0] & 7 != _SERVER or answer[_ORIGIN] != asked[_TRANSMIT]:
        raise NtpError("the answer is none to this question")
    if answer[1] == 0:
        raise NtpError(f"the server says {answer[12:16].decode('ascii', 'replace').strip(chr(0)) or 'nothing'}")
    whole = int.from_bytes(answer[_TRANSMIT])  # seconds, and 32 bits of their fraction
    return (whole >> 32) * SECOND - _EPOCH * SECOND + ((whole & 0xFFFFFFFF) * SECOND >> 32)


def _timestamp(now: int) -> bytes:
    """Section 6: seconds since 1900, wrapping in 2036, and their binary fraction."""
    seconds, rest = divmod(now, SECOND)
    return struct.pack("!II", seconds + _EPOCH & 0xFFFFFFFF, (rest << 32) // SECOND)
