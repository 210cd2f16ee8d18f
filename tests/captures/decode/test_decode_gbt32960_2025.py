"""GB/T 32960-2025: frames that another implementation of the standard (rtm_con) builds."""

from __future__ import annotations

import functools
import operator
import struct
from datetime import UTC, datetime

import pytest

rtm_con = pytest.importorskip("rtm_con", reason="rtm_con, which builds the frames, is not installed")

VIN = "LTESTVIN000000017"
ICCID = "89860012345678901234"
WHEN = datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC)
SIGNATURE = {"algo": "sm2", "r_value": "5a" * 32, "s_value": "a5" * 32}
VEHICLE = {
    "vehicle_state": "on", "charge_state": "uncharged", "operate_state": "pure_electric", "vehicle_speed": 58.3,
    "mileage_total": 12345.6, "voltage_total": 350.0, "current_total": -12.5, "soc": 80, "dcdc_state": "on",
    "gear_state": {"gear_postion_validity": "valid", "driving_force": True, "braking_force": False, "gear": "D"},
    "insulation_resistance": 5000,
}  # fmt: skip
FAILURES = dict.fromkeys(("emotor_failures", "engine_failures", "other_failures"), ())
ALARMS = {name: False for _, name in sorted(rtm_con.data_warnings.general_warnings_2025.items())}


def gnss(system: str = "gcj02", **state: object) -> tuple[str, dict]:
    state = {"gnss_e_w": "e", "gnss_n_s": "n", "gnss_valid": True} | state
    return "gnss", {"gnss_state": state, "gnss_gcs": system, "gnss_lng": 116.4074, "gnss_lat": 39.9042}


def build(kind: str, payload: dict, enc: str = "uncrypted") -> bytes:
    message = {
        "starter": "protocol_2025",
        "msg_type": kind,
        "ack": "command",
        "vin": VIN,
        "enc": enc,
        "payload": payload,
    }
    return rtm_con.msg_checked.build(message | {"checksum": 0})


def report(*items: tuple[str, object], kind: str = "realtime") -> bytes:
    listed = [{"data_type": name, "data_content": content} for name, content in items]
    return build(kind, {"timestamp": WHEN, "data_list": listed, "sig_starter": "ff", "sig": SIGNATURE})


def sums(frame: bytes) -> bytes:
    return frame[:-1] + bytes([functools.reduce(operator.xor, frame[2:-1])])


def unit_sends(wire, data: bytes):
    connection = wire.connect(server=("203.0.113.10", 32960))
    connection.client(data)
    connection.close()
    return wire.decode()


def fields(sent) -> dict[str, object]:
    return {field.name: field.value for field in sent.fields}


def test_a_report_tells_position_datum_values_and_its_signature(wire):
    """After motors, alarms, cells, probes, an engine and an own item; every field points at its bytes."""
    motor = {"index": 1, "state": "idle", "ctrl_temp": 40, "speed": 0, "torque": 0, "temp": 40}
    alarms = {"max_warning_level": 1, "general_warnings": ALARMS, "pack_failures": ["01020304"], **FAILURES}
    frame = report(
        ("whole_vehicle", VEHICLE),
        ("emotor", [motor, motor]),
        ("engine", {"engine_torque": 900}),
        ("warnings", alarms | {"general_warning_list": [{"warning": 4, "level": 2}]}),
        ("cell_volts", [{"index": 1, "volt": 350, "curr": 1, "cell_volts": [3.7] * 96}]),
        ("probe_temps", [{"index": 1, "probe_temps": [25] * 8}]),
        (0x85, "0badc0de"),
        gnss(gnss_n_s="s"),
    )
    (sent,) = unit_sends(wire, frame).transmissions
    assert sent.malformed is None
    assert sent.generated == int(WHEN.timestamp()) * 10**9
    assert fields(sent) == {
        "vin": VIN, "speed": 58.3, "odometer": 12345.6, "soc": 80, "position": (-39.9042, 116.4074),
        "coordinate_system": "gcj02", "signature": "SM2",
    }  # fmt: skip
    data = sent.part("payload").data
    cut = {field.name: data[field.offset : field.offset + field.length] for field in sent.fields}
    assert struct.unpack("!II", cut["position"]) == (116_407_400, 39_904_200)
    assert cut["coordinate_system"] == b"\2"
    assert cut["signature"] == b"\1\0\x20" + b"\x5a" * 32 + b"\0\x20" + b"\xa5" * 32


@pytest.mark.parametrize("size", [9, 12, 16])
def test_an_item_whose_length_is_not_known_is_stepped_over(wire, size):
    """Of the fuel cell's item, by what follows; stacks and capacitors tell their lengths."""
    frame = report(("whole_vehicle", VEHICLE), gnss("wgs84"), kind="supplimentary")
    stacks = b"\x30\1" + bytes(8) + b"\0\2" + bytes(2)
    capacitors = b"\x31" + bytes(5) + b"\0\2" + bytes(4) + b"\0\1\0" + b"\x32" + bytes(18)
    more = b"\3" + b"\xfd" * size + stacks + capacitors
    frame = frame[:22] + struct.pack("!H", len(frame) - 25 + len(more)) + frame[24:30] + more + frame[30:]
    (sent,) = unit_sends(wire, sums(frame)).transmissions
    assert (sent.kind, sent.malformed) == ("reissue", None)
    assert fields(sent)["position"] == (39.9042, 116.4074)
    assert fields(sent)["coordinate_system"] == "wgs84"


def test_a_login_tells_the_sim_and_the_codes_of_the_batteries(wire):
    """Twenty-four characters for each pack of each system."""
    codes = [f"PACK{number:020d}" for number in range(3)]
    payload = {
        "timestamp": WHEN, "session_id": 1, "iccid": ICCID, "bms_total": 2, "pack_per_bms": [1, 2],
        "pack_sn_list": [codes[:1], codes[1:]],
    }  # fmt: skip
    (sent,) = unit_sends(wire, build("login", payload)).transmissions
    assert fields(sent)["iccid"] == ICCID
    assert [field.value for field in sent.fields if field.name == "battery_code"] == codes


def test_activation_and_the_exchange_of_keys_are_told(wire):
    """The chip's number and the VIN again."""
    activation = {
        "timestamp": WHEN,
        "sec_chip_id": "CHIP000000000017",
        "pubkey": "04" * 65,
        "vin": VIN,
        "sig": SIGNATURE,
    }
    sync = {
        "payload_enc": "sm4", "payload_key_len": 16, "payload_key": "11" * 16, "key_starttime": WHEN,
        "key_endtime": WHEN,
    }  # fmt: skip
    one, two = unit_sends(wire, build("activation", activation) + build("payload_key_sync", sync)).transmissions
    assert (one.kind, fields(one)["security_chip_id"]) == ("activation", "CHIP000000000017")
    assert [field.offset for field in one.fields if field.name == "vin"] == [4, 24 + 24 + 65]
    assert (two.kind, two.malformed, two.generated) == ("key_sync", None, None)


@pytest.mark.parametrize(("flag", "name"), [(4, "SM2"), (5, "SM4")])
def test_an_encrypted_report_is_opaque(wire, flag, name):
    """By the flag of the header, which stays readable."""
    frame = bytearray(report(gnss()))
    frame[21] = flag
    (sent,) = unit_sends(wire, sums(bytes(frame))).transmissions
    assert sent.part("data").opaque == f"encrypted with {name}"
    assert fields(sent) == {"vin": VIN}


def test_a_report_with_another_checksum_is_malformed(wire):
    """Its fields are not believed, but for the VIN of the header."""
    frame = report(gnss())
    (sent,) = unit_sends(wire, frame[:-1] + bytes([frame[-1] ^ 1])).transmissions
    assert (sent.malformed, fields(sent)) == ("bad checksum", {"vin": VIN})
