"""A CAN recording as text."""

from __future__ import annotations

import can

from reports import can_log

VIN = "LNBSCPEK9JD012493"


def record(path, payloads):
    with can.BLFWriter(str(path)) as writer:
        for number, data in enumerate(payloads):
            frame = can.Message(timestamp=1795338348.5 + number, arbitration_id=0x7E8, data=data, is_extended_id=False)
            writer.on_message_received(frame)


def test_frames_are_lines_in_the_format_of_candump(tmp_path):
    """Time, channel, identifier, data."""
    record(tmp_path / "can.blf", [bytes.fromhex("980000a000003930")])
    assert can_log.as_text(tmp_path / "can.blf") == "(1795338348.500000) can0 7E8#980000A000003930\n"


def test_a_vin_spread_over_iso_tp_frames_is_masked(tmp_path):
    """UDS F190: no three bytes of it in a row stay."""
    name = VIN.encode()
    record(tmp_path / "can.blf", [b"\x10\x14\x62\xf1\x90" + name[:3], b"\x21" + name[3:10], b"\x22" + name[10:]])
    text = can_log.as_text(tmp_path / "can.blf", secrets=[VIN])
    assert "#10146" in text
    assert name[:3].hex().upper() not in text
    assert name[3:6].hex().upper() not in text
    assert name[10:13].hex().upper() not in text


def test_of_a_long_recording_the_rest_is_counted(tmp_path, monkeypatch):
    """The recording itself stays in the run folder."""
    monkeypatch.setattr(can_log, "MOST", 2)
    record(tmp_path / "can.blf", [b"\x01"] * 5)
    assert can_log.as_text(tmp_path / "can.blf").splitlines()[2:] == ["… and 3 frames more"]
