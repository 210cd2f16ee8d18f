"""Marks that a unit writes into the metadata of a picture: where and when it was taken."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

_START = b"\xff\xd8"
"""JPEG's start of image; the metadata comes right behind it (JEITA CP-3451 4.5.4)."""
_APP1 = 0xFFE1
_STEPS = 10_000
"""In a second of arc: 3 mm."""


def tagged(picture: bytes, marks: Mapping[str, Any]) -> bytes:
    """The JPEG with these marks in it, its pixels as they were.

    :param marks: ``lat`` and ``lon`` in degrees, ``taken`` as text; each may be missing
    :raises ValueError: it is no JPEG, or a degree is no number
    """
    if not picture.startswith(_START):
        raise ValueError("`exif` works on a JPEG, which this is not")
    tags = Image.Exif()
    if "taken" in marks:
        tags[ExifTags.Base.DateTime] = str(marks["taken"])
    if "lat" in marks:
        tags[ExifTags.IFD.GPSInfo] = {
            ExifTags.GPS.GPSLatitudeRef: "N" if float(marks["lat"]) >= 0 else "S",
            ExifTags.GPS.GPSLatitude: _degrees(float(marks["lat"])),
            ExifTags.GPS.GPSLongitudeRef: "E" if float(marks["lon"]) >= 0 else "W",
            ExifTags.GPS.GPSLongitude: _degrees(float(marks["lon"])),
        }
    data = tags.tobytes()
    return _START + struct.pack(">HH", _APP1, len(data) + 2) + data + picture[len(_START) :]


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes and seconds (4.6.6)."""
    steps = round(abs(value) * 3600 * _STEPS)
    minutes, rest = divmod(steps, 60 * _STEPS)
    degrees, minutes = divmod(minutes, 60)
    return IFDRational(degrees), IFDRational(minutes), IFDRational(rest, _STEPS)
