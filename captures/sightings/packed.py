"""Binary writings of digits: BCD, integers, and the bytes that hex digits stand for.

Reversible, so a link of the chain. Fewer than `LEAST` bytes that say anything are chance in binary and are not looked
for.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

LEAST = 5
"""Bytes."""
_HEX = frozenset(string.hexdigits)


def packed(value: str) -> Iterator[tuple[str, bytes]]:
    """Links and bytes of a value that is digits, or hex digits in pairs."""
    if value.isascii() and value.isdecimal():
        yield from _bcd(value)
        yield from _integers(int(value))
    bare = re.sub("[:-]", "", value)
    if len(bare) % 2 == 0 and len(bare) >= 2 * LEAST and _HEX.issuperset(bare) and not bare.isdecimal():
        yield "bytes", bytes.fromhex(bare)


def _bcd(digits: str) -> Iterator[tuple[str, bytes]]:
    """Two digits a byte, the first in the high nibble or the low one (3GPP TS 24.008, 10.5.1.4); a spare is f or 0."""
    if len(digits) < 2 * LEAST:
        return
    for even in [digits] if len(digits) % 2 == 0 else [digits + "f", "0" + digits]:
        yield "bcd", bytes.fromhex(even)
        yield "bcd-swapped", bytes.fromhex("".join(even[at + 1] + even[at] for at in range(0, len(even), 2)))


def _integers(number: int) -> Iterator[tuple[str, bytes]]:
    """Eight bytes of either order, and the base 128 of protocol buffers (encoding, "varint")."""
    if not 1 << 8 * (LEAST - 1) <= number < 1 << 64:
        return
    yield "uint64-le", number.to_bytes(8, "little")
    yield "uint64-be", number.to_bytes(8, "big")
    groups = []
    while number:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups[-1] &= 0x7F
    yield "varint", bytes(groups)
