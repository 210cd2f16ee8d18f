"""Frames of GB/T 32960.3-2016 as the terminal makes them."""

import pytest

from rigs.sim.unit import gbt32960

NOON = 1_548_172_556_000_000_000
"""2019-01-22 23:55:56 in Beijing."""


def test_a_login_is_the_frame_that_an_open_implementation_makes():
    """Vector of SmallChi/JTNewEnergy (MIT): VIN, time, serial 1, ICCID and three subsystems' codes."""
    data = gbt32960.login(NOON, 1, "12345678998765432100", ["1234", "4567", "8790"])
    assert gbt32960.frame(gbt32960.LOGIN, "123456789", data).hex() == (
        "232301fe313233343536373839000000000000000001002a130116173738000131323334353637383939383736353433323130300304"
        "313233343435363738373930fd"
    )


def test_a_logout_is_the_frame_that_an_open_implementation_makes():
    """The same project's: time and the serial of the login."""
    data = gbt32960.logout(NOON + 86_400_000_000_000, 1)
    assert gbt32960.frame(gbt32960.LOGOUT, "123456789", data).hex() == (
        "232304fe31323334353637383900000000000000000100081301171737380001de"
    )


def test_a_report_carries_vehicle_motor_position_extremes_and_alarms():
    """Item by item at the lengths of 7.2.3, longitude before latitude in millionths of a degree."""
    values = {
        "ignition": "on",
        "gear": "D",
        "speed": 50.5,
        "odometer": 12345.0,
        "soc": 80,
        "position": (39.9042, 116.4074),
    }
    data = gbt32960.report(NOON, values)
    assert data[:6] == bytes((19, 1, 22, 23, 55, 56))
    starts = [6, 6 + 21, 6 + 21 + 14, 6 + 21 + 14 + 10, 6 + 21 + 14 + 10 + 15]
    assert [data[start] for start in starts] == [1, 2, 5, 6, 7]
    assert len(data) == starts[-1] + 10
    vehicle, position = data[7:27], data[starts[2] + 1 : starts[2] + 10]
    assert vehicle[0] == 1
    assert int.from_bytes(vehicle[3:5], "big") == 505
    assert int.from_bytes(vehicle[5:9], "big") == 123450
    assert (vehicle[13], vehicle[15]) == (80, 0x0E)
    assert position == b"\x00" + (116407400).to_bytes(4, "big") + (39904200).to_bytes(4, "big")


def test_south_and_west_are_status_bits():
    """The numbers themselves are unsigned."""
    position = gbt32960.report(NOON, {"position": (-1.5, -2.25)})[41:51]
    assert position == b"\x05\x06" + (2250000).to_bytes(4, "big") + (1500000).to_bytes(4, "big")


def test_what_the_terminal_does_not_have_is_sent_as_invalid():
    """All ones for a number, status bit 0 for the position."""
    data = gbt32960.report(NOON, {})
    assert data[10:16] == b"\xff" * 6
    assert data[41:51] == b"\x05\x01" + bytes(8)


def test_the_platform_keeps_the_time_and_leaves_the_rest_out():
    """And its answer is accepted for its own request only."""
    request = gbt32960.frame(gbt32960.LOGIN, "LNBSCPAE5RW000017", gbt32960.login(NOON, 1, "89860012345678901234"))
    answer = gbt32960.acknowledge(request)
    assert answer[2:4] == b"\x01\x01"
    assert answer[24:30] == request[24:30]
    assert len(answer) == 31
    assert gbt32960.cut(answer) == (answer, b"")
    assert gbt32960.acknowledges(answer, request)
    assert not gbt32960.acknowledges(answer, gbt32960.frame(gbt32960.LOGOUT, "LNBSCPAE5RW000017", b""))


def test_a_stream_is_cut_into_whole_frames():
    """However TCP deals it out."""
    one, two = (gbt32960.frame(command, "V", b"12345678") for command in (2, 3))
    assert gbt32960.cut(b"") is None
    assert gbt32960.cut(one[:30]) is None
    assert gbt32960.cut(one + two[:5]) == (one, two[:5])
    with pytest.raises(gbt32960.FrameError, match="check code"):
        gbt32960.cut(one[:-1] + bytes([one[-1] ^ 1]))
    with pytest.raises(gbt32960.FrameError, match="expected `##`"):
        gbt32960.cut(b"GET / HTTP/1.1")


def test_codes_of_subsystems_have_one_length():
    """7.1 has one length field for all of them."""
    with pytest.raises(ValueError, match="have one length: 12, 345"):
        gbt32960.login(NOON, 1, "", ["12", "345"])


def test_the_answer_to_an_upgrade_order_is_an_answer_and_says_what_the_terminal_says():
    """Response flag success; time, command 1, then the terminal's words."""
    data = gbt32960.control(NOON, b"1.2.0")
    assert data == bytes((19, 1, 22, 23, 55, 56)) + b"\x011.2.0"
    frame = gbt32960.frame(gbt32960.CONTROL, "123456789", data, response=gbt32960.SUCCESS)
    assert (frame[2], frame[3]) == (0x82, 0x01)
