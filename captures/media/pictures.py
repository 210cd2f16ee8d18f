"""How pictures are built: JPEG, PNG, GIF. Those in boxes (HEIF, AVIF) and in RIFF (WebP) stand with those."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from captures.media.medium import Shape

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_MOST_SEGMENTS = 400
_MOST_BLOCKS = 200_000


def jpeg(data: bytes, start: int, high: int) -> Shape | None:
    """ITU-T T.81, B.1.1.4 and B.2.2: marker segments, a frame header, scans up to the end-of-image marker.

    In a scan each FF of the coded data is followed by 00, so that the first FF D9 behind it is the end.
    """
    size: tuple[int, int] | None = None
    for marker, at, end in _segments(data, start + 2, high):
        if marker in _FRAMES and at + 5 <= high:
            height, width = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (1, 3))
            size = width, height
        elif marker == _SCAN:
            last = data.find(b"\xff\xd9", end, high)
            return Shape(last + 2 if last >= 0 else high, whole=last >= 0, size=size) if size else None
        if end >= high:
            return Shape(high, whole=False, size=size)
    return None


def _segments(data: bytes, at: int, high: int) -> Iterator[tuple[int, int, int]]:
    """Markers with the bounds of their segments, as long as markers follow each other."""
    for _ in range(_MOST_SEGMENTS):
        while at + 1 < high and data[at] == data[at + 1] == 0xFF:
            at += 1  # B.1.1.2: fill bytes
        if at + 4 > high or data[at] != 0xFF:
            return
        marker = data[at + 1]
        length = 0 if marker in _ALONE else int.from_bytes(data[at + 2 : at + 4], "big")
        if marker not in _ALONE and (marker < 0xC0 or marker == 0xD8 or length < 2):
            return
        yield marker, at + 4, at + 2 + length
        at += 2 + length


def png(data: bytes, start: int, high: int) -> Shape | None:
    """W3C PNG, 5.2, 5.3 and 11.2.2: chunks, the first of them IHDR with a sound checksum, the last IEND."""
    head = data[start + 8 : min(start + 33, high)]
    if head[:8] != b"\0\0\0\rIHDR" or zlib.crc32(head[4:21]) != int.from_bytes(head[21:25], "big"):
        return None
    size = int.from_bytes(head[8:12], "big"), int.from_bytes(head[12:16], "big")
    at, kind = start + 33, b""
    while kind != b"IEND" and at + 12 <= high and data[at + 4 : at + 8].isalpha():
        kind = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return Shape(min(at, high), whole=kind == b"IEND" and at <= high, size=size)


def gif(data: bytes, start: int, high: int) -> Shape | None:
    """GIF89a, 18 to 27: a logical screen, then extensions and images of sub-blocks, up to the trailer 3B."""
    if start + 13 > high:
        return None
    width, height = (int.from_bytes(data[start + n : start + n + 2], "little") for n in (6, 8))
    at = first = start + 13 + _table(data[start + 10])
    if not (width and height and data[first : first + 1] in (b"!", b",")):
        return None
    for _ in range(_MOST_BLOCKS):
        match data[at : min(at + 10, high)]:
            case b"":
                break
            case head if head[0] == 0x21:
                at = _sub_blocks(data, at + 2, high)
            case head if head[0] == 0x2C and len(head) == 10:
                at = _sub_blocks(data, at + 11 + _table(head[9]), high)
            case head:
                whole = head[0] == 0x3B
                return Shape(at + whole, whole=whole, size=(width, height))
    return Shape(min(at, high), whole=False, size=(width, height))


def _table(packed: int) -> int:
    """Bytes of a colour table."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _sub_blocks(data: bytes, at: int, high: int) -> int:
    while at < high and data[at]:
        at += 1 + data[at]
    return at + 1
