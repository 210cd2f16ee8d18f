"""Generated identities: real in structure, nobody's in fact."""

import io
import re
import struct

import pytest
from PIL import Image

from rigs.identities import BEIJING, generate, with_luhn
from telltale.items import taxonomy
from telltale.wellformed import vin_check_digit

SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_value_has_the_structure_of_its_item(seed):
    """Lengths, alphabets and check digits, for many seeds."""
    values = {identity.item: identity.value for identity in generate(seed)}
    vin = values["vin"]
    assert re.fullmatch(r"LNB[A-HJ-NPR-Z0-9]{5}[0-9X]0[A-HJ-NPR-Z]\d{6}", vin)
    assert vin[8] == vin_check_digit(vin)
    for item, digits in (("imei", 15), ("iccid", 20)):
        assert len(values[item]) == digits
        assert with_luhn(values[item][:-1]) == values[item]
    assert re.fullmatch(r"00101\d{10}", values["imsi"])
    assert re.fullmatch(r"154\d{8}", values["phone_number"])
    assert re.fullmatch(r"琼[S-Z]D\d{5}", values["licence_plate"])
    assert values["email"].endswith("@example.com")
    for item in ("mac_address", "bluetooth_mac"):
        first = int(values[item][:2], 16)
        assert (first & 2, first & 1) == (2, 0)


def test_items_are_of_the_taxonomy_and_all_distinct():
    """No value is part of another: a sighting of one is not one of the other."""
    identities = generate(1)
    assert all(identity.item in taxonomy() for identity in identities)
    texts = [identity.value for identity in identities if isinstance(identity.value, str)]
    assert not [(a, b) for a in texts for b in texts if a is not b and a in b]


def test_the_same_seed_gives_the_same_values_and_none_gives_new_ones():
    """A run can be repeated."""
    assert [i.value for i in generate(7)] == [i.value for i in generate(7)]
    assert generate(7).first("vin") != generate(8).first("vin")
    assert generate().first("vin") != generate().first("vin")


def test_the_manufacturer_code_leads_the_vin():
    """It comes from the vehicle file."""
    assert generate(1, manufacturer_code="WMW").first("vin").value.startswith("WMW")


@pytest.mark.parametrize("number", ["1M8GDM9AXKP042788", "11111111111111111", "5GZCZ43D13S812715"])
def test_the_check_digit_is_the_one_of_published_examples(number):
    """49 CFR 565.15, and examples in common use."""
    assert vin_check_digit(number) == number[8]


def test_luhn_is_the_one_of_a_published_example():
    """79927398713, of the algorithm's descriptions."""
    assert with_luhn("7992739871") == "79927398713"


def test_positions_lie_near_the_place_given_and_the_home_farther_off():
    """Within 2 km, and 30 to 50 km, which a position rounded to a city keeps apart."""
    for seed in SEEDS:
        identities = generate(seed)
        assert 0.05 < _kilometres(identities.first("position").value) < 2.1
        assert 29 < _kilometres(identities.first("home_position").value) < 51


def test_the_picture_opens_and_is_some_50_kilobytes():
    """Any decoder of JPEG takes it."""
    data = generate(3).first("cabin_image").value
    assert 35_000 < len(data) < 60_000
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.size == (320, 240)


@pytest.mark.parametrize("item", ["sentry_video", "cabin_video"])
def test_the_video_is_an_mp4_whose_samples_open(item):
    """Its tables point at pictures; it is 200 to 400 KB."""
    data = generate(3).first(item).value
    assert 200_000 < len(data) < 400_000
    boxes = _boxes(data)
    assert [name for name, _ in boxes] == ["ftyp", "mdat", "moov"]
    table = _within(data, "moov", "trak", "mdia", "minf", "stbl")
    parts = dict(_boxes(table))
    count = struct.unpack_from(">I", parts["stsz"], 8)[0]
    sizes = struct.unpack_from(f">{count}I", parts["stsz"], 12)
    place = struct.unpack_from(">I", parts["stco"], 8)[0]
    for size in sizes:
        with Image.open(io.BytesIO(data[place : place + size])) as image:
            image.load()
        place += size
    assert place == 24 + len(dict(boxes)["mdat"]) + 8


def test_any_slice_of_a_video_is_telling():
    """No 32 bytes of payload occur twice, within it or in another video."""
    identities = generate(4)
    seen = set()
    for item in ("sentry_video", "cabin_video"):
        payload = dict(_boxes(identities.first(item).value))["mdat"]
        blocks = [payload[start : start + 32] for start in range(2000, 40_000, 32)]
        assert not seen & set(blocks)
        assert len(set(blocks)) == len(blocks)
        seen |= set(blocks)


def _kilometres(place):
    north, east = (place[0] - BEIJING[0]) * 111.32, (place[1] - BEIJING[1]) * 111.32 * 0.767
    return (north**2 + east**2) ** 0.5


def _boxes(data):
    found, start = [], 0
    while start < len(data):
        size, name = struct.unpack_from(">I4s", data, start)
        found.append((name.decode(), data[start + 8 : start + size]))
        start += size
    return found


def _within(data, *names):
    for name in names:
        data = dict(_boxes(data))[name]
    return data
