"""The few packets of MQTT 3.1.1 (OASIS standard) that a car's command link needs, for both of its ends.

CONNECT, CONNACK, SUBSCRIBE, SUBACK, PUBLISH with QoS 1, PUBACK, PINGREQ, PINGRESP and DISCONNECT; nothing else.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 12, 13, 14
"""Control packet types, section 2.2.1."""
_LONGEST = 1 << 20
"""More than any command; a peer that announces more is not believed."""


class MqttError(Exception):
    """The peer does not speak MQTT as section 3 has it."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A control packet: type, flags, and all behind the fixed header (section 2.2)."""

    kind: int
    flags: int
    body: bytes

    @property
    def number(self) -> int:
        """Packet identifier of a SUBSCRIBE, SUBACK or PUBACK (section 2.3.1)."""
        return int(struct.unpack_from(">H", self.body)[0])


async def receive(reader: asyncio.StreamReader) -> Packet | None:
    """The next packet; None when the peer has hung up.

    :raises MqttError: the length is malformed, or the packet is cut off
    """
    first = await reader.read(1)
    if not first:
        return None
    try:
        length = shift = 0
        while True:  # section 2.2.3: seven bits a byte, the lowest first, four bytes at most
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 21:
                raise MqttError("the remaining length is malformed")
        if length > _LONGEST:
            raise MqttError(f"a packet of {length} bytes")
        return Packet(first[0] >> 4, first[0] & 0xF, await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        raise MqttError("the packet is cut off") from None


def connect(client: str) -> bytes:
    """Section 3.1; a session that the server keeps, and no keep-alive, since bench time may stand still."""
    return _packet(CONNECT, 0, _text("MQTT") + bytes((4, 0)) + struct.pack(">H", 0) + _text(client))


def connack() -> bytes:
    """Section 3.2: accepted."""
    return _packet(CONNACK, 0, b"\0\0")


def subscribe(number: int, topic: str) -> bytes:
    """Section 3.8, QoS 1."""
    return _packet(SUBSCRIBE, 0b0010, struct.pack(">H", number) + _text(topic) + b"\x01")


def suback(number: int) -> bytes:
    """Section 3.9: granted with QoS 1."""
    return _packet(SUBACK, 0, struct.pack(">H", number) + b"\x01")


def publish(number: int, topic: str, payload: bytes) -> bytes:
    """Section 3.3, QoS 1."""
    return _packet(PUBLISH, 0b0010, _text(topic) + struct.pack(">H", number) + payload)


def published(packet: Packet) -> tuple[int, str, bytes]:
    """Packet identifier, topic and payload of a PUBLISH with QoS 1."""
    end = 2 + struct.unpack_from(">H", packet.body)[0]
    return int(struct.unpack_from(">H", packet.body, end)[0]), packet.body[2:end].decode(), packet.body[end + 2 :]


def puback(number: int) -> bytes:
    """Section 3.4."""
    return _packet(PUBACK, 0, struct.pack(">H", number))


def pingresp() -> bytes:
    """Section 3.13."""
    return _packet(PINGRESP, 0, b"")


def _text(text: str) -> bytes:
    """Section 1.5.3."""
    return struct.pack(">H", len(text.encode())) + text.encode()


def _packet(kind: int, flags: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, low = left >> 7, left & 0x7F
        length.append(low | (0x80 if left else 0))
        if not left:
            return bytes((kind << 4 | flags,)) + bytes(length) + body
