"""Pictures, videos and sounds with random content: what the car sees and hears, so that any slice of it is telling.

The pictures are JPEGs that any decoder opens; in each somebody stands before a wall. A comment in it says where the
camera's own detector saw the face. A video is an MP4 whose one track holds such pictures (motion JPEG), with all boxes
that a player needs.
"""

from __future__ import annotations

import io
import random
import struct
import wave
from collections.abc import Sequence

from PIL import Image

from rigs.portrait import portrait

Box = tuple[int, int, int]
"""Of a face: left, top and width, pixels; it is as high as wide."""
SIZE = (320, 240)
"""Width and height, pixels."""
_FACE = (80, 113)
"""Width of the face, pixels, from and to."""
_WALL = (120, 120, 120)
_COMMENT = b"faces "
_TIMESCALE = 10
"""Units a second; each picture lasts one."""
_IDENTITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_HEAD = struct.pack(">I4s4sI8s", 24, b"ftyp", b"isom", 0, b"isommp42")
"""ISO/IEC 14496-12, 4.3."""
_JPEG_OBJECT = 0x6C
"""Object type indication: Visual ISO/IEC 10918-1 (MP4 registration authority)."""


def picture(draw: random.Random) -> bytes:
    """A JPEG of random colours with a face in it, some 40 to 55 KB."""
    coarse = (SIZE[0] // 2, SIZE[1] // 2)
    image = Image.frombytes("RGB", coarse, draw.randbytes(coarse[0] * coarse[1] * 3))
    image = image.resize(SIZE, Image.Resampling.NEAREST)
    width = draw.randrange(*_FACE)
    wall = width // 4
    # so far to the right that a blur of the wrong scale misses it
    x = draw.randrange(width * 4 // 3, SIZE[0] - width - wall + 1)
    y = draw.randrange(wall, SIZE[1] - width - wall + 1)
    image.paste(_WALL, (x - wall, y - wall, x + width + wall, y + width + wall))
    image.paste(portrait(draw, width), (x, y))
    return jpeg(image, [(x, y, width)])


def jpeg(image: Image.Image, faces: Sequence[Box]) -> bytes:
    """*image* as a file, with a comment that says where its faces are."""
    buffer = io.BytesIO()
    comment = ";".join(",".join(map(str, box)) for box in faces)
    image.save(buffer, "JPEG", quality=85, comment=_COMMENT + comment.encode())
    return buffer.getvalue()


def faces_in(image: Image.Image) -> list[Box]:
    """Where the comment of a picture says that faces are."""
    comment = bytes(image.info.get("comment", b""))
    found: list[Box] = []
    for box in comment.removeprefix(_COMMENT).decode("ascii").split(";") if comment.startswith(_COMMENT) else []:
        x, y, width = map(int, box.split(","))
        found.append((x, y, width))
    return found


def video(draw: random.Random, frames: int) -> bytes:
    """An MP4 of that many such pictures."""
    return film([picture(draw) for _ in range(frames)])


def film(pictures: Sequence[bytes]) -> bytes:
    """An MP4 of these pictures, which are of one size (ISO/IEC 14496-12 boxes, 14496-14 sample entry)."""
    with Image.open(io.BytesIO(pictures[0]), formats=["JPEG"]) as first:
        size = first.size
    return _HEAD + _box("mdat", *pictures) + _movie([len(one) for one in pictures], size, first=len(_HEAD) + 8)


def is_footage(data: bytes) -> bool:
    """Whether it is a picture, or a film that `film` made."""
    return data.startswith(b"\xff\xd8\xff") or is_film(data)


def is_film(footage: bytes) -> bool:
    """Whether it is one that `film` made."""
    return footage.startswith(_HEAD)


def frames_of(footage: bytes) -> list[bytes]:
    """The pictures that `film` was given, by its table of sizes (ISO/IEC 14496-12, 8.7.3.2)."""
    table = footage.rindex(b"stsz") + 4
    (count,) = struct.unpack_from(">8xI", footage, table)
    at, found = len(_HEAD) + 8, []
    for size in struct.unpack_from(f">{count}I", footage, table + 12):
        found.append(footage[at : at + size])
        at += size
    return found


def sound(draw: random.Random, seconds: int) -> bytes:
    """A WAV file of noise, 16 bits at 16 kHz, as speech is recorded (32 KB a second)."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(draw.randbytes(32_000 * seconds))
    return buffer.getvalue()


def _movie(sizes: list[int], size: tuple[int, int], first: int) -> bytes:
    """The moov box for samples of these *sizes* that lie in one chunk at the file's offset *first*."""
    count, (width, height) = len(sizes), size
    movie = struct.pack(">4I", 0, 0, _TIMESCALE, count) + struct.pack(">IH10x", 0x10000, 0x100)
    track = struct.pack(">5I8x4H", 0, 0, 1, 0, count, 0, 0, 0, 0) + _IDENTITY_MATRIX
    media = struct.pack(">4IHH", 0, 0, _TIMESCALE, count, 0x55C4, 0)  # language: und
    tables = _box(
        "stbl",
        _full("stsd", struct.pack(">I", 1) + _sample_entry(size)),
        _full("stts", struct.pack(">3I", 1, count, 1)),
        _full("stsc", struct.pack(">4I", 1, 1, count, 1)),
        _full("stsz", struct.pack(">2I", 0, count) + struct.pack(f">{count}I", *sizes)),
        _full("stco", struct.pack(">2I", 1, first)),
    )
    return _box(
        "moov",
        _full("mvhd", movie + _IDENTITY_MATRIX + bytes(24) + struct.pack(">I", 2)),
        _box(
            "trak",
            _full("tkhd", track + struct.pack(">2I", width << 16, height << 16), flags=3),
            _box(
                "mdia",
                _full("mdhd", media),
                _full("hdlr", bytes(4) + b"vide" + bytes(12) + b"camera\0"),
                _box(
                    "minf",
                    _full("vmhd", bytes(8), flags=1),
                    _box("dinf", _full("dref", struct.pack(">I", 1) + _full("url ", b"", flags=1))),
                    tables,
                ),
            ),
        ),
    )


def _sample_entry(size: tuple[int, int]) -> bytes:
    """``mp4v`` with the elementary stream descriptor of JPEG (ISO/IEC 14496-1, 7.2.6)."""
    decoder = _descriptor(4, struct.pack(">BB3x2I", _JPEG_OBJECT, 0x11, 0, 0))
    stream = _descriptor(3, struct.pack(">HB", 1, 0) + decoder + _descriptor(6, b"\x02"))
    visual = struct.pack(">6xH16x2H", 1, *size) + struct.pack(">3IH32xHh", 0x480000, 0x480000, 0, 1, 24, -1)
    return _box("mp4v", visual, _full("esds", stream))


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _box(kind: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind.encode("ascii") + body


def _full(kind: str, content: bytes, *, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), content)
