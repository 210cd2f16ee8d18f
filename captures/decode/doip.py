"""Diagnostics over IP (ISO 13400-2:2019): who a vehicle says it is, and the diagnostic messages that it carries."""

from __future__ import annotations

from captures.decode import uds
from captures.decode.framed import Frame, Framed
from telltale.transmission import Field, Part

_HEADER = 8
_VERSIONS = frozenset({0x01, 0x02, 0x03, 0x04, 0xFF})
"""Table 16; 0xFF stands for any in a vehicle identification request."""
_TYPES = {
    0x0000: "header refused", 0x0001: "vehicle identification request", 0x0002: "vehicle identification request (EID)",
    0x0003: "vehicle identification request (VIN)", 0x0004: "vehicle announcement", 0x0005: "routing activation",
    0x0006: "routing activation answered", 0x0007: "alive check", 0x0008: "alive check answered",
    0x4001: "entity status request", 0x4002: "entity status", 0x4003: "power mode request", 0x4004: "power mode",
    0x8001: "diagnostic message", 0x8002: "diagnostic message taken", 0x8003: "diagnostic message refused",
}  # fmt: skip
"""Table 17: payload types."""
_ANNOUNCEMENT, _BY_VIN, _DIAGNOSTIC = 0x0004, 0x0003, 0x8001
_VIN = 17


def frame(data: bytes, place: int) -> Frame | None:
    """The message that begins at *place*."""
    head = data[place : place + _HEADER]
    if len(head) < _HEADER or head[0] not in _VERSIONS or head[0] ^ head[1] != 0xFF:
        return None
    kind = int.from_bytes(head[2:4], "big")
    if kind not in _TYPES:
        return None
    length = int.from_bytes(head[4:8], "big")
    payload = data[place + _HEADER : place + _HEADER + length]
    summary = _TYPES[kind]
    fields: tuple[Field, ...] = ()
    if kind == _DIAGNOSTIC and len(payload) > 4 and (said := uds.read(payload[4:])):
        summary = said.summary
        fields = tuple(Field(name=f.name, value=f.value, part=f.part, offset=f.offset + 4, length=f.length)
                       for f in said.fields)  # fmt: skip
    elif kind in (_ANNOUNCEMENT, _BY_VIN) and payload[:_VIN].isalnum():
        fields = (Field(name="vin", value=payload[:_VIN].decode("ascii"), part="payload", offset=0, length=_VIN),)
    return Frame(_HEADER + length, summary, _TYPES[kind], (Part(name="payload", data=payload),), fields)


PROTOCOL = Framed(channel="doip", frame=frame)
