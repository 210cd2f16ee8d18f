"""Frames of JT/T 808 from open decoders' own tests, with the values that those expect."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from captures.decode import jt808
from captures.decode.jt808_messages import TABLES

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "frames.jsonl"
HEADER = {"messageId", "properties", "protocolVersion", "clientId", "serialNo", "verified"}
NAMES = {
    "plate_no": "licence_plate",
    "name": "person_name",
    "id_card": "id_card_number",
    "phone_number": "phone",
    "firmware_version": "software_version",
    "latitude_ul": "latitude",
    "latitude_lr": "latitude",
    "longitude_ul": "longitude",
    "longitude_lr": "longitude",
    "device_id_": "device_id",
}
BYTES = {"tyre_pressure", "data", "body", "packet", "reserves", "n"}
EXTRAS = {kind: re.findall(r"\w+", layout)[0] for kind, layout in TABLES["extra"].layouts.items()}
SCALED = {"odometer": 10, "fuel": 10, "recorder_speed": 10}
BY_DEFAULT = {("0x8500", "param"), ("0x0702", "id_card_number"), ("0x8300", "type")}
"""What the other decoder tells as 0 or empty although the edition has no such field."""
COUNTS = re.compile(r"Len|Length|Count|Total|Version|^Flag$|InfoCategory")
"""Of what the second decoder expects: lengths and counts, told by how many values there are; what it takes apart."""


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """The scalar values below *value* by the name of the nearest key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "attributes":
                for kind, extra in inner.items():
                    flat = extra["value"] if isinstance(extra, dict) and set(extra) == {"value"} else extra
                    yield from leaves(flat, EXTRAS[int(kind)])
            elif key.isdecimal() and int(key) > 0xF000:
                continue  # parameters of one maker, all ones; the bytes are told
            elif key not in HEADER and not (key in ("total", "key") and not isinstance(inner, dict)):
                yield from leaves(inner, name if key.isdecimal() else snake(key))
    elif isinstance(value, list) and name in BYTES and not any(isinstance(inner, dict) for inner in value):
        yield name, bytes(value).hex()
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield NAMES.get(name, name), value


def told(frame: jt808.Frame) -> dict[str, list[object]]:
    """What this decoder tells, in the units of the wire."""
    found = defaultdict(list)
    fields, fits = jt808.read_body(frame, frame.data)
    assert fits
    for field in fields:
        if isinstance(field.value, tuple):
            for name, value in zip(("latitude", "longitude"), field.value, strict=True):
                found[name].append(abs(round(value * 1e6)))
        elif field.name in ("latitude", "longitude"):
            found[field.name].append(round(field.value * 1e6))
        elif field.name in SCALED or (field.name == "speed" and field.length == 2):
            found[field.name].append(round(field.value * 10))
        else:
            name = "items" if frame.ident == 0x9212 and field.name in ("offset", "length") else field.name
            found[NAMES.get(name, name)].append(field.value)
    return found


def plain(value: object) -> object:
    """Times as digits, whatever is between them."""
    if isinstance(value, str) and re.fullmatch(r"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d", value):
        return re.sub(r"\D", "", value)
    return value


def agrees(expected: object, value: object) -> bool:
    if isinstance(value, str) and not isinstance(expected, str):
        return False
    expected, value = plain(expected), plain(value)
    if isinstance(expected, str) and expected.isdecimal():
        return str(value).endswith(expected) or expected.endswith(str(value)) or str(value).startswith(expected)
    return expected == value


def vectors() -> list[dict]:
    if not VECTORS.exists():
        pytest.skip("the vectors are not beside the repository")
    rows = [json.loads(line) for line in VECTORS.read_text().splitlines()]
    return [row for row in rows if row["protocol"].startswith("jt808")]


def read(row: dict) -> jt808.Frame | None:
    return jt808.read_frame(jt808.unescaped(bytes.fromhex(row["frame"])[1:-1]))


def test_every_sound_frame_has_the_header_that_it_should():
    """Message, edition, encryption, packets and terminal number; what is said to be broken is."""
    for row in vectors():
        frame, header = read(row), row["header_by_standard"]
        sound = row["checksum_ok"] and header["len_ok"]
        assert (frame is not None and frame.malformed is None) == sound, row["id"]
        if frame and sound:
            assert f"0x{frame.ident:04x}" == header["msg_id"]
            assert frame.newer == (header["version"] == "2019")
            assert frame.encrypted == header["enc"]
            assert (frame.packet != (1, 1)) == header["subpacket"] or frame.packet[0] == 1
            assert frame.phone == header["terminal_phone_bcd"].lstrip("0")
            assert len(frame.data) - frame.body - 1 == header["body_len"]


def test_every_expected_value_is_told():
    """Each scalar of what the other decoder's tests assert, in its order, under its name."""
    compared = Counter()
    for row in vectors():
        expected = row["expected"]
        if not row["checksum_ok"] or not expected or "go_struct" in expected:
            continue
        wanted = defaultdict(list)
        for name, value in leaves(expected):
            wanted[name].append(value)
        found = told(read(row))
        ident = row["header_by_standard"]["msg_id"]
        for name, values in wanted.items():
            if (ident, name) in BY_DEFAULT and name not in found:
                assert values in ([0], [""])
                continue
            assert len(values) == len(found[name]), (row["id"], ident, name)
            assert all(map(agrees, values, found[name])), (row["id"], ident, name, values, found[name])
            compared[ident] += len(values)
    assert len(compared) > 65
    assert compared.total() > 1200


def test_every_value_of_a_second_decoder_is_told():
    """Numbers and texts of its structures, wherever they stand."""
    compared = 0
    for row in vectors():
        structure = (row["expected"] or {}).get("go_struct", "")
        if not structure.startswith("&"):
            continue
        found = [value for values in told(read(row)).values() for value in values]
        for name, number, text in re.findall(r'(\w+): (?:(\d+),|"([^"]*)")', structure):
            if COUNTS.search(name):
                continue
            wanted = int(number) if number else text
            assert any(agrees(wanted, value) for value in found) or not wanted, (row["id"], name, wanted)
            compared += 1
    assert compared >= 200
