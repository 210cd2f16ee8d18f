"""SOME/IP (AUTOSAR PRS_SOMEIPProtocol R22-11) and its service discovery (PRS_SOMEIPServiceDiscoveryProtocol)."""

from __future__ import annotations

from captures.decode.framed import Frame, Framed
from telltale.transmission import Part

_HEADER = 16
_COVERED = 8
"""Bytes of the header that its length counts too (4.1.2.3)."""
_KINDS = {
    0x00: "request", 0x01: "request without answer", 0x02: "notification", 0x40: "request acknowledged",
    0x80: "answer", 0x81: "error", 0x20: "request, segment", 0x21: "request without answer, segment",
    0x22: "notification, segment", 0xA0: "answer, segment", 0xA1: "error, segment",
}  # fmt: skip
"""4.1.2.7: message types; the bit 0x20 marks segments of SOME/IP-TP."""
_LAST_CODE = 0x5E
"""4.1.2.8: return codes of the protocol and of services."""
_DISCOVERY = 0xFFFF8100
_MOST = 1 << 24


def frame(data: bytes, place: int) -> Frame | None:
    """The message that begins at *place*: protocol version 1, a known type, and a length that a network carries."""
    head = data[place : place + _HEADER]
    if len(head) < _HEADER or head[12] != 1 or head[14] not in _KINDS or head[15] > _LAST_CODE:
        return None
    length = int.from_bytes(head[4:8], "big")
    identifier = int.from_bytes(head[:4], "big")
    if not _COVERED <= length <= _MOST or identifier in (0, 0xFFFFFFFF):
        return None
    payload = data[place + _HEADER : place + _COVERED + length]
    kind = "service discovery" if identifier == _DISCOVERY else _KINDS[head[14]]
    summary = (
        kind
        if identifier == _DISCOVERY
        else f"{kind}, service 0x{identifier >> 16:04X} method 0x{identifier & 0xFFFF:04X}"
    )
    return Frame(_COVERED + length, summary, kind, (Part(name="payload", data=payload),))


def looks_like_datagram(head: bytes) -> bool:
    """Whole messages that fill a datagram; anything else that begins so may be chance."""
    place = 0
    while place < len(head) and (found := frame(head, place)):
        place += found.size
    return bool(head) and place == len(head)


PROTOCOL = Framed(channel="someip", frame=frame)
