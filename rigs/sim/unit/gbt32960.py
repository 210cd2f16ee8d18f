"""Frames of GB/T 32960.3-2016 as a vehicle terminal makes them, and the platform's answer to them.

Sections and tables are those of the 2016 edition. Numbers are big-endian (6.2); a value that the terminal does not
have is 0xFF… ("invalid", 7.2.3).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from telltale.times import SECOND

LOGIN, REALTIME, REISSUE, LOGOUT, CONTROL = 0x01, 0x02, 0x03, 0x04, 0x82
"""Command identifiers, 6.3.1."""
COMMANDS = {"login": LOGIN, "realtime": REALTIME, "reissue": REISSUE, "logout": LOGOUT, "control": CONTROL}

_HEADER = struct.Struct(">2sBB17sBH")  # 6.1: start, command, response, VIN, encryption, length of the data unit
IS_COMMAND, SUCCESS = 0xFE, 0x01  # 6.3.2
STARTS = (b"##", b"$$")  # 6.1 of the editions of 2016 and 2025
_NOT_ENCRYPTED = 0x01  # 6.1
_REMOTE_UPGRADE = 0x01  # annex B, control commands
_BEIJING = timezone(timedelta(hours=8))  # 6.4: GMT+8
_GEARS = {"N": 0x0, "R": 0xD, "D": 0xE, "P": 0xF}  # 7.2.3.1, gear byte, bits 3-0


class FrameError(ValueError):
    """Bytes that are no GB/T 32960 frame."""


def frame(command: int, vin: str, data: bytes, *, response: int = IS_COMMAND, start: bytes = STARTS[0]) -> bytes:
    """A whole frame: header, data unit and the check code, the XOR from the command identifier on (6.1)."""
    header = _HEADER.pack(start, command, response, vin.encode("ascii"), _NOT_ENCRYPTED, len(data))
    return header + data + bytes([check_code(header[2:] + data)])


def check_code(covered: bytes) -> int:
    """BCC: the exclusive or of all bytes."""
    code = 0
    for byte in covered:
        code ^= byte
    return code


def moment(nanoseconds: int) -> bytes:
    """Six bytes from year (of the century) to second, GMT+8 (6.4)."""
    at = datetime.fromtimestamp(nanoseconds // SECOND, UTC).astimezone(_BEIJING)
    return bytes((at.year % 100, at.month, at.day, at.hour, at.minute, at.second))


def login(now: int, serial: int, iccid: str, codes: Sequence[str] = ()) -> bytes:
    """Data unit of a vehicle login (7.1): time, serial, ICCID of 20 characters, codes of the battery subsystems.

    :raises ValueError: the codes differ in length
    """
    length = len(codes[0]) if codes else 0
    if any(len(code) != length for code in codes):
        raise ValueError(f"the codes of the battery subsystems have one length: {', '.join(codes)}")
    head = moment(now) + struct.pack(">H20sBB", serial, iccid.encode("ascii"), len(codes), length)
    return head + "".join(codes).encode("ascii")


def logout(now: int, serial: int) -> bytes:
    """Data unit of a vehicle logout (7.4): time and the serial of the login that it ends."""
    return moment(now) + struct.pack(">H", serial)


def control(now: int, answer: bytes) -> bytes:
    """Data unit of the answer to a control command (annex B): time, the command, and what the terminal says to it."""
    return moment(now) + bytes([_REMOTE_UPGRADE]) + answer


def report(now: int, values: Mapping[str, Any]) -> bytes:
    """Data unit of a real-time or reissued report (7.2): time, then the vehicle, motor, position, extremes and alarms.

    :param values: ``ignition`` (on, off), ``gear`` (P, R, N, D), ``speed`` km/h, ``odometer`` km, ``soc`` %,
        ``position`` (latitude, longitude) in degrees, ``fix`` (whether that is where it is now); what is missing is
        sent as invalid
    """
    driving = values.get("ignition") == "on"
    return b"".join(
        (
            moment(now),
            b"\x01" + _vehicle(values, driving=driving),
            b"\x02" + _motor(values.get("speed"), driving=driving),
            b"\x05" + _position(values.get("position"), valid=values.get("fix", True)),
            b"\x06" + _EXTREMES,
            b"\x07" + _NO_ALARMS,
        )
    )


def _scaled(value: float | None, factor: float, size: int, offset: float = 0) -> bytes:
    if value is None:
        return b"\xff" * size
    return round((value + offset) * factor).to_bytes(size, "big")


def _vehicle(values: Mapping[str, Any], *, driving: bool) -> bytes:
    """7.2.3.1: 20 bytes."""
    gear = _GEARS.get(str(values.get("gear")), 0xF)
    return b"".join(
        (
            b"\x01" if driving else b"\x02",  # started, shut off
            b"\x03",  # not charging
            b"\x01",  # purely electric
            _scaled(values.get("speed"), 10, 2),
            _scaled(values.get("odometer"), 10, 4),
            _scaled(396.4, 10, 2),  # pack voltage, V
            _scaled(12.5 if driving else 0.0, 10, 2, offset=1000),  # pack current, A
            _scaled(values.get("soc"), 1, 1),
            b"\x01" if driving else b"\x02",  # DC-DC working, off
            bytes([gear]),
            _scaled(2000, 1, 2),  # insulation, kΩ
            b"\x00\x00",  # accelerator and brake pedal, %
        )
    )


def _motor(speed: float | None, *, driving: bool) -> bytes:
    """7.2.3.2: one driving motor."""
    turns = None if speed is None else speed * 85  # about 8.5:1 on a wheel of 0.35 m radius
    return b"".join(
        (
            b"\x01\x01",  # one motor, its number
            b"\x01" if driving else b"\x03",  # consuming, off
            _scaled(38, 1, 1, offset=40),  # controller, °C
            _scaled(turns, 1, 2, offset=20000),
            _scaled(20.0 if driving else 0.0, 10, 2, offset=2000),  # torque, N·m
            _scaled(45, 1, 1, offset=40),  # motor, °C
            _scaled(395.8, 10, 2),
            _scaled(11.0 if driving else 0.0, 10, 2, offset=1000),
        )
    )


def _position(position: tuple[float, float] | None, *, valid: bool) -> bytes:
    """7.2.3.5: status bits (0 invalid, 1 south, 2 west), then longitude before latitude, in millionths of a degree.

    Without a fix the last valid one is sent, as invalid (table 15).
    """
    if position is None:
        return b"\x01" + bytes(8)
    latitude, longitude = position
    status = (not valid) | (latitude < 0) << 1 | (longitude < 0) << 2
    return bytes([status]) + _scaled(abs(longitude), 1e6, 4) + _scaled(abs(latitude), 1e6, 4)


_EXTREMES = struct.pack(">BBHBBHBBBBBB", 1, 17, 4131, 1, 80, 4127, 1, 3, 65, 1, 11, 63)
"""7.2.3.6: highest and lowest cell voltage (mV) and temperature (°C + 40), each with subsystem and place."""
_NO_ALARMS = bytes(1 + 4 + 4)
"""7.2.3.7: level 0, no flags, and no faults of storage, motor, engine or others."""


def cut(stream: bytes) -> tuple[bytes, bytes] | None:
    """The first whole frame of *stream* and what follows it; None while it is incomplete.

    :raises FrameError: the stream does not start with a frame, or its check code is wrong
    """
    if stream[:2] not in [start[: len(stream[:2])] for start in STARTS]:
        raise FrameError(f"expected `##` or `$$`, got {stream[:2].hex()}")
    if len(stream) < _HEADER.size:
        return None
    end = _HEADER.size + _HEADER.unpack_from(stream)[5] + 1
    if len(stream) < end:
        return None
    whole = stream[:end]
    if check_code(whole[2:-1]) != whole[-1]:
        raise FrameError("the check code is wrong")
    return whole, stream[end:]


def acknowledge(request: bytes) -> bytes:
    """The platform's answer (6.3.2): the response flag set to success, the time kept, the rest of the data left out."""
    start, command, _, vin, _, length = _HEADER.unpack_from(request)
    data = request[_HEADER.size : _HEADER.size + min(length, 6)]
    return frame(command, vin.rstrip(b"\0").decode("ascii"), data, response=SUCCESS, start=start)


def acknowledges(answer: bytes, request: bytes) -> bool:
    """Whether *answer* is the platform's success for *request*."""
    return answer[2] == request[2] and answer[3] == SUCCESS and answer[4:21] == request[4:21]
