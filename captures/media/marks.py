"""What a medium says about its making: EXIF in whatever holds it, XMP, and the places in QuickTime and MP4 metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from captures.media.boxes import beside_samples
from captures.media.medium import Medium
from captures.media.tiff import Tiff
from telltale.identity import Position

_MOST = 64
_REACH = 4 << 20  # bytes of a medium in which metadata is looked for, from its beginning and from its end
_TIFF = (b"II\x2a\x00", b"MM\x00\x2a")
"""A TIFF header, in either byte order."""
_BEFORE_TIFF = re.compile(rb"(?:Exif\x00\x00|eXIf|EXIF[\x00-\xff]{4})\Z")
"""What stands before it: in APP1 and in an item of HEIF (CIPA DC-008, 4.7.2), PNG's eXIf, WebP's EXIF."""
_XMP = re.compile(
    rb"exif:GPS(?P<axis>Latitude|Longitude)(?:=[\"']|>)\s*"
    rb"(?P<degrees>\d{1,3}),(?P<minutes>\d{1,2})(?:,(?P<seconds>\d{1,2})|(?P<part>\.\d{1,10}))?(?P<side>[NSEW])"
)
"""ISO 16684-1, 8.2 and XMP specification part 2, 2.6: GPSCoordinate."""
_SERIAL = re.compile(rb"(?:aux|exifEX):(?:Body)?SerialNumber(?:=[\"']|>)\s*(?P<serial>[ -;=?-~]{4,64})[\"'<]")
_ISO_6709 = re.compile(
    rb"(?P<latitude>[+-]\d{2}(?P<north>\.\d{1,10})?)(?P<longitude>[+-]\d{3}(?P<east>\.\d{1,10})?)"
    rb"(?:[+-]\d{1,6}(?:\.\d{1,6})?)?(?:CRS[A-Za-z0-9_:]{1,20})?/"
)
"""ISO 6709, annex H, degrees: what QuickTime's ``©xyz`` and ``com.apple.quicktime.location.ISO6709`` hold."""
_LOCI = re.compile(rb"loci\x00\x00\x00\x00")

_SERIALS = {
    0xA431: "BodySerialNumber",
    0xA435: "LensSerialNumber",
    0xC62F: "CameraSerialNumber",
}
"""CIPA DC-008, 4.6.5, table 7; the last is DNG's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A place or a device that a medium names."""

    link: str
    """How it is written: ``exif``, ``xmp``, ``iso6709`` or ``loci``."""
    value: Position | str
    """A place in degrees, or the serial number of a device."""
    step: float = 0.0
    """Degrees between one place that could be written so and the next."""
    start: int
    end: int


def marks(data: bytes, medium: Medium) -> list[Mark]:
    """What *medium* says, by place in *data*; at most `_MOST` of it."""
    low, high = medium.start, medium.end
    ends = [(low, high)] if high - low <= 2 * _REACH else [(low, low + _REACH), (high - _REACH, high)]
    boxes = [(start, min(end, start + _REACH)) for start, end in beside_samples(data, low, high)]
    readers = [(_exif, ends), (_xmp, ends)] + ([(_iso_6709, boxes), (_loci, boxes)] if "MP4" in medium.name else [])
    told = (mark for reader, stretches in readers for start, end in stretches for mark in reader(data, start, end))
    return sorted(islice(told, _MOST), key=lambda mark: mark.start)


def _exif(data: bytes, low: int, high: int) -> Iterator[Mark]:
    for header in islice(_tiffs(data, low, high), _MOST):
        tiff = Tiff(data, header, high)
        main = tiff.directory(tiff.first)
        gps = tiff.directory(tiff.number(main.get(0x8825)))
        if place := tiff.place(gps):
            position, step, start, end = place
            yield Mark(link="exif", value=position, step=step, start=start, end=end)
        for entries in (main, tiff.directory(tiff.number(main.get(0x8769)))):
            for tag in _SERIALS:
                if serial := tiff.text(entries.get(tag)):
                    text, start, end = serial
                    yield Mark(link="exif", value=text, start=start, end=end)


def _tiffs(data: bytes, low: int, high: int) -> Iterator[int]:
    for header in _TIFF:
        at = data.find(header, low, high)
        while at >= 0:
            if _BEFORE_TIFF.search(data, max(low, at - 8), at):
                yield at
            at = data.find(header, at + 4, high)


def _xmp(data: bytes, low: int, high: int) -> Iterator[Mark]:
    begin = data.find(b"<x:xmpmeta", low, high)
    if begin < 0:
        return
    finish = data.find(b"</x:xmpmeta", begin, high)
    finish = finish if finish >= 0 else high
    latitude: tuple[float, float, int, int] | None = None
    for match in _XMP.finditer(data, begin, finish):
        degrees = int(match["degrees"]) + float(match["minutes"] + (match["part"] or b"")) / 60
        degrees += int(match["seconds"] or 0) / 3600
        step = 1 / 3600 if match["seconds"] else 10.0 ** -(max(0, len(match["part"] or b".") - 1)) / 60
        value = -degrees if match["side"] in (b"S", b"W") else degrees
        if match["axis"] == b"Latitude":
            latitude = value, step, match.start("degrees"), match.end()
        elif latitude and abs(latitude[0]) <= 90 and abs(value) <= 180:
            yield Mark(
                link="xmp",
                value=(latitude[0], value),
                step=max(step, latitude[1]),
                start=latitude[2],
                end=match.end(),
            )
            latitude = None
    for match in _SERIAL.finditer(data, begin, finish):
        yield Mark(link="xmp", value=match["serial"].decode(), start=match.start("serial"), end=match.end("serial"))


def _iso_6709(data: bytes, low: int, high: int) -> Iterator[Mark]:
    for match in _ISO_6709.finditer(data, low, high):
        position = float(match["latitude"]), float(match["longitude"])
        if not (match["north"] and match["east"]) or not _is_place(position):
            continue  # whole degrees: a district of 100 km, and a chance of digits
        step = 10.0 ** -(min(len(match["north"]), len(match["east"])) - 1)
        yield Mark(link="iso6709", value=position, step=step, start=match.start(), end=match.end() - 1)


def _loci(data: bytes, low: int, high: int) -> Iterator[Mark]:
    """3GPP TS 26.244, 8.12: a language, a name, a role, then longitude, latitude, altitude as 16.16 fixed point."""
    for match in _LOCI.finditer(data, low, high):
        name = match.end() + 2
        at = data.find(b"\0", name, min(name + 512, high)) + 2
        if at < name or at + 8 > high:
            continue
        longitude, latitude = (int.from_bytes(data[at + n : at + n + 4], "big", signed=True) / 65_536 for n in (0, 4))
        if _is_place((latitude, longitude)):
            yield Mark(link="loci", value=(latitude, longitude), step=1 / 65_536, start=at, end=at + 8)


def _is_place(position: Position) -> bool:
    """Whether it is one; devices without a fix write zeros."""
    return abs(position[0]) <= 90 and abs(position[1]) <= 180 and position != (0, 0)
