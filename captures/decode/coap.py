"""CoAP (RFC 7252) over UDP, with block-wise transfer (RFC 7959): methods, paths, options and payloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from captures.decode.flows import Datagram
from captures.decode.model import Message, Place, Reading, Scene, Side, discreet
from telltale.transmission import Part

_METHODS = {1: "GET", 2: "POST", 3: "PUT", 4: "DELETE", 5: "FETCH", 6: "PATCH", 7: "iPATCH"}
"""RFC 7252 section 12.1.1, RFC 8132."""
_OPTIONS = {
    1: "If-Match", 3: "Uri-Host", 4: "ETag", 5: "If-None-Match", 6: "Observe", 7: "Uri-Port", 8: "Location-Path",
    9: "OSCORE", 11: "Uri-Path", 12: "Content-Format", 14: "Max-Age", 15: "Uri-Query", 17: "Accept",
    20: "Location-Query", 23: "Block2", 27: "Block1", 28: "Size2", 35: "Proxy-Uri", 39: "Proxy-Scheme", 60: "Size1",
    252: "Echo", 258: "No-Response", 292: "Request-Tag",
}  # fmt: skip
"""The IANA registry of option numbers; others go by their number."""
_URI_HOST, _OSCORE, _URI_PATH, _URI_QUERY, _BLOCK1, _PROXY_URI = 3, 9, 11, 15, 27, 35
_TEXTS = frozenset({3, 8, 11, 15, 20, 35, 39})
_MARKER = 0xFF
SEALED = "OSCORE is not opened"
"""RFC 8613: the payload is encrypted from end to end."""


class _Coap(NamedTuple):
    """A message (RFC 7252, section 3)."""

    code: int
    ident: bytes
    token: bytes
    options: list[tuple[int, bytes]]
    payload: bytes

    def texts(self, number: int) -> list[bytes]:
        return [value for key, value in self.options if key == number]

    @property
    def block(self) -> tuple[int, bool] | None:
        """Number of the block of a request's payload, and whether more follow (RFC 7959, section 2.2)."""
        found = self.texts(_BLOCK1)
        value = int.from_bytes(found[0]) if found else 0
        return (value >> 4, bool(value & 8)) if found else None


def _parsed(data: bytes) -> _Coap | None:
    """The message; None if *data* is none, to its last byte."""
    length = data[0] & 15 if data else 0
    if len(data) < 4 + length or data[0] >> 6 != 1 or length > 8 or 8 <= data[1] < 0x40 or data[1] >= 0xC0:
        return None
    if data[1] == 0 and len(data) > 4:  # an empty message is empty (section 4.1)
        return None
    options: list[tuple[int, bytes]] = []
    place, number = 4 + length, 0
    try:
        while place < len(data) and data[place] != _MARKER:
            (delta, size), place = (data[place] >> 4, data[place] & 15), place + 1
            delta, place = _extended(data, place, delta)
            size, place = _extended(data, place, size)
            number += delta
            if place + size > len(data):
                return None
            options.append((number, data[place : place + size]))
            place += size
    except IndexError:
        return None
    if place == len(data) - 1:  # a marker without a payload (section 3)
        return None
    return _Coap(data[1], data[2:4], data[4 : 4 + length], options, data[place + 1 :])


def _extended(data: bytes, place: int, nibble: int) -> tuple[int, int]:
    """An option's delta or length (section 3.1). :raises IndexError: it is cut off, or reserved"""
    if nibble < 13:
        return nibble, place
    if nibble == 15 or place + nibble - 12 > len(data):
        raise IndexError
    more = nibble - 12
    return int.from_bytes(data[place : place + more]) + (13 if more == 1 else 269), place + more


def looks_like(data: bytes) -> bool:
    """A message that is sound to its last byte and says something: a known method, with a known option or a payload."""
    found = _parsed(data)
    if found is None:
        return False
    if found.code == 0:
        return len(data) == 4
    first = found.options[0][0] if found.options else 0
    return found.code in _METHODS and (first in _OPTIONS or bool(found.payload))


@dataclass(slots=True)
class _Request:
    """A request, perhaps of several blocks."""

    head: _Coap
    first: Place
    last: Place
    body: list[bytes] = field(default_factory=list)
    blocks: int = 0
    whole: bool = True
    status: int | None = None


def parse(datagrams: list[Datagram], unit: Side, _scene: Scene) -> Reading:
    """The unit's requests (or answers); blocks of one payload together, repeated messages once (section 4.2)."""
    reading = Reading()
    seen: set[tuple[Side, bytes]] = set()
    requests: list[_Request] = []
    waiting: dict[bytes, _Request] = {}
    for one in datagrams:
        data = bytes(one.data)
        reading.tallies[one.side].decoded += len(data)
        if (one.side, data) in seen:
            continue
        seen.add((one.side, data))
        place = Place(one.wall, one.packet)
        found = _parsed(data)
        if found is None:
            reading.notes.append(f"{len(data)} bytes among CoAP messages are none")
            if one.side is unit:
                reading.messages.append(_stray(data, place))
        elif one.side is not unit:
            if (request := waiting.get(found.token)) and found.code >= 0x40:
                request.status = _status(found.code)
        elif found.code in _METHODS:
            waiting[found.token] = _sorted_in(requests, found, place)
        elif found.code:
            reading.messages.append(_answer(found, place))
    for request in requests:
        _enter(_message(request), reading, unit)
    return reading


def _enter(message: Message, reading: Reading, unit: Side) -> None:
    for part in message.parts:
        if part.opaque:
            reading.tallies[unit].decoded -= len(part.data)
            reading.tallies[unit].opaque[part.opaque] += len(part.data)
    reading.messages.append(message)


def _stray(data: bytes, place: Place) -> Message:
    return Message(
        channel="coap",
        first=place,
        last=place,
        summary=f"{len(data)} bytes among CoAP messages",
        parts=(Part(name="payload", data=data),),
        malformed="not a CoAP message",
    )


def _sorted_in(requests: list[_Request], found: _Coap, place: Place) -> _Request:
    """The request that *found* is, or is a further block of."""
    block = found.block
    if block and block[0]:
        for request in reversed(requests):
            if request.head.code == found.code and request.head.texts(_URI_PATH) == found.texts(_URI_PATH):
                if request.blocks <= block[0]:
                    request.whole = request.whole and request.blocks == block[0]
                    request.body.append(found.payload)
                    request.blocks, request.last = block[0] + 1, place
                return request
    request = _Request(found, place, place, [found.payload], 1, whole=not block or block[0] == 0)
    requests.append(request)
    return request


def _status(code: int) -> int:
    """``2.05`` as 205 (section 12.1.2)."""
    return (code >> 5) * 100 + (code & 31)


def _header(found: _Coap) -> Part:
    lines = (
        f"{_OPTIONS.get(number, number)}: ".encode()
        + (value if number in _TEXTS else value.hex().encode() if number != _BLOCK1 else b"%d" % int.from_bytes(value))
        + b"\r\n"
        for number, value in found.options
        if number not in (_URI_PATH, _URI_QUERY)
    )
    token = b"Token: " + found.token + b"\r\n" if found.token else b""
    return Part(name="header", data=b"".join(lines) + token)


def _body(found: _Coap, body: bytes) -> tuple[Part, ...]:
    opaque = SEALED if found.texts(_OSCORE) else None
    return (Part(name="body", data=body, opaque=opaque),) if body else ()


def _message(request: _Request) -> Message:
    head = request.head
    path = b"/" + b"/".join(head.texts(_URI_PATH))
    query = b"&".join(head.texts(_URI_QUERY))
    method = _METHODS[head.code]
    host = next(iter(head.texts(_URI_HOST)), b"").decode("utf-8", "replace").lower() or None
    return Message(
        channel="coap",
        first=request.first,
        last=request.last,
        summary=f"{method} {discreet(path.decode('utf-8', 'replace'))}",
        kind=method,
        path=path.decode("utf-8", "replace"),
        host=host,
        status=request.status,
        parts=(
            Part(name="url", data=path + (b"?" + query if query else b"")),
            _header(head),
            *_body(head, b"".join(request.body)),
        ),
        complete=request.whole,
    )


def _answer(found: _Coap, place: Place) -> Message:
    return Message(
        channel="coap",
        first=place,
        last=place,
        summary=f"response {found.code >> 5}.{found.code & 31:02}",
        kind="response",
        status=_status(found.code),
        parts=(_header(found), *_body(found, found.payload)),
    )
