"""HCI snoop logs, as Android and BlueZ write them: RFC 1761 with Bluetooth's own epoch and datalink types.

Header: ``btsnoop`` and a zero byte, version 1, datalink 1002 (H4: each packet begins with its type). Record: original
and captured length, flags, packets dropped so far, microseconds since the year 0; all big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"btsnoop\0"
H4 = 1002
HEADER = struct.Struct(">8sII")
RECORD = struct.Struct(">IIIIq")
EPOCH = 0x00DC_DDB3_0F2F_8000
"""1970-01-01 in microseconds since the year 0."""
RECEIVED = 0x01
"""Flag: from the controller to the host; else it was sent."""
LONGEST = 1 << 20
"""Bytes of a record; H4 packets are far shorter."""


class SnoopError(ValueError):
    """The file is no HCI snoop log; the text says why."""


class Packet(NamedTuple):
    """One H4 packet."""

    moment: int
    """ns since 1970, by the unit's clock."""
    sent: bool
    """By the unit; else received by it."""
    data: bytes
    """With its H4 type."""
    offset: int
    """Of *data* in the file."""
    whole: bool
    """Not shortened by the writer."""


class Log(NamedTuple):
    """What a file holds."""

    packets: list[Packet]
    problems: list[str]
    """What is missing, for people."""


def read(data: bytes) -> Log:
    """Every packet of a log. :raises SnoopError: it is none"""
    if len(data) < HEADER.size or data[:8] != MAGIC:
        raise SnoopError("is no btsnoop file")
    _, version, datalink = HEADER.unpack_from(data)
    if version != 1 or datalink != H4:
        raise SnoopError(f"is of version {version} and datalink {datalink}, expected 1 and {H4} (H4)")
    problems: list[str] = []
    packets = list(_packets(data, problems))
    return Log(packets, problems)


def _packets(data: bytes, problems: list[str]) -> Iterator[Packet]:
    offset, dropped = HEADER.size, 0
    while offset < len(data):
        if len(data) - offset < RECORD.size:
            problems.append("its last record is cut off")
            return
        original, captured, flags, drops, stamp = RECORD.unpack_from(data, offset)
        offset += RECORD.size
        if captured > LONGEST or captured > original:
            problems.append(f"a record claims {captured:,} bytes; what follows cannot be read")
            return
        if len(data) - offset < captured:
            problems.append("its last record is cut off")
            return
        if drops > dropped:
            problems.append(f"{drops - dropped:,} packets were dropped")
            dropped = drops
        moment = (stamp - EPOCH) * 1000
        whole = captured == original
        yield Packet(moment, not flags & RECEIVED, data[offset : offset + captured], offset, whole)
        offset += captured
