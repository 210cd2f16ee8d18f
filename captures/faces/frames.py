"""Media to grey frames, within limits: pictures by Pillow, films by FFmpeg (PyAV).

The demuxer is the one of the format that was found, never guessed: a playlist or a list of files, which would make
FFmpeg open others, is no film here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import ThreadType
from PIL import Image, ImageFile, ImageOps, ImageSequence

Frame = npt.NDArray[np.uint8]
"""Brightness, by row and column."""

MOST_PIXELS = 40_000_000
"""Of one frame: larger than the sensors of cars and telephones."""
MOST_DECODED = 2_000_000_000
"""Pixels of a film's frames, looked at or not: 15 minutes of 320x240 at 30 frames a second, 32 s of 1920x1080."""
STEP = 0.5
"""Seconds of film between the frames that are looked at; the first one always is."""

_PICTURES = {"JPEG": "JPEG", "PNG": "PNG", "GIF": "GIF", "WebP": "WEBP", "AVIF": "AVIF"}
"""Format to Pillow's name of it."""
_FILMS = {
    "MP4": "mov",
    "fMP4": "mov",
    "Matroska": "matroska",
    "WebM": "matroska",
    "MPEG-TS": "mpegts",
    "H.264": "h264",
    "H.265": "hevc",
}
"""Format to FFmpeg's demuxer."""


class UnclearError(Exception):
    """Why a medium, or the rest of it, cannot be looked at, in words for people."""


def frames(name: str, data: bytes) -> Iterator[Frame]:
    """The frames of a medium that are to be looked at.

    :param name: the format, as `captures.media` tells it; what follows its first word (a codec) does not matter
    :raises UnclearError: the format, or these bytes, cannot be decoded, or not all of them within the limits
    """
    kind = name.partition(" ")[0]
    if kind not in _PICTURES and kind not in _FILMS:
        raise UnclearError(f"there is no decoder for {kind}")
    try:
        yield from _picture(data, _PICTURES[kind]) if kind in _PICTURES else _film(data, _FILMS[kind])
    except (av.FFmpegError, OSError, SyntaxError, ValueError, EOFError):  # what decoders raise for bad input
        raise UnclearError(f"{kind} cannot be decoded") from None


def _picture(data: bytes, kind: str) -> Iterator[Frame]:
    """A picture upright, or those of an animation, each of which shows for longer than a film's."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # what is there of one that was cut off
    Image.MAX_IMAGE_PIXELS = None  # the bound is ours
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        _bound(*image.size)
        for frame in ImageSequence.Iterator(image):
            yield np.asarray(ImageOps.exif_transpose(frame).convert("L"))


def _film(data: bytes, demuxer: str) -> Iterator[Frame]:
    with av.open(io.BytesIO(data), mode="r", format=demuxer, metadata_errors="ignore") as film:
        if not film.streams.video:
            raise UnclearError("a film without a picture track")
        stream = film.streams.video[0]
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
        stream.codec_context.thread_type = ThreadType.NONE
        due, decoded = 0.0, 0
        for frame in film.decode(stream):
            decoded += frame.width * frame.height
            if decoded > MOST_DECODED:
                raise UnclearError(f"a film of more than {MOST_DECODED:,} pixels")
            moment = frame.time
            if moment is None or moment >= due or decoded == frame.width * frame.height:
                due = (moment or 0.0) + STEP
                yield np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
        if not decoded:
            raise UnclearError("a film without a frame")


def _bound(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnclearError(f"{width}x{height} is more than {MOST_PIXELS:,} pixels")
