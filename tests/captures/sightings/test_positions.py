"""Positions of the run, however a program writes them."""

import struct

import pytest

from captures.sightings.cells import CELLS, geohash, plus_code
from captures.sightings.datums import bd09, datums, gcj02
from captures.sightings.numbers import varint

LATITUDE, LONGITUDE = 39.9042, 116.4074
SOUTH, EAST = -33.856784, 151.215297


def packed(layout, *values):
    return b"\x0a\xfe" + struct.pack(layout, *values) + b"\x80\x01"


def shifted(kind):
    return dict(datums((LATITUDE, LONGITUDE)))[kind]


def both(layout, scale, place=(LATITUDE, LONGITUDE)):
    return packed(layout, *(round(degrees * scale) for degrees in place))


@pytest.mark.parametrize(
    ("body", "chain", "precision"),
    [
        (b'{"y": 39904200, "x": 116407400}', ("e6",), 0.11132),
        (b"116407400 39904200", ("e6",), 0.11132),
        (b"lat=3990420&lng=11640740", ("e5",), 1.1132),
        (b"[399042000,1164074000]", ("e7",), 0.011132),
        (both("<ii", 1e6), ("int32-le", "e6"), 0.11132),
        (both(">II", 1e7), ("int32-be", "e7"), 0.011132),
        (both("<qq", 1e7), ("int64-le", "e7"), 0.011132),
        (both(">qq", 1e6), ("int64-be", "e6"), 0.11132),
        (b"\x08" + varint(39904200) + b"\x10" + varint(116407400), ("varint", "e6"), 0.11132),
        (b"\x08" + varint(79808400) + b"\x10" + varint(232814800), ("zigzag", "e6"), 0.11132),
        (packed("<dd", LATITUDE, LONGITUDE), ("float64-le",), 11.132),
        (packed(">dd", LONGITUDE, LATITUDE), ("float64-be",), 11.132),
        (packed("<ff", LATITUDE, LONGITUDE), ("float32-le",), 11.132),
        (packed(">ff", LATITUDE, LONGITUDE), ("float32-be",), 11.132),
        (b"39.90420150756836,116.40740203857422", (), 0.85),
        (b"$GPRMC,060000.00,A,3954.25200,N,11624.44400,E,0.0,,221126,,,A*6F", ("nmea",), 0.0185533),
        ("39°54'15.12\"N 116°24'26.64\"E".encode(), ("dms",), 0.309),
        ("39°54.252\N{PRIME}, 116°24.444\N{PRIME}".encode(), ("dms",), 1.855),
        (b"39 54 15.1 N, 116 24 26.6 E", ("dms",), 3.09),
        (b"39.9042N,116.4074E", (), 11.132),
        (b"geo:wx4g0bm6c", ("geohash",), 3.66),
        (b'"place":"8PFRWC34+MX"', ("plus-code",), 10.7),
    ],
)
def test_a_position_is_seen_in_every_spelling(search, body, chain, precision):
    """The form says that nothing was changed one way, the chain how it was written."""
    (seen,) = search(body)
    assert (seen.item, seen.form, seen.chain) == ("position", "plain", chain)
    assert seen.precision == pytest.approx(precision, rel=0.01)


@pytest.mark.parametrize(
    "body",
    [
        b"33.856784S 151.215297E",
        b"S33.856784,E151.215297",
        b"3351.40704,S,15112.91782,E",
        "33°51'24.42\"S 151°12'55.07\"E".encode(),
        b"-33856784,151215297",
        both("<ii", 1e6, (SOUTH, EAST)),
        both(">qq", 1e7, (SOUTH, EAST)),
        packed("<dd", SOUTH, EAST),
        packed(">ff", SOUTH, EAST),
        b"\x08" + varint((1 << 64) - 33856784) + b"\x10" + varint(151215297),
        b"\x08" + varint(2 * 33856784 - 1) + b"\x10" + varint(2 * 151215297),
    ],
)
def test_the_south_has_a_sign_or_a_letter(search, body):
    """Also in two's complement and folded."""
    (seen,) = search(body)
    assert (seen.item, seen.form) == ("home_position", "plain")


@pytest.mark.parametrize("kind", ["gcj02", "bd09"])
@pytest.mark.parametrize("layout", ["{:.6f},{:.6f}", "<dd", ">ii", "geohash"])
def test_a_shifted_position_is_named_by_its_datum(search, kind, layout):
    """Whatever the spelling."""
    place = shifted(kind)
    if "{" in layout:
        body = layout.format(*place).encode()
    elif layout == "geohash":
        body = geohash(place, 10).encode()
    else:
        body = packed(layout, *(place if layout == "<dd" else (round(degrees * 1e6) for degrees in place)))
    (seen,) = search(body)
    assert (seen.item, seen.form) == ("position", kind)


def test_the_datums_are_the_published_ones():
    """Values that implementations of the formulas have in their documentation; no shift outside China."""
    moved = gcj02((39.915, 116.404))
    assert moved == pytest.approx((39.91640428150164, 116.41024449916938), abs=1e-9)
    assert bd09((39.915, 116.404)) == pytest.approx((39.92133699351022, 116.41036949371029), abs=1e-9)
    assert [name for name, _ in datums((SOUTH, EAST))] == ["wgs84"]


@pytest.mark.parametrize(
    ("body", "precision"),
    [
        (b'{"lat": 39.900000, "lon": 116.410000}', 1113.2),
        (b'{"lat": 39.9, "lon": 116.41}', 1113.2),
        (b'{"lat": 39.5, "lng": 116.5}', 55660.0),
        (b'{"carLat": 39.5, "carLng": 116.5}', 55660.0),
        (b"LAT=39.5 LON=116.5", 55660.0),
        (b'{"lat": 39900000, "lng": 116400000}', 11132.0),
        (both("<ii", 1e6, (39.9, 116.4)), 11132.0),
        (packed(">dd", 39.9, 116.41), 1113.2),
        (b'{"geohash": "wx4g0"}', 3750),
        (b'{"geohash": "wx4"}', 119900),
        (b'{"plus_code": "8PFRWC00+"}', 4270),
        ("loc: 39°54\N{PRIME}N 116°24\N{PRIME}E".encode(), 1855.3),
    ],
)
def test_what_was_rounded_away_is_the_form_and_the_precision(search, body, precision):
    """Zeros that only pad a number are no precision, and zeros that were dropped are."""
    (seen,) = search(body)
    assert (seen.item, seen.form) == ("position", "coarse")
    assert seen.precision == pytest.approx(precision, rel=0.02)


@pytest.mark.parametrize(
    "body",
    [
        b"39904200",
        b'{"cabinTemperature": 39.5, "lateralForce": 116.5}',
        b'{"LATERAL": 39.5, "alongRoad": 116.5, "postcode": 7}',
        b"39904200 1164074001",
        b"1399042000,1164074000",
        b"39904200.5,116407400.5",
        b"wx4g0",
        b"wx4g0bm6cxx",
        b"token=Awx4g0bm6c",
        b"12:30:39 54 15 116 24 26",
        packed("<i", 39904200),
        packed("<ii", 39904200, 116407500),
        packed("<i", 39904200) + bytes(100) + packed("<i", 116407400),
        packed("<ff", 40.0, 116.5),
        packed("<ii", -39904200, 116407400),
        packed("<d", LATITUDE) + packed(">d", LONGITUDE),
        b"39.9042S,116.4074E",
        b"3954.25200,S,11624.44400,E",
    ],
)
def test_too_little_is_no_position(search, body):
    """A coordinate alone, a longer number, a short code without a name, another hemisphere, two spellings mixed."""
    assert search(body) == []


def test_the_bytes_are_those_of_the_pair(search):
    """From the first of the two numbers to the end of the other, signs and upper halves with them."""
    body = b"xx-33856784, 151215297;"
    (seen,) = search(body)
    assert body[seen.offset : seen.offset + seen.length] == b"-33856784, 151215297"
    (seen,) = search(both(">qq", 1e7, (SOUTH, EAST)))
    assert (seen.offset, seen.length) == (2, 16)
    (seen,) = search(packed("<dd", LATITUDE, LONGITUDE))
    assert (seen.offset, seen.length) == (2, 16)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ((57.64911, 10.40744), "u4pruydqqvj8"),
        ((42.6, -5.6), "ezs42e44yx96"),
        ((-25.382708, -49.265506), "6gkzwgjzn820"),
    ],
)
def test_geohashes(place, code):
    """Examples that are published with the code's descriptions."""
    assert geohash(place) == code


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ((20.3701135, 2.78223535156), "7FG49QCJ+2VXGJ"),
        ((47.0000625, 8.0000625), "8FVC2222+22"),
        ((-41.2730625, 174.7859375), "4VCPPQGP+Q9"),
        ((0.5, -179.5), "62G20000+"),
        ((90, 1), "CFX30000+"),
    ],
)
def test_plus_codes(place, code):
    """Rows of the test data of Open Location Code."""
    assert plus_code(place).startswith(CELLS["plus-code"].digits(code))
