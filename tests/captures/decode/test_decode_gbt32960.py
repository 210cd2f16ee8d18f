"""GB/T 32960 frames: built here from the standard's tables, and those of open decoders' own tests."""

from __future__ import annotations

import functools
import json
import operator
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

VIN = b"LTESTVIN000000017"
MOMENT = bytes([26, 11, 22, 14, 0, 5])  # 2026-11-22 14:00:05 in UTC+8
VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "frames.jsonl"


def frame(command: int, data: bytes = b"", *, response: int = 0xFE, encryption: int = 1, start: bytes = b"##") -> bytes:
    inner = bytes([command, response]) + VIN + bytes([encryption]) + struct.pack("!H", len(data)) + data
    return start + inner + bytes([functools.reduce(operator.xor, inner)])


def vehicle(*, speed: int = 583, odometer: int = 123456, soc: int = 80) -> bytes:
    return b"\1" + struct.pack("!BBBHIHHBBBHBB", 1, 3, 1, speed, odometer, 3500, 10000, soc, 1, 14, 5000, 0, 0)


def position(*, status: int = 0, longitude: int = 116_407_400, latitude: int = 39_904_200) -> bytes:
    return b"\5" + struct.pack("!BII", status, longitude, latitude)


def unit_sends(wire, data: bytes, answer: bytes = b""):
    connection = wire.connect(server=("203.0.113.10", 32960))
    connection.client(data)
    connection.server(answer)
    connection.close()
    return wire.decode()


def fields(sent) -> dict[str, object]:
    return {field.name: field.value for field in sent.fields}


def test_a_session_is_login_reports_and_logout_with_their_answers(wire):
    """Command names, VIN, ICCID, times in UTC, response flags as status."""
    iccid = b"89860012345678901234"
    login = frame(1, MOMENT + b"\0\1" + iccid + b"\1\0")
    report = frame(2, MOMENT + vehicle() + position())
    decoded = unit_sends(
        wire,
        login + report + frame(3, MOMENT + vehicle()) + frame(7) + frame(4, MOMENT + b"\0\1"),
        frame(1, MOMENT, response=1) + frame(2, MOMENT, response=1) + frame(3, MOMENT, response=2),
    )
    sent = decoded.transmissions
    assert [(one.kind, one.status) for one in sent] == [
        ("login", 1), ("realtime", 1), ("reissue", 2), ("heartbeat", None), ("logout", None)
    ]  # fmt: skip
    assert {one.channel for one in sent} == {"gbt32960"}
    assert fields(sent[0]) == {"vin": VIN.decode(), "iccid": iccid.decode()}
    assert fields(sent[1]) == {
        "vin": VIN.decode(), "position": (39.9042, 116.4074), "speed": 58.3, "odometer": 12345.6, "soc": 80
    }  # fmt: skip
    moment = int(datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC).timestamp()) * 10**9
    assert [one.generated for one in sent] == [moment, moment, moment, None, moment]
    assert sent[1].part("payload").data == report
    assert all(one.malformed is None and one.complete for one in sent)
    assert decoded.accounts.closed


def test_each_field_points_at_its_bytes(wire):
    """Offset and length within the payload."""
    (sent,) = unit_sends(wire, frame(2, MOMENT + vehicle() + position())).transmissions
    data = sent.part("payload").data
    cut = {field.name: data[field.offset : field.offset + field.length] for field in sent.fields}
    assert cut["vin"] == VIN
    assert int.from_bytes(cut["speed"]) == 583
    assert int.from_bytes(cut["odometer"]) == 123456
    assert int.from_bytes(cut["soc"]) == 80
    assert struct.unpack("!II", cut["position"]) == (116_407_400, 39_904_200)


def test_invalid_values_are_no_fields_and_hemispheres_count(wire):
    """All ones mean invalid; a status byte says south and west, and that a position is an old one."""
    empty = frame(2, MOMENT + vehicle(speed=0xFFFF, odometer=0xFFFFFFFE, soc=0xFF) + position(latitude=0xFFFFFFFF))
    south_west = frame(2, MOMENT + position(status=0b111))
    one, two = unit_sends(wire, empty + south_west).transmissions
    assert fields(one) == {"vin": VIN.decode()}
    assert fields(two)["position"] == (-39.9042, -116.4074)


def test_items_of_every_kind_are_stepped_over(wire):
    """Motors, fuel cell, engine, extremes, alarms, cells, probes and own items stand before the position."""
    items = (
        b"\2\2" + bytes(24)
        + b"\3" + bytes(6) + b"\0\3" + bytes(13)
        + b"\4" + bytes(5)
        + b"\6" + bytes(14)
        + b"\7" + bytes(5) + b"\1" + bytes(4) + b"\0\0\2" + bytes(8)
        + b"\x08\1" + bytes(9) + b"\2" + bytes(4)
        + b"\x09\1\1\0\3" + bytes(3)
        + b"\x85\0\4own!"
    )  # fmt: skip
    sent, unknown = unit_sends(wire, frame(2, MOMENT + items + position()) + frame(2, MOMENT + b"\x33??")).transmissions
    assert fields(sent)["position"] == (39.9042, 116.4074)
    assert unknown.malformed is None


def test_a_bad_checksum_is_malformed_and_the_next_frame_is_still_read(wire):
    """So is a length that does not fit, and garbage between frames."""
    good = frame(2, MOMENT + position())
    bad = good[:-1] + bytes([good[-1] ^ 1])
    longer = good[:22] + struct.pack("!H", 60000) + good[24:]
    decoded = unit_sends(wire, bad + b"garbage" + longer + good + good)
    assert [one.malformed for one in decoded.transmissions] == [
        "bad checksum", "not a GB/T 32960 frame", "length does not fit", None, None
    ]  # fmt: skip
    assert [dict(one)["position"] for one in map(fields, decoded.transmissions[-2:])] == [(39.9042, 116.4074)] * 2
    assert len(decoded.notes) >= 3


def test_an_encrypted_data_unit_is_opaque_and_the_vin_in_clear(wire):
    """The header stays readable."""
    decoded = unit_sends(wire, frame(2, bytes(48), encryption=3))
    (sent,) = decoded.transmissions
    assert fields(sent) == {"vin": VIN.decode()}
    assert sent.part("data").opaque == "encrypted with AES-128"
    assert decoded.accounts["cellular", "sent"].opaque == {"encrypted with AES-128": 48}


def test_the_2025_edition_gives_header_time_and_login(wire):
    """Frames that start with ``$$``."""
    (sent,) = unit_sends(wire, frame(1, MOMENT + b"\0\1" + b"8" * 20, start=b"$$")).transmissions
    assert (sent.kind, fields(sent)["iccid"]) == ("login", "8" * 20)


def test_a_field_that_is_cut_off_ends_with_its_part(wire):
    """The bytes named are there."""
    connection = wire.connect(server=("203.0.113.10", 32960))
    connection.client(frame(1, MOMENT + b"\0\1" + b"8" * 20)[:-11])
    (sent,) = wire.decode().transmissions
    (iccid,) = [field for field in sent.fields if field.name == "iccid"]
    assert (iccid.value, iccid.offset + iccid.length) == ("8" * 10, len(sent.part("payload").data))


def test_a_frame_cut_off_by_the_end_of_the_capture_is_incomplete(wire):
    """Not malformed: there is just no more of it."""
    connection = wire.connect(server=("203.0.113.10", 32960))
    connection.client(frame(7) + frame(2, MOMENT + position())[:-3])
    heartbeat, report = wire.decode().transmissions
    assert (heartbeat.complete, report.complete, report.malformed) == (True, False, None)


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared frames of open decoders are not beside this checkout")
def test_frames_of_open_decoders_are_read_as_their_tests_expect(wire):
    """VIN, SIM, position and values as the other project built them."""
    rows = [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["protocol"].startswith("gb32960")]
    decoded = unit_sends(wire, b"".join(bytes.fromhex(row["frame"]) for row in rows))
    assert len(decoded.transmissions) == len(rows) > 0
    for row, sent in zip(rows, decoded.transmissions, strict=True):
        assert sent.malformed is None
        told, found = dict(row["expected"]["built_from"]), fields(sent)
        assert found["vin"] == told["VIN"].strip('"')
        if row["header_by_standard"]["enc"] != 1:
            assert sent.opaque
            continue
        if "Lat" in told:
            assert found["position"] == (int(told["Lat"]) / 1e6, int(told["Lng"]) / 1e6)
            assert (found["speed"], found["odometer"]) == (int(told["Speed"]) / 10, int(told["TotalDis"]) / 10)
            assert found["soc"] == int(told["SOC"], 16)
        if "SIM" in told and sent.kind == "login":
            assert found["iccid"] == told["SIM"].strip('"')
