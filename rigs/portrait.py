"""A face that is nobody's: drawn from ellipses, so that face detectors find it and no one can be recognised by it."""

from __future__ import annotations

import random
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

_GREY = (120, 120, 120)
_HAIR = (50, 35, 28)
_IRIS = (40, 28, 20)
_WHITE = (245, 245, 245)
_LIPS = (150, 60, 60)
_OVER = 4  # drawn larger than wanted, so that edges are smooth
_SKINS = ((224, 172, 140), (198, 144, 108), (236, 192, 166), (156, 108, 80))

Colour = tuple[int, int, int]


def portrait(draw: random.Random, width: int) -> Image.Image:
    """A face before a grey wall, *width* pixels wide and as high."""
    return _drawn(width, draw.choice(_SKINS)).copy()


@cache
def _drawn(width: int, skin: Colour) -> Image.Image:
    side = width * _OVER
    image = Image.new("RGB", (side, side), _GREY)
    pen = ImageDraw.Draw(image)

    def ellipse(left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        pen.ellipse([left * side, top * side, right * side, bottom * side], fill=colour)

    ellipse(0.14, 0.02, 0.86, 0.70, _HAIR)
    ellipse(0.18, 0.10, 0.82, 0.98, skin)
    for x in (0.36, 0.64):
        ellipse(x - 0.11, 0.36, x + 0.11, 0.50, _darker(skin, 0.72))
        ellipse(x - 0.075, 0.40, x + 0.075, 0.475, _WHITE)
        ellipse(x - 0.035, 0.395, x + 0.035, 0.48, _IRIS)
        pen.rectangle([(x - 0.11) * side, 0.335 * side, (x + 0.11) * side, 0.362 * side], fill=_HAIR)
    nose = [(0.50, 0.45), (0.44, 0.66), (0.56, 0.66)]
    pen.polygon([(x * side, y * side) for x, y in nose], fill=_darker(skin, 0.88))
    ellipse(0.43, 0.63, 0.57, 0.69, _darker(skin, 0.70))
    ellipse(0.38, 0.76, 0.62, 0.84, _LIPS)
    return image.filter(ImageFilter.GaussianBlur(side / 90)).resize((width, width), Image.Resampling.LANCZOS)


def _darker(colour: Colour, part: float) -> Colour:
    red, green, blue = (int(channel * part) for channel in colour)
    return red, green, blue
