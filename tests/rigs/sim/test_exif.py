"""Marks in the metadata of a picture that a unit takes."""

import io
import random

import pytest
from PIL import ExifTags, Image

from rigs.footage import picture
from rigs.sim.unit.exif import tagged

TAKEN = picture(random.Random(1))


def read(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.getexif(), image.getexif().get_ifd(ExifTags.IFD.GPSInfo), image.tobytes()


@pytest.mark.parametrize(
    ("lat", "lon", "told"),
    [
        (39.9042, 116.4074, (("N", 39, 54, 15.12), ("E", 116, 24, 26.64))),
        (-33.999999, -70.5, (("S", 33, 59, 59.9964), ("W", 70, 30, 0.0))),
    ],
)
def test_a_place_is_written_in_degrees_minutes_and_seconds(lat, lon, told):
    """On either half of the globe; the pixels stay as the camera took them, and every byte of them."""
    marked = tagged(TAKEN, {"lat": lat, "lon": lon, "taken": "2026-11-22T06:00:00Z"})
    tags, gps, pixels = read(marked)
    for (half, *parts), at in zip(told, (1, 3), strict=True):
        assert gps[at] == half
        assert [float(one) for one in gps[at + 1]] == parts
    assert tags[ExifTags.Base.DateTime] == "2026-11-22T06:00:00Z"
    assert pixels == read(TAKEN)[2]
    assert marked.endswith(TAKEN[2:])


def test_without_a_place_there_is_none():
    tags, gps, _ = read(tagged(TAKEN, {"taken": "today"}))
    assert (dict(tags), gps) == ({ExifTags.Base.DateTime: "today"}, {})


def test_only_a_picture_has_metadata():
    with pytest.raises(ValueError, match="works on a JPEG"):
        tagged(b"no picture", {"taken": "today"})
