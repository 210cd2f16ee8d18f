"""Speeds, odometer readings and states of charge are found by their sequence, and not one by one."""

import base64
import gzip
import json
import struct
from functools import cache
from random import Random

import pytest

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.transmission import Address, Part, Transmission

SPEEDS = (50, 53, 57, 64, 61, 58, 49, 40, 35, 41, 48)
READINGS = (123456, 123457, 123459, 123462)
CHARGES = (80.5, 80.0, 79.0, 76.5, 74.0, 70.5)


@cache
def _engine(*, even=False):
    if even:
        return Engine(Identities([Identity(item="speed", value=str(value)) for value in (10, 20, 30, 40)]))
    values = {"speed": SPEEDS, "odometer": READINGS, "soc": CHARGES}
    return Engine(Identities([Identity(item=i, value=str(value)) for i, many in values.items() for value in many]))


def seen(data, **how):
    """Item, chain and the bytes from the first to the last value."""
    transmission = Transmission(
        index=0,
        channel="https",
        uplink=None,
        sent=1,
        ended=2,
        source=Address(ip="10.64.0.2", port=1),
        destination=Address(ip="192.0.2.1", port=443),
        summary="POST /",
        parts=(Part(name="body", data=data),),
    )
    return [
        (s.item, s.form, s.chain, data[s.offset : s.offset + s.length]) for s in _engine(**how).search(transmission)
    ]


def packed(layout, values, scale=1):
    return b"".join(struct.pack(layout, type(values[0])(value * scale)) for value in values)


def varint(number):
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number > 0x7F else bytes([number])


HEAD = b"\x0a\xff\x00"
ROWS = json.dumps([{"t": 1000 + n, "v": v} for n, v in enumerate(SPEEDS)]).encode()
RECORDS = b"".join(b"\xfe\x00" + struct.pack(">hI", v * 10, 7) for v in SPEEDS)
IN_BCD = bytes.fromhex("".join(map(str, READINGS)))


@pytest.mark.parametrize(
    ("data", "item", "chain", "told"),
    [
        (b'{"v":[50,53,57,64,61,58,49]}', "speed", (), b"50,53,57,64,61,58,49"),
        (b'{"v":[9, 57, 64, 61, 58, 49, 40, 9]}', "speed", (), b"57, 64, 61, 58, 49, 40"),
        (ROWS, "speed", (), ROWS[ROWS.index(b"50}") : -2]),
        (b"t,km\n1,123456\n2,123457\n3,123459\n4,123462\n", "odometer", (), b"123456\n2,123457\n3,123459\n4,123462"),
        (b"soc=80.5;80.0;79.0;76.5;74.0;70.5", "soc", (), b"80.5;80.0;79.0;76.5;74.0;70.5"),
        (HEAD + packed(">h", SPEEDS, 10), "speed", ("int16-be",), packed(">h", SPEEDS, 10)),
        (HEAD + packed("<i", READINGS), "odometer", ("int32-le",), packed("<i", READINGS)),
        (HEAD + packed(">i", READINGS, 10), "odometer", ("int32-be",), packed(">i", READINGS, 10)),
        (HEAD + packed("<f", CHARGES), "soc", ("float32-le",), packed("<f", CHARGES)),
        (HEAD + packed(">d", CHARGES), "soc", ("float64-be",), packed(">d", CHARGES)),
        (HEAD + IN_BCD, "odometer", ("bcd",), IN_BCD),
        (
            b"\x0a\x0c\xff" + b"".join(map(varint, READINGS)) + b"\xff",
            "odometer",
            ("varint",),
            b"".join(map(varint, READINGS)),
        ),
        (RECORDS, "speed", ("int16-be",), RECORDS[2:-4]),
    ],
)
def test_a_series_is_found_by_its_sequence(data, item, chain, told):
    """In text and in binary, whole or from any value on, one sighting for all of it."""
    assert seen(data) == [(item, "plain", chain, told)]


def test_a_series_is_found_inside_encodings():
    """What an encoding holds is searched as what stands in the open."""
    text = base64.b64encode(gzip.compress(json.dumps(SPEEDS).encode()))
    assert seen(b'{"data":"' + text + b'"}') == [("speed", "plain", ("base64", "gzip"), text)]


@pytest.mark.parametrize(
    "data",
    [
        b'{"speed": 50, "odometer": 123456}',
        b"[50, 53]",
        b"[48, 41, 35, 40, 49, 58, 61]",
        b"[50, 1, 53, 57, 64, 61, 58]",
        b'{"a": "x50", "b": "x53", "c": "x57"}',
        HEAD + packed(">h", SPEEDS[:4]),
        HEAD + bytes(SPEEDS[:3]),
    ],
)
def test_what_is_no_series_is_not_told(data):
    """Single values, two of them, another order, other distances, parts of words, and bytes that say too little."""
    assert seen(data) == []


def test_equal_steps_are_a_counters_and_need_six_values():
    """10, 20, 30 are everybody's."""
    assert seen(b"[10, 20, 30, 40]", even=True) == []


def test_benign_telemetry_holds_no_series():
    """Two megabytes of other cars' speeds, readings and charges, as text and as bytes: none is this run's."""
    draw = Random(11)
    rows, speed = [], 50
    for n in range(16_000):
        speed = min(130, max(0, speed + draw.choice((-7, -4, -3, -2, -1, 0, 1, 2, 3, 4, 7))))
        rows.append({"t": 1_795_338_346 + n, "speed": speed, "odo": 100_000 + n, "soc": draw.randrange(200) / 2})
    assert seen(json.dumps(rows).encode()) == []
    assert seen(b"\xff" + b"".join(struct.pack(">IhIf", *row.values()) for row in rows)) == []
    assert seen(b"\xff\x00" + draw.randbytes(1 << 20)) == []
