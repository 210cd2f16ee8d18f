"""DHCP (RFC 2131, options of RFC 2132) and DHCPv6 (RFC 8415): what a device tells of itself to get an address.

The hardware address is a field of the protocol's own, not the item ``mac_address``: every frame on that link bears it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from captures.decode import single
from captures.decode.flows import ip_text
from captures.decode.model import Message, Place
from telltale.transmission import Field, Part

_COOKIE_AT, _COOKIE = 236, b"\x63\x82\x53\x63"
_PAD, _TYPE, _END = 0, 53, 255
_TYPES = {1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform"}
_ETHERNET = 1

_TEXT, _HEX, _ADDRESS, _DOMAIN = "text", "hex", "address", "domain"
_OPTIONS = {
    12: ("host_name", _TEXT, 0),
    15: ("domain_name", _TEXT, 0),
    50: ("requested_address", _ADDRESS, 0),
    60: ("vendor_class", _TEXT, 0),
    61: ("client_id", _HEX, 0),
    77: ("user_class", _TEXT, 0),
    81: ("host_name", _TEXT, 3),
}
"""Name, how it is written, and bytes of the option that stand before it (RFC 4702 for 81)."""

_TYPES_V6 = {
    1: "solicit", 2: "advertise", 3: "request", 4: "confirm", 5: "renew", 6: "rebind", 7: "reply", 8: "release",
    9: "decline", 10: "reconfigure", 11: "information_request",
}  # fmt: skip
_CLIENT_ID = 1
_OPTIONS_V6 = {
    _CLIENT_ID: ("client_id", _HEX, 0),
    15: ("user_class", _TEXT, 2),
    16: ("vendor_class", _TEXT, 6),
    39: ("host_name", _DOMAIN, 1),
}


def read(data: bytes, place: Place) -> Message | None:
    """A message of DHCP."""
    if data[_COOKIE_AT : _COOKIE_AT + 4] != _COOKIE or data[0] not in (1, 2):
        return None
    options = list(_options(data))
    kind = next(
        (_TYPES.get(data[start], "other") for number, start, size in options if number == _TYPE and size), "bootp"
    )
    fields = _fields(data, options, _OPTIONS)
    if data[1] == _ETHERNET and data[2] == 6 and any(data[28:34]):
        fields.append(_field("hardware_address", data[28:34].hex(":"), 28, 6))
    return _message(data, place, "DHCP", kind, fields)


def read_v6(data: bytes, place: Place) -> Message | None:
    """A message of DHCPv6 between client and server: its options fill it to the last byte, and tell the client."""
    if len(data) < 8 or data[0] not in _TYPES_V6:
        return None
    options: list[tuple[int, int, int]] = []
    at = 4
    while at + 4 <= len(data):
        number, size = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
        options.append((number, at + 4, size))
        at += 4 + size
    if at != len(data) or not any(number == _CLIENT_ID and size > 2 for number, _, size in options):
        return None
    return _message(data, place, "DHCPv6", _TYPES_V6[data[0]], _fields(data, options, _OPTIONS_V6))


looks_like, parse = single.recogniser(read), single.parser("dhcp", read)
looks_like_v6, parse_v6 = single.recogniser(read_v6), single.parser("dhcp", read_v6)


def _message(data: bytes, place: Place, name: str, kind: str, fields: list[Field]) -> Message:
    return Message(
        channel="dhcp",
        first=place,
        last=place,
        summary=f"{name} {kind.replace('_', ' ')}",
        kind=kind,
        parts=(Part(name="payload", data=data),),
        fields=tuple(fields),
    )


def _options(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Number, offset and length of each option."""
    at = _COOKIE_AT + 4
    while at + 1 < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        size = data[at + 1]
        if at + 2 + size > len(data):
            return
        yield data[at], at + 2, size
        at += 2 + size


def _fields(data: bytes, options: list[tuple[int, int, int]], known: dict[int, tuple[str, str, int]]) -> list[Field]:
    found: list[Field] = []
    for number, start, size in options:
        if number in known:
            name, kind, skip = known[number]
            at, end = start + skip, start + size
            value = _WAYS[kind](data[at:end])
            if value:
                found.append(_field(name, value, at, end - at))
    return found


def _field(name: str, value: str, offset: int, length: int) -> Field:
    return Field(name=name, value=value, part="payload", offset=offset, length=length)


def _labels(data: bytes) -> str:
    """A domain name (RFC 1035 section 3.1), perhaps without its end."""
    labels: list[str] = []
    at = 0
    while at < len(data) and data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return ".".join(labels)


_WAYS: dict[str, Callable[[bytes], str]] = {
    _TEXT: lambda data: data.rstrip(b"\0").decode("utf-8", "replace"),
    _HEX: lambda data: data.hex(),
    _ADDRESS: lambda data: ip_text(data) if len(data) == 4 else "",
    _DOMAIN: _labels,
}
