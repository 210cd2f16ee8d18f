"""Texts between other bytes: where one begins behind its own length, which may look like a part of it.

Containers (protocol buffers, CBOR, MessagePack, BSON, DER, MQTT …) put the length before a text.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from captures.sightings.information import is_text
from captures.sightings.layers import SEPARATOR, Span

TEXT = frozenset(bytes(range(0x20, 0x7F)) + b"\t\r\n")
"""Bytes of ASCII text."""
_OPENERS = frozenset(b" \n\"'=:/>,")  # what stands before a value in text
_NEIGHBOURS = 12  # bytes that may be a field's name and a length
_CBOR_LENGTH = b"xX"  # RFC 8949, section 3: major types 3 and 2 with an argument of one byte
_ONE_BYTE = b"\xd9\xc4\x81"  # MessagePack's str 8 and bin 8; X.690, section 8.1.3.5
_LENGTH_DELIMITED = 2  # wire type of protocol buffers' tags
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")


def in_text(data: bytes, at: int) -> bool:
    """Whether what begins at *at* stands in text, and no length before it."""
    if not at or data[max(0, at - len(SEPARATOR)) : at] == SEPARATOR:
        return True
    return data[at - 1] in _OPENERS and TEXT.issuperset(data[max(0, at - 4) : at])


def behind_length(data: bytes, start: int, ends: Collection[int]) -> int:
    """Where the text begins in a row of characters whose first are the end of a binary field and the text's length.

    One byte alone can be chance: it counts behind the marks that CBOR, MessagePack and DER have for it.

    :param ends: where the text may end
    """
    if any(ends_length(data, start, end - start) for end in ends):
        return start
    stop = min(start + _NEIGHBOURS, *ends)
    least, most = min(ends) - stop, max(ends) - start
    if most < 128 and b"x" not in data[start:stop] and b"X" not in data[start:stop]:
        return start
    for at in range(start + 1, stop):
        for end in ends:
            if least <= end - at and _is_length(data, at, end - at, is_first=at == start + 1):
                return at
    return start


def _is_length(data: bytes, at: int, length: int, *, is_first: bool) -> bool:
    """Whether what stands before *at* is a *length*."""
    if length < 256 and data[at - 1] == length and not is_first and _is_cbor(data, at - 2):
        return True
    if length < 128:
        return False
    varint = bytes((length & 0x7F | 0x80, length >> 7 & 0x7F))
    if length < 256:
        return data[at - 2 : at] == varint or (data[at - 1] == length and data[at - 2] in _ONE_BYTE)
    return data[at - 2 : at] in (varint, length.to_bytes(4, "big")[2:])


def _is_cbor(data: bytes, at: int) -> bool:
    """Whether a string begins at *at* whose length is one byte, behind a key of a few characters (RFC 8949, 3.1)."""
    return data[at] in _CBOR_LENGTH and any(
        data[at - size - 1] == 0x60 | size and TEXT.issuperset(data[at - size : at])
        for size in range(1, min(_NEIGHBOURS, at))
    )


def ends_length(data: bytes, at: int, length: int) -> bool:
    """Whether a *length* ends before *at*, whose last byte only looks as if it belonged to an escape."""
    alone = at > 1 and data[at - 1] == length and data[at - 2] not in TEXT
    return alone or data[max(0, at - 2) : at] == length.to_bytes(4, "big")[2:]


def own_text(data: bytes, start: int, end: int, escape: re.Pattern[bytes]) -> Span:
    """The escaped text in a row of its characters, which may begin and end with what belongs to a binary container.

    What is no UTF-8 beside its escapes is none of it.
    """
    first = escape.search(data, start, end)
    if not first:
        return start, end
    edge = max(first.end(), data.rfind(first[0][:1], start, end))
    if not is_text(data[edge:end]) and (beyond := _BEYOND_ASCII.search(data, edge, end)):
        end = beyond.start()
    if first.start() == start and end - start > 256 and ends_length(data, start + 1, end - start - 1):
        return start + 1, end  # what seems to be an escape begins with the length
    if not is_text(data[start : first.start()]):
        start = max(match.end() for match in _BEYOND_ASCII.finditer(data, start, first.start()))
    if in_text(data, start):
        return start, end
    for at, tag in ((start + 1, start - 1), (start + 2, start)):
        if (
            at <= first.start()
            and end - at == data[at - 1]
            and (data[tag] not in TEXT or data[tag] & 7 == _LENGTH_DELIMITED)
        ):
            return at, end
    return min(behind_length(data, start, {end}), first.start()), end
