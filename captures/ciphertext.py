"""Whether bytes can be read at all.

The rule: 256 bytes or more that are spread evenly (chi-square against the uniform distribution below its mean plus six
standard deviations, 255 + 6·√510 ≈ 390.5) look encrypted, unless they begin like a known compressed or media format.
Text, base64 (chi-square 3·n) and hex (15·n) are far above, so is binary telemetry. What is shorter cannot be told, and
ciphertext behind a false beginning passes for media: limits that no statistic lifts.
"""

from __future__ import annotations

import re
from collections import Counter

ENCRYPTED = "looks encrypted"
SMALLEST = 256
"""Shorter payloads say too little about their distribution, bytes."""
_MOST = 1 << 14
_REACH = 1 << 16
_USUAL = b'"\0 e0a,t1in\xff:'  # bytes that text and binary records are full of
_BOUNDARY = re.compile(rb"--[0-9A-Za-z'()+_,./:=? -]{1,70}(?=\r\n)")
_THRESHOLD = 255 + 6 * 510**0.5
_READABLE = (
    b"\x1f\x8b",
    b"\x78\x01",
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"BZh",
    b"PK\x03\x04",
    b"\xfd7zXZ",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"RIFF",
    b"OggS",
    b"GIF8",
    b"%PDF",
)
"""gzip, zlib, zstd, lz4, bzip2, zip, xz, PNG, JPEG, RIFF (WebP, WAV, AVI), Ogg, GIF, PDF: dense, but no secret."""


def looks_encrypted(payload: bytes | memoryview) -> bool:
    """The rule above, on 16 of the first 64 KiB at most; several parts (RFC 2046, 5.1) are looked at one by one."""
    if len(payload) < SMALLEST:
        return False
    if boundary := _BOUNDARY.match(payload):
        return any(looks_encrypted(piece.partition(b"\r\n\r\n")[2]) for piece in bytes(payload).split(boundary[0])[1:])
    sample = _sample(payload)
    if sample.isascii() or sample.startswith(_READABLE) or sample[4:8] == b"ftyp":
        return False
    expected = (size := len(sample)) / 256
    uneven = 0.0
    for byte in _USUAL:  # the statistic is a sum of 256 squares: a few are nearly always too much already
        uneven += (sample.count(byte) - expected) ** 2 / expected
        if uneven >= _THRESHOLD:
            return False
    squares = sum(count * count for count in Counter(sample).values())
    return squares / expected - size < _THRESHOLD


def _sample(payload: bytes | memoryview) -> bytes:
    """The beginning, and of what is long three more stretches of it."""
    if len(payload) <= _MOST:
        return bytes(payload)
    stretch = _MOST // 4
    step = (min(len(payload), _REACH) - stretch) // 3
    return b"".join(bytes(payload[at : at + stretch]) for at in range(0, 3 * step + 1, step))
