"""How coded sound and video without a container are built: AMR, ADTS, MP3, FLAC, H.264 and H.265 byte streams."""

from __future__ import annotations

import re
from collections.abc import Callable

from captures.media.medium import Shape

_MOST_FRAMES = 100_000
_FEWEST = 4  # frames that follow each other; a sync word alone is in everything
_AMR = (12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0)
_AMR_WB = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0)
"""Bytes of a frame behind its first, by type; RFC 4867, 5.3 (3GPP TS 26.101, table 1a; TS 26.201, table 1a)."""
_ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_MP3_RATES = (44_100, 48_000, 32_000)
_MP3_KILOBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_NAL = re.compile(rb"\x00\x00\x01")


def amr(data: bytes, start: int, high: int) -> Shape | None:
    """RFC 4867, 5: a magic, then speech frames of 20 ms, each with a first byte that tells its type."""
    wide = data.startswith(b"-WB", start + 5)
    sizes = _AMR_WB if wide else _AMR

    def frame(at: int) -> int:
        size = sizes[data[at] >> 3 & 15]
        return 1 + size if size >= 0 and not data[at] & 0x83 else 0

    end, frames = _frames(frame, start + (9 if wide else 6), high)
    if not frames:
        return None
    return Shape(min(end, high), end <= high, seconds=frames / 50, name="AMR-WB" if wide else None)


def adts(data: bytes, start: int, high: int) -> Shape | None:
    """ISO/IEC 14496-3, 1.A.2.2: frames of 1024 samples, each with a header that tells its length."""

    def frame(at: int) -> int:
        head = int.from_bytes(data[at : at + 7], "big")
        size = head >> 13 & 0x1FFF
        return size if at + 7 <= high and head >> 44 == 0xFFF and not head >> 41 & 3 and size > 7 else 0

    rate = data[start + 2] >> 2 & 15 if start + 2 < high else 15
    end, frames = _frames(frame, start, high)
    if frames < _FEWEST or rate >= len(_ADTS_RATES):
        return None
    return Shape(min(end, high), end <= high, seconds=frames * 1024 / _ADTS_RATES[rate])


def mp3(data: bytes, start: int, high: int) -> Shape | None:
    """ISO/IEC 11172-3, 2.4.1.3 and 13818-3: frames; before them perhaps a tag (ID3v2.4, 3.1)."""
    at = start
    if data.startswith(b"ID3", at):
        if at + 10 > high or any(byte & 0x80 for byte in data[at + 6 : at + 10]):
            return None
        size = 0
        for byte in data[at + 6 : at + 10]:
            size = size << 7 | byte
        at += 10 + size
        if at >= high:
            return Shape(high, whole=False)
    length = 0.0

    def frame(at: int) -> int:
        nonlocal length
        head = int.from_bytes(data[at : at + 4], "big")
        version, rate, bits = head >> 19 & 3, head >> 10 & 3, head >> 12 & 15
        if head >> 21 != 0x7FF or version == 1 or head >> 17 & 3 != 1 or rate == 3 or bits in (0, 15):
            return 0
        samples = 1152 if version == 3 else 576
        hertz = _MP3_RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
        length += samples / hertz
        return samples // 8 * _MP3_KILOBITS[1 if version == 3 else 2][bits] * 1000 // hertz + (head >> 9 & 1)

    end, frames = _frames(frame, at, high)
    if frames < _FEWEST:
        return None
    return Shape(min(end, high), end <= high, seconds=length)


def flac(data: bytes, start: int, high: int) -> Shape | None:
    """RFC 9639, 8.1 and 8.2: the magic, then stream information; frames tell no length, so the text ends it."""
    body = data[start + 8 : min(start + 42, high)]
    rate = int.from_bytes(body[10:13], "big") >> 4
    if len(body) < 34 or not 1 <= rate <= 655_350:
        return None
    samples = int.from_bytes(body[13:18], "big") & (1 << 36) - 1
    return Shape(high, seconds=samples / rate if samples else None)


def annex_b(data: bytes, start: int, high: int) -> Shape | None:
    """ITU-T H.264 and H.265, annex B: units behind start codes; parameter sets come first, pictures follow.

    The stream has no end of its own; it reaches to the end of the text.
    """
    newer = data[start + 4 : start + 6] == b"\x40\x01"  # H.265, 7.3.1.2: a video parameter set
    kinds: list[int] = []
    for match in _NAL.finditer(data, start, min(high, start + 65_536)):
        at = match.end()
        if at < high:
            if data[at] & 0x80:
                return None  # forbidden_zero_bit
            kinds.append(data[at] >> 1 & 63 if newer else data[at] & 31)
        if len(kinds) == 16:
            break
    wanted = {32, 33, 34} if newer else {7, 8}
    if not wanted <= set(kinds):
        return None
    return Shape(high, name="H.265" if newer else "H.264")


def _frames(frame: Callable[[int], int], at: int, high: int) -> tuple[int, int]:
    """Where frames that follow each other end, and how many there are; the last may reach beyond *high*."""
    for count in range(_MOST_FRAMES):
        size = frame(at) if at < high else 0
        if not size:
            return at, count
        at += size
    return at, _MOST_FRAMES
