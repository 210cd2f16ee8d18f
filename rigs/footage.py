"""Pictures, videos and sounds with random content: what the car sees and hears, so that any slice of it is telling.

The pictures are JPEGs that any decoder opens. A video is an MP4 whose one track holds such pictures (motion JPEG), with
all boxes that a player needs.
"""

from __future__ import annotations

import io
import random
import struct
import wave

from PIL import Image

SIZE = (320, 240)
"""Width and height, pixels."""
_TIMESCALE = 10
"""Units a second; each picture lasts one."""
_IDENTITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_JPEG_OBJECT = 0x6C
"""Object type indication: Visual ISO/IEC 10918-1 (MP4 registration authority)."""


def picture(draw: random.Random) -> bytes:
    """A JPEG of random colours, some 60 KB."""
    coarse = (SIZE[0] // 2, SIZE[1] // 2)
    image = Image.frombytes("RGB", coarse, draw.randbytes(coarse[0] * coarse[1] * 3))
    buffer = io.BytesIO()
    image.resize(SIZE, Image.Resampling.NEAREST).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def video(draw: random.Random, frames: int) -> bytes:
    """An MP4 of that many pictures, some 60 KB each (ISO/IEC 14496-12 boxes, 14496-14 sample entry)."""
    pictures = [picture(draw) for _ in range(frames)]
    head = _box("ftyp", b"isom" + bytes(4) + b"isommp42")
    return head + _box("mdat", *pictures) + _movie([len(one) for one in pictures], first=len(head) + 8)


def sound(draw: random.Random, seconds: int) -> bytes:
    """A WAV file of noise, 16 bits at 16 kHz, as speech is recorded (32 KB a second)."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(draw.randbytes(32_000 * seconds))
    return buffer.getvalue()


def _movie(sizes: list[int], first: int) -> bytes:
    """The moov box for samples of these *sizes* that lie in one chunk at the file's offset *first*."""
    count, (width, height) = len(sizes), SIZE
    movie = struct.pack(">4I", 0, 0, _TIMESCALE, count) + struct.pack(">IH10x", 0x10000, 0x100)
    track = struct.pack(">5I8x4H", 0, 0, 1, 0, count, 0, 0, 0, 0) + _IDENTITY_MATRIX
    media = struct.pack(">4IHH", 0, 0, _TIMESCALE, count, 0x55C4, 0)  # language: und
    tables = _box(
        "stbl",
        _full("stsd", struct.pack(">I", 1) + _sample_entry()),
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


def _sample_entry() -> bytes:
    """``mp4v`` with the elementary stream descriptor of JPEG (ISO/IEC 14496-1, 7.2.6)."""
    decoder = _descriptor(4, struct.pack(">BB3x2I", _JPEG_OBJECT, 0x11, 0, 0))
    stream = _descriptor(3, struct.pack(">HB", 1, 0) + decoder + _descriptor(6, b"\x02"))
    visual = struct.pack(">6xH16x2H", 1, *SIZE) + struct.pack(">3IH32xHh", 0x480000, 0x480000, 0, 1, 24, -1)
    return _box("mp4v", visual, _full("esds", stream))


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def _box(kind: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind.encode("ascii") + body


def _full(kind: str, content: bytes, *, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), content)
