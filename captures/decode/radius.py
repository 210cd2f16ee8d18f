"""RADIUS (RFC 2865, RFC 2866): who asks for access, from which station; a password is hidden by a shared secret."""

from __future__ import annotations

from captures.decode import single
from captures.decode.model import Message, Place
from telltale.transmission import Field, Part

_HEADER = 20
_CODES = {
    1: "access_request", 2: "access_accept", 3: "access_reject", 4: "accounting_request", 5: "accounting_response",
    11: "access_challenge", 12: "status_server",
}  # fmt: skip
_PASSWORD = 2
_HIDDEN = "hidden by a RADIUS secret"
_ATTRIBUTES = {1: "user_name", 30: "called_station", 31: "calling_station", 32: "nas_identifier", 44: "session_id"}
"""RFC 2865 section 5, RFC 2866 section 5: those that are text and tell of a person or a device."""


def read(data: bytes, place: Place) -> Message | None:
    """A message whose attributes fill it to the last byte."""
    if len(data) < _HEADER or data[0] not in _CODES or int.from_bytes(data[2:4]) != len(data):
        return None
    fields: list[Field] = []
    hidden: list[bytes] = []
    clear = bytearray(data)
    at = _HEADER
    while at + 2 <= len(data) and data[at + 1] >= 2:
        kind, start, end = data[at], at + 2, at + data[at + 1]
        if kind in _ATTRIBUTES:
            text = data[start:end].decode("utf-8", "replace")
            fields.append(Field(name=_ATTRIBUTES[kind], value=text, part="payload", offset=start, length=end - start))
        elif kind == _PASSWORD:
            hidden.append(data[start:end])
            clear[start:end] = bytes(end - start)
        at = end
    if at != len(data):
        return None
    kind_name = _CODES[data[0]]
    return Message(
        channel="radius",
        first=place,
        last=place,
        summary=f"RADIUS {kind_name.replace('_', ' ')}",
        kind=kind_name,
        parts=(
            Part(name="payload", data=bytes(clear)),
            *(Part(name="password", data=one, opaque=_HIDDEN) for one in hidden),
        ),
        fields=tuple(fields),
    )


looks_like, parse = single.recogniser(read), single.parser("radius", read)
