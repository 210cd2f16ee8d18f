"""Numbers as programs write them into bytes, and the links that name the way.

===================  =====================================================================================
int32-be, int32-le   two's complement, most or least significant byte first (GB/T 32960, JT/T 808, CBOR …)
varint, zigzag       protocol buffers, encoding guide: base 128 varints, and signed integers folded first
float32-be … -le     IEEE 754 binary32
float64-be … -le     IEEE 754 binary64
===================  =====================================================================================
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_ROOM = 1e-9  # by how much the same formula may differ from one mathematical library to another


class Written(NamedTuple):
    """A number as bytes."""

    literal: bytes
    """The bytes that say which number it is."""
    link: str
    """How it is written."""
    length: int
    """Bytes of the whole number."""
    skip: int = 0
    """Bytes of the number before the literal."""


def integer(number: int) -> Iterator[Written]:
    """An integer of about four bytes, in every way that takes at least four bytes."""
    if -(1 << 31) <= number < 1 << 31:
        yield Written(struct.pack(">i", number), "int32-be", 4)
        yield Written(struct.pack("<i", number), "int32-le", 4)
    for link, unsigned in (("varint", number & (1 << 64) - 1), ("zigzag", number << 1 ^ number >> 63)):
        encoded = varint(unsigned)
        if len(encoded) >= 4:
            yield Written(encoded, link, len(encoded))


def varint(number: int) -> bytes:
    """A base 128 varint."""
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*encoded, number))


def floating(number: float, *, loose: bool) -> Iterator[Written]:
    """A fraction; the last two bytes of a double are left open, when *loose* also the last bits that are left."""
    room = _ROOM if loose else 0.0
    for head in sorted({struct.pack(">d", near)[:6] for near in (number - room, number, number + room)}):
        yield Written(head, "float64-be", 8)
        yield Written(head[::-1], "float64-le", 8, skip=2)
    (bits,) = struct.unpack(">I", struct.pack(">f", number))
    for near_bits in (bits - 1, bits, bits + 1) if loose else (bits,):
        packed = struct.pack(">I", near_bits)
        yield Written(packed, "float32-be", 4)
        yield Written(packed[::-1], "float32-le", 4)


def as_float32(number: float) -> float:
    """What is left of a number in IEEE 754 binary32."""
    (kept,) = struct.unpack(">f", struct.pack(">f", number))
    return float(kept)
