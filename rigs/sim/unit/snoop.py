"""The unit's HCI snoop log: what it sends over Bluetooth, written as Android writes it.

There is no radio: a device near by is always there and takes everything. Formats: RFC 1761 as BlueZ and Android use it
(datalink 1002), Bluetooth Core 5.4 vol. 4 part E, vol. 3 parts A and F, RFCOMM 1.2.
"""

from __future__ import annotations

import struct

from rigs.sim.unit.disk import Disk
from rigs.sim.unit.message import Message

LOG = "/data/misc/bluetooth/logs/btsnoop_hci.log"
"""Where Android keeps it."""
_EPOCH = 0x00DC_DDB3_0F2F_8000
"""1970-01-01 in microseconds since the year 0."""
_PIECE = 600
"""Bytes of an ACL packet."""
_RFCOMM_PSM, _PEER_CHANNEL = 0x0003, 0x0041


class SnoopLog:
    """Begins anew with each boot."""

    def __init__(self, disk: Disk, now: int) -> None:
        self._disk = disk
        self._links: dict[tuple[str, str], int] = {}
        disk.put(LOG, b"btsnoop\0" + struct.pack(">II", 1, 1002), now)

    def send(self, message: Message, now: int) -> None:
        """Send the message's body to its peer, over RFCOMM or to an ATT attribute, opening the link first."""
        handle = self._links.get((message.host, message.method)) or self._open(message, now)
        if message.method == "att":
            value = struct.pack("<BH", 0x1B, message.port) + message.body  # a notification
            self._acl(handle, struct.pack("<HH", len(value), 0x0004) + value, now)
        else:
            for start in range(0, len(message.body), 500):
                piece = message.body[start : start + 500]
                frame = bytes([message.port << 3 | 0x03, 0xEF]) + struct.pack("<H", len(piece) << 1) + piece + b"\x9a"
                self._acl(handle, struct.pack("<HH", len(frame), _PEER_CHANNEL) + frame, now)

    def _open(self, message: Message, now: int) -> int:
        handle = self._links[message.host, message.method] = 0x40 + len(self._links)
        address = bytes(reversed(bytes.fromhex(message.host.replace(":", ""))))
        if message.method == "att":
            body = struct.pack("<BBHBB", 0x01, 0, handle, 0, 0) + address + bytes(7)
            self._record(b"\x04\x3e" + bytes([len(body)]) + body, now, flags=3)
            return handle
        body = struct.pack("<BH", 0, handle) + address + b"\x01\x00"
        self._record(b"\x04\x03" + bytes([len(body)]) + body, now, flags=3)
        asked = struct.pack("<BBHHH", 0x02, 1, 4, _RFCOMM_PSM, 0x0040)
        self._acl(handle, struct.pack("<HH", len(asked), 0x0001) + asked, now)
        answer = struct.pack("<BBHHHHH", 0x03, 1, 8, _PEER_CHANNEL, 0x0040, 0, 0)
        packet = struct.pack("<HH", len(answer), 0x0001) + answer
        self._record(b"\x02" + struct.pack("<HH", handle | 0x2000, len(packet)) + packet, now, flags=1)
        return handle

    def _acl(self, handle: int, packet: bytes, now: int) -> None:
        for start in range(0, len(packet), _PIECE):
            piece, boundary = packet[start : start + _PIECE], 0x1000 if start else 0x0000
            self._record(b"\x02" + struct.pack("<HH", handle | boundary, len(piece)) + piece, now, flags=0)

    def _record(self, packet: bytes, now: int, *, flags: int) -> None:
        head = struct.pack(">IIIIq", len(packet), len(packet), flags, 0, now // 1000 + _EPOCH)
        self._disk.put(LOG, self._disk.files[LOG].data + head + packet, now)
