"""Media: a picture, video or sound is sighted when distinctive slices of its bytes occur.

Slices are spread over the file, so that a part of it is enough (an upload cut off, a chunk of a video). Where
containers are known, only what follows the first bytes of the coded media counts: headers, colour profiles and
Huffman tables are the same in thousands of files. Media that is coded anew before it is sent is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_SIZE = 32
_STEP = 4096
_MOST = 256
_DISTINCT = 16  # different bytes in a slice
_PRINTABLE = 0.75  # at most; encoders write their options into their files as text

_PAYLOAD = (
    (re.compile(rb"\xff\xd8\xff"), b"\xff\xda"),  # JPEG: scan, ITU-T T.81 B.2.3
    (re.compile(rb"\x89PNG\r\n\x1a\n"), b"IDAT"),  # PNG, W3C PNG section 11.2.3
    (re.compile(rb".{4}ftyp", re.DOTALL), b"mdat"),  # MP4, ISO/IEC 14496-12 section 8.1.1
)
"""How a container begins, and what its coded media follows."""

_TEXT = bytes(range(0x20, 0x7F)) + b"\t\n\r"


@dataclass(frozen=True, slots=True)
class Slice:
    """Some bytes of a piece of media and where they stand in it."""

    offset: int
    data: bytes


def slices(media: bytes) -> list[Slice]:
    """Distinctive slices: one every 4 KiB, but about eight of a short file and at most some 256 of a long one."""
    if len(media) <= _SIZE:
        return [Slice(0, media)] if media else []
    begin = _payload(media)
    # simulated media may be too even to be distinctive; the most varied of it has to do then
    return _spread(media, begin, _distinctive) or _spread(media, begin, lambda window: len(set(window)))


def _spread(media: bytes, begin: int, score: Callable[[bytes], int]) -> list[Slice]:
    length = len(media) - begin
    step = max(_SIZE, min(_STEP, length // 8), length // _MOST)
    found: dict[bytes, int] = {}
    for at in range(begin, len(media) - _SIZE + 1, step):
        # the best window of the first eighth of each step, so that also a piece of the media holds whole ones
        stop = min(at + max(step // 8, 1), len(media) - _SIZE + 1)
        best = max(range(at, stop, _SIZE // 4), key=lambda offset: score(media[offset : offset + _SIZE]))
        window = media[best : best + _SIZE]
        if score(window):
            found.setdefault(window, best)
    return [Slice(offset, window) for window, offset in found.items()]


def matched(data: bytes, at: int, media: bytes, offset: int, *, low: int, high: int) -> tuple[int, int]:
    """How far the bytes round *at* in *data*, within *low* to *high*, are those round *offset* in *media*."""
    back = min(at - low, offset)
    start = at - _common(data[at - back : at][::-1], media[offset - back : offset][::-1])
    on = min(high - at, len(media) - offset)
    return start, at + _common(data[at : at + on], media[offset : offset + on])


def _payload(media: bytes) -> int:
    for container, mark in _PAYLOAD:
        if container.match(media):
            found = media.find(mark)
            if 0 <= found < len(media) - 2 * _SIZE:
                return found + len(mark)
    return 0


def _distinctive(window: bytes) -> int:
    """Different bytes in a window; 0 for one that other files may well hold too."""
    distinct = len(set(window))
    printable = len(window) - len(window.translate(None, _TEXT))
    return distinct if distinct >= _DISTINCT and printable <= _PRINTABLE * len(window) else 0


def _common(one: bytes, other: bytes) -> int:
    """Length of the common prefix of two strings of equal length."""
    low, high = 0, len(one)
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
