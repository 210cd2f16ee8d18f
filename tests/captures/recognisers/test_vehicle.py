"""Data of the vehicle is told by the name of its field, where a policy speaks of it."""

import json
import struct
from functools import cache

import msgspec
import pytest

from captures.sightings import Engine
from captures.sightings.scanner import with_hyperscan, with_re
from telltale.identity import Identities, Identity
from telltale.transmission import Address, Part, Transmission

ITEMS = ("speed", "odometer", "soc", "vehicle_data")


def seen(data, *, by_name=ITEMS, part="body", **how):
    """Item, form, value of what is told."""
    transmission = Transmission(
        index=0,
        channel="https",
        uplink=None,
        sent=1,
        ended=2,
        source=Address(ip="10.64.0.2", port=1),
        destination=Address(ip="192.0.2.1", port=443),
        summary="POST /",
        parts=(Part(name=part, data=data),),
    )
    return [(s.item, s.form, s.value) for s in _engine(tuple(by_name), **how).search(transmission)]


@cache
def _engine(by_name, **how):
    return Engine(Identities([Identity(item="vin", value="LSVAM4187C2184847")]), by_name=by_name, **how)


def cbor(name, number):
    """A map of one pair, RFC 8949."""
    return b"\xa1" + bytes([0x60 + len(name)]) + name.encode() + number


@pytest.mark.parametrize(
    ("data", "item", "value"),
    [
        (b'{"speed": 50}', "speed", "50"),
        (b'{"vehicleSpeed":50.25,"t":1}', "speed", "50.25"),
        (b"t=1&car_speed=7", "speed", "7"),
        ('{"车速": 88}'.encode(), "speed", "88"),
        (b'{"totalMileage":"12345"}', "odometer", "12345"),
        (b"<odometer>12345</odometer>", "odometer", "12345"),
        (b'{"battery": {"state-of-charge": 80}}', "soc", "80"),
        (b'{"fuelLevel": 0.5}', "vehicle_data", "0.5"),
        (msgspec.msgpack.encode({"speed": 50.5}), "speed", "50.5"),
        (msgspec.msgpack.encode({"odometer": 123_456}), "odometer", "123456"),
        (msgspec.msgpack.encode({"soc": 200}), "soc", "200"),
        (cbor("speed", b"\xfb" + struct.pack(">d", 50.5)), "speed", "50.5"),
        (cbor("odometer", b"\x1a" + struct.pack(">I", 123_456)), "odometer", "123456"),
        (cbor("soc", b"\x18\x50"), "soc", "80"),
    ],
)
@pytest.mark.parametrize("scan_with", [with_hyperscan, with_re])
def test_a_number_beside_a_fields_name_is_told(data, item, value, scan_with):
    """In JSON, forms, XML, MessagePack and CBOR, whatever the case of its words."""
    assert seen(data, scan_with=scan_with) == [(item, "recognised", value)]


@pytest.mark.parametrize(
    "data",
    [
        b'{"speed": "fast"}',
        b'{"society": 5, "wspeed": 4, "modo": 3}',
        b'{"speed": null, "count": 5}',
        b'{"doors": 4}',
        b"soc\x01\x02\x03 speed",
        b"\x91\x07soc\xcc\x50 and \xe2SpD\xcd\x01\x02",
        b"\xa3sOc\xcc\x50",
        b"\x8f\x00\xe1soc\x03\xf07\xb2\x99",
        b"speed" + bytes([0xCB]) + b"\x7f" * 8,
    ],
)
def test_what_is_no_number_or_no_such_name_is_not_told(data):
    """Neither a word beside the name, nor a name that only contains it, nor bytes that are no measure."""
    assert seen(data) == []


def test_only_what_was_asked_for_is_told():
    """A policy that does not speak of the odometer leaves it alone."""
    data = b'{"speed": 50, "odometer": 12345}'
    assert seen(data, by_name=("speed",)) == [("speed", "recognised", "50")]
    assert seen(data, by_name=()) == []


def test_one_of_a_text_stands_for_all():
    """A series of a thousand is one thing to be judged."""
    assert len(seen(json.dumps([{"speed": n} for n in range(1000)]).encode())) == 1
