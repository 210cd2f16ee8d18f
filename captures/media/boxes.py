"""How media in boxes are built: MP4, QuickTime, fragmented MP4, HEIF, AVIF (ISO/IEC 14496-12, 4.2; 23008-12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from captures.media.medium import Shape

_MOST_BOXES = 20_000
_INSIDE = {b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"meta": 4, b"iprp": 0, b"ipco": 0}
"""Boxes of boxes that lead to what is told, and the bytes that stand before the inner ones."""
_DEEPEST = 6
_PICTURES = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIF", b"heix": "HEIF", b"mif1": "HEIF", b"msf1": "HEIF"}
_CODECS = {
    b"avc1": "H.264",
    b"avc3": "H.264",
    b"hvc1": "H.265",
    b"hev1": "H.265",
    b"av01": "AV1",
    b"vp09": "VP9",
    b"mp4v": "MPEG-4",
    b"mp4a": "AAC",
    b"Opus": "Opus",
    b"samr": "AMR",
    b"sawb": "AMR-WB",
}
"""Sample entries (RFC 6381, 3.3; the registry of MP4RA)."""
_OUTERMOST = frozenset(
    b"ftyp styp moov moof mdat free skip wide meta mfra sidx ssix prft uuid pdin udta emsg pnot idat".split()
)
_NAME = re.compile(rb"[A-Za-z0-9 \xa9_-]{4}")


class Box(NamedTuple):
    """A box: its name, where its payload begins, and where it ends by its own word."""

    name: bytes
    body: int
    end: int


def boxed(data: bytes, start: int, high: int) -> Shape | None:
    """Boxes that follow each other, up to where no box follows; a picture if its brand says so."""
    at, seen = start, 0
    told = _Told()
    while at < high and (box := _box(data, at, high)) and box.name in _OUTERMOST:
        if at == start and box.end - at < 16:
            return None
        if at > start and box.name == b"ftyp":
            break  # the next file
        seen += 1
        if box.name == b"ftyp":
            told.brand(data[box.body : min(box.end, high, box.body + 64)])
        elif box.name in _INSIDE:
            told.read(data, box, high)
        at = box.end
        if at > high or seen == _MOST_BOXES:
            return told.shape(high, whole=False)
    if seen < 2 and at < high:
        return None
    return told.shape(at, whole=seen > 1)


def beside_samples(data: bytes, start: int, high: int) -> Iterator[tuple[int, int]]:
    """The outermost boxes but those of samples, which are most of a film and say nothing of its making."""
    for box in _boxes(data, start, high):
        if box.name != b"mdat":
            yield box.body, min(box.end, high)


class _Told:
    """What the boxes of a file told."""

    def __init__(self) -> None:
        self.picture: str | None = None
        self.size: tuple[int, int] | None = None
        self.seconds: float | None = None
        self.codecs: list[str] = []
        self.handlers: set[bytes] = set()
        self._left = _MOST_BOXES

    def brand(self, brands: bytes) -> None:
        """ISO/IEC 14496-12, 4.3: the major brand, a version, compatible brands."""
        self.picture = _PICTURES.get(brands[:4])

    def read(self, data: bytes, box: Box, high: int, depth: int = 1) -> None:
        """What a box and those in it tell; *high* bounds them."""
        end = min(box.end, high)
        for inner in _boxes(data, box.body + _INSIDE[box.name], end):
            self._left -= 1
            if self._left < 0:
                return
            if inner.name in _INSIDE and depth < _DEEPEST:
                self.read(data, inner, end, depth + 1)
            else:
                self._field(data, inner)

    def _field(self, data: bytes, box: Box) -> None:
        body = data[box.body : min(box.end, box.body + 128)]
        match box.name:
            case b"mvhd" if len(body) >= 32:  # 8.2.2
                scale, length = (body[20:24], body[24:32]) if body[0] else (body[12:16], body[16:20])
                if ticks := int.from_bytes(scale, "big"):
                    self.seconds = int.from_bytes(length, "big") / ticks or None  # 0 in a fragmented film
            case b"tkhd" if len(body) >= 84:  # 8.3.2: 16.16 fixed point, last in the box
                width, height = (int.from_bytes(body[n : n + 2], "big") for n in ((88, 92) if body[0] else (76, 80)))
                self._sized(width, height)
            case b"ispe" if len(body) >= 12:  # ISO/IEC 23008-12, 6.5.3
                self._sized(int.from_bytes(body[4:8], "big"), int.from_bytes(body[8:12], "big"))
            case b"hdlr" if len(body) >= 12:  # 8.4.3
                self.handlers.add(body[8:12])
            case b"stsd" if codec := _CODECS.get(body[12:16]):  # 8.5.2
                self.codecs.append(codec)

    def _sized(self, width: int, height: int) -> None:
        """The largest counts: a picture may be made of tiles and have a small version."""
        if width * height > (self.size[0] * self.size[1] if self.size else 0):
            self.size = width, height

    def shape(self, end: int, *, whole: bool) -> Shape:
        """All of it."""
        if self.picture:
            return Shape(end, whole=whole, size=self.size, item="image", name=self.picture)
        sound = b"soun" in self.handlers and b"vide" not in self.handlers
        name = "MP4 " + "/".join(dict.fromkeys(self.codecs)) if self.codecs else None
        return Shape(end, whole, self.size, self.seconds, "audio" if sound else None, name)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    while at < end and (box := _box(data, at, end)):
        yield box
        at = box.end


def _box(data: bytes, at: int, high: int) -> Box | None:
    """The box at *at*, 4.2: a size of 1 is followed by a long one, a size of 0 reaches to the end."""
    if at + 8 > high or not _NAME.fullmatch(data, at + 4, at + 8):
        return None
    size, body = int.from_bytes(data[at : at + 4], "big"), at + 8
    if size == 1:
        size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
    elif size == 0:
        size = high - at
    return Box(data[at + 4 : at + 8], body, at + size) if size >= body - at else None
