"""What a car's software makes of its footage before it shows it to others: faces blurred, pictures made smaller.

The camera's own detector writes into a comment of each picture where in it the faces are (`rigs.footage`). As in real
pipelines that comment is kept by every step, so a picture that was scaled before it is blurred is blurred elsewhere.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from PIL import Image, ImageFilter

from rigs.footage import faces_in as boxes_in
from rigs.footage import film, frames_of, is_film, jpeg

_BLUR = 0.25
"""Radius of the blur, part of the face's width."""
_BEYOND = 0.15
"""What is blurred round a face, part of its width."""


def blurred(footage: bytes) -> bytes:
    """The picture or video with its faces blurred."""
    return _each(footage, _blur)


def small(footage: bytes) -> bytes:
    """The picture or video at half its width and height."""
    return _each(footage, _halve)


def still(footage: bytes) -> bytes:
    """The first picture of a video; a picture stays what it is."""
    return frames_of(footage)[0] if is_film(footage) else footage


STAGES: Mapping[str, Callable[[bytes], bytes]] = {"blurred": blurred, "small": small, "still": still}
"""What the software of a unit can do to footage, by its name in unit files."""


def _each(footage: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return film([change(frame) for frame in frames_of(footage)]) if is_film(footage) else change(footage)


def _blur(picture: bytes) -> bytes:
    with Image.open(io.BytesIO(picture), formats=["JPEG"]) as image:
        boxes = boxes_in(image)
        for x, y, width in boxes:
            beyond = int(width * _BEYOND)
            left, top = max(0, x - beyond), max(0, y - beyond)
            right, bottom = min(image.width, x + width + beyond), min(image.height, y + width + beyond)
            if left < right and top < bottom:
                box = (left, top, right, bottom)
                image.paste(image.crop(box).filter(ImageFilter.GaussianBlur(width * _BLUR)), box)
        return jpeg(image, boxes)


def _halve(picture: bytes) -> bytes:
    with Image.open(io.BytesIO(picture), formats=["JPEG"]) as image:
        return jpeg(image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC), boxes_in(image))
