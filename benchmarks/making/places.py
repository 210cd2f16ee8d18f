"""Positions as cars write them: three datums, and the usual ways in text and in bytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from random import Random

from making.links import Held
from making.values import Position


def to_gcj02(place: Position) -> Position:
    """WGS-84 in GCJ-02 (the formula that map libraries have used since 2010)."""
    lat, lon = place
    x, y = lon - 105, lat - 35

    def wave(of: float, *terms: tuple[float, float]) -> float:
        return sum(size * math.sin(of * math.pi * pace) for size, pace in terms) * 2 / 3

    common = wave(x, (20, 6), (20, 2))
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * abs(x) ** 0.5
    north += common + wave(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * abs(x) ** 0.5
    east += common + wave(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))
    flat = 0.00669342162296594323
    slope = 1 - flat * math.sin(math.radians(lat)) ** 2
    metres_north = 6378245 * (1 - flat) / slope**1.5 * math.pi / 180
    metres_east = 6378245 / slope**0.5 * math.cos(math.radians(lat)) * math.pi / 180
    return lat + north / metres_north, lon + east / metres_east


def to_bd09(place: Position) -> Position:
    """WGS-84 in Baidu's BD-09."""
    lat, lon = to_gcj02(place)
    turn = math.pi * 3000 / 180
    far = math.hypot(lon, lat) + 2e-5 * math.sin(lat * turn)
    angle = math.atan2(lat, lon) + 3e-6 * math.cos(lon * turn)
    return far * math.sin(angle) + 0.006, far * math.cos(angle) + 0.0065


DATUMS: Mapping[str, Callable[[Position], Position]] = {
    "plain": lambda place: place,
    "gcj02": to_gcj02,
    "bd09": to_bd09,
}

_NAMES = (
    (b'{"lat": ', b', "lng": ', b', "acc": 12}'),
    (b'{"latitude":', b',"longitude":', b"}"),
    (b"lat=", b"&lon=", b"&alt=40"),
    (b"", b",", b""),
)


def decimal(place: Position, random: Random) -> Held:
    return _pair(f"{place[0]:.6f}", f"{place[1]:.6f}", random, ())


def millionths(place: Position, random: Random) -> Held:
    scale = random.choice((5, 6, 7))
    return _pair(*(str(round(degrees * 10**scale)) for degrees in place), random, (f"e{scale}",))


def _pair(latitude: str, longitude: str, random: Random, chain: tuple[str, ...]) -> Held:
    one, other = latitude.encode(), longitude.encode()
    before, between, after = random.choice(_NAMES)
    data = before + one + between + other + after
    return Held(data, len(before), len(data) - len(after), chain, core=(one, other))


def integers(place: Position, random: Random) -> Held:
    order = random.choice("<>")
    name = "int32-le" if order == "<" else "int32-be"
    return _binary(struct.pack(order + "ii", *(round(degrees * 1e6) for degrees in place)), (name, "e6"))


def doubles(place: Position, random: Random) -> Held:
    order = random.choice("<>")
    return _binary(struct.pack(order + "dd", *place), ("float64-le" if order == "<" else "float64-be",))


def _binary(pair: bytes, chain: tuple[str, ...]) -> Held:
    return Held(b"\x05\x00" + pair + b"\x00\x2a", 2, 2 + len(pair), chain)


def nmea(place: Position, _: Random) -> Held:
    """The fields of an RMC sentence (NMEA 0183): degrees with minutes, and the hemispheres."""
    (south, lat), (west, lon) = ((degrees < 0, abs(degrees)) for degrees in place)
    one = f"{int(lat):02}{lat % 1 * 60:07.4f},{'NS'[south]}".encode()
    other = f"{int(lon):03}{lon % 1 * 60:07.4f},{'EW'[west]}".encode()
    data = b"$GNRMC,060000.00,A," + one + b"," + other + b",0.5,,221125,,,A\r\n"
    end = 19 + len(one) + 1 + len(other) - len(",E")  # the last letter is a field of its own
    return Held(data, 19, end, ("nmea",), core=(one, other))


def geohash(place: Position, random: Random) -> Held:
    length = random.choice((8, 9, 10))
    edges, text, digit = [[-90.0, 90.0], [-180.0, 180.0]], "", 0
    for bit in range(5 * length):
        axis = 1 - bit % 2
        middle = sum(edges[axis]) / 2
        above = place[axis] >= middle
        edges[axis][not above] = middle
        digit = digit * 2 + above
        if bit % 5 == 4:
            text, digit = text + "0123456789bcdefghjkmnpqrstuvwxyz"[digit], 0
    data = b'{"geohash": "' + text.encode() + b'"}'
    return Held(data, 13, 13 + length, ("geohash",), core=(text.encode(),))


WRITINGS = (decimal, decimal, millionths, integers, doubles, nmea, geohash)
