"""The fields of a transmission, each by a path that stays the same from one message to the next.

=====================  =============================================================================
path                   field
=====================  =============================================================================
``host``               what stands before the last two labels of the recipient's name
``path/2``             a segment of a URL's path, counted from 1
``query id``           a parameter of a query, or of a form (``form id``)
``header x-device``    a header or trailer; ``cookie sid`` one cookie of it
``topic/2``            a level of an MQTT topic
``$.user.ids[]``       a value of JSON or MessagePack; all elements of an array share a path
``proto 2.1``          a field of a protocol buffer, by its numbers
``bytes 12-15``        four bytes of what has none of these structures
=====================  =============================================================================

What a field holds is opened once more where it is a structure itself: ``$.data > gzip > $.id``, ``header authorization
> jwt > $.sub``. All is read without schema, and a reading may be wrong; whoever compares the same path of several
messages only asks whether it holds the same.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from captures.sightings.information import is_text
from telltale.transmission import Part, Transmission

LARGEST = 1 << 20
"""Bytes of a part beyond which it is no message with fields, but media or an archive."""
_INFLATED = 1 << 22
_DEPTH = 4
_WINDOW, _RAW = 4, 1 << 11  # bytes of a field that has no structure, and how far into a part they are told
_PAIRS = re.compile(rb"[\w.%\[\]-]{1,80}=[^&\s{}<>]*(?:&[\w.%\[\]-]{1,80}=[^&\s{}<>]*)*\Z")
_JWT = re.compile(r"([\w-]{10,})\.([\w-]{10,})\.[\w-]*\Z", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}\Z")
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers (encoding guide)


class Field(NamedTuple):
    """What stands at one path."""

    part: str
    path: str
    value: bytes
    """As it is compared; a number in decimal."""
    span: tuple[int, int] | None = None
    """Its bytes in the part, where they are known without looking for the value."""


def fields(transmission: Transmission) -> Iterator[Field]:
    """Every field of a transmission, parts in their order."""
    name = transmission.host
    if name and not name.replace(".", "").isdigit() and name.count(".") >= 2:
        yield Field("host", "host", name.rsplit(".", 2)[0].encode())
    for part in transmission.parts:
        if len(part.data) <= LARGEST:
            reader = _READERS.get(part.name, _content)
            yield from (Field(part.name, *one) for one in reader(part))


_Found = tuple[str, bytes] | tuple[str, bytes, tuple[int, int]]


def _url(part: Part) -> Iterator[_Found]:
    path, _, query = part.data.decode("latin-1").partition("?")
    for place, segment in enumerate(path.strip("/").split("/"), start=1):
        yield from _text(f"path/{place}", unquote(segment))
    for name, value in parse_qsl(query):
        yield from _text(f"query {name}", value)


def _header(part: Part) -> Iterator[_Found]:
    for line in part.data.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "cookie":
            yield from _cookies(value)
        else:
            yield from _text(f"{part.name} {name}", value.removeprefix("Bearer "))


def _cookies(header: str) -> Iterator[_Found]:
    try:
        jar = SimpleCookie(header)
    except CookieError:  # a name that RFC 6265 does not allow; then the line as a whole is the field
        yield "header cookie", header.encode()
        return
    for name, one in jar.items():
        yield from _text(f"cookie {name}", one.value)


def _topic(part: Part) -> Iterator[_Found]:
    for place, level in enumerate(part.data.decode("utf-8", "replace").split("/"), start=1):
        yield from _text(f"topic/{place}", level)


_READERS = {"url": _url, "header": _header, "trailer": _header, "topic": _topic}
"""How the parts are read whose name says what they are; the others are opened by what is in them."""


def _content(part: Part) -> Iterator[_Found]:
    inside = _opened(part.data, "", 0)
    if inside is not None:
        yield from inside
        return
    end = min(len(part.data), _RAW)
    for at in range(0, end - _WINDOW + 1, _WINDOW):
        yield f"bytes {at}-{at + _WINDOW - 1}", part.data[at : at + _WINDOW], (at, at + _WINDOW)


def _opened(data: bytes, path: str, depth: int) -> Iterator[tuple[str, bytes]] | None:
    """The fields of a structure; None when it is none that is known."""
    if depth > _DEPTH or len(data) < 2:
        return None
    return next((inside for opener in _OPENERS if (inside := opener(data, path, depth)) is not None), None)


def _gzip(data: bytes, path: str, depth: int) -> Iterator[tuple[str, bytes]] | None:
    inflated = _inflated(data) if data[:2] == b"\x1f\x8b" else b""
    return _opened(inflated, f"{path}gzip > ", depth + 1) if inflated else None


def _json(data: bytes, path: str, depth: int) -> Iterator[tuple[str, bytes]] | None:
    if data.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return _leaves(msgspec.json.decode(data), f"{path}$", depth)
    except (msgspec.DecodeError, RecursionError):
        return None


def _form(data: bytes, path: str, depth: int) -> Iterator[tuple[str, bytes]] | None:
    if not _PAIRS.match(data):
        return None
    pairs = parse_qsl(data.decode("latin-1"))
    return (one for name, value in pairs for one in _text(f"{path}form {name}", value, depth))


def _msgpack(data: bytes, path: str, depth: int) -> Iterator[tuple[str, bytes]] | None:
    if is_text(data):
        return None
    try:
        unpacked = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return _leaves(unpacked, f"{path}$", depth) if isinstance(unpacked, dict | list) else None


def _numbered(data: bytes, path: str, depth: int) -> Iterator[tuple[str, bytes]] | None:
    found = None if is_text(data) else _protobuf(data, depth)
    return None if found is None else ((f"{path}proto {name}", value) for name, value in found)


_OPENERS = (_gzip, _json, _form, _msgpack, _numbered)
"""Structures in the order in which they are tried: the last have no sign of their own."""


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data, _INFLATED)
    except zlib.error:
        return b""


def _text(path: str, text: str, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """A text, or the fields of the structure that it is or encodes."""
    data = text.encode()
    inside = _opened(data, f"{path} > ", depth + 1) if data[:1] in (b"{", b"[") else None
    if jwt := _JWT.match(text):
        inside = _decoded(jwt[2], f"{path} > jwt > ", depth)
    elif _BASE64.match(text):
        inside = _decoded(text, f"{path} > base64 > ", depth)
    if inside is None:
        yield path, data
    else:
        yield from inside


def _decoded(text: str, path: str, depth: int) -> Iterator[tuple[str, bytes]] | None:
    """The fields of what base64 holds, if that is text or compressed: what else it may be is not told from chance."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_" if set(text) & set("-_") else None)
    except binascii.Error:
        return None
    return _opened(data, path, depth + 1) if data[:2] == b"\x1f\x8b" or data[:1] in (b"{", b"[") else None


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, bytes]]:
    """The values of JSON or MessagePack; an array's elements share their path."""
    stack: list[tuple[str, Any]] = [(path, value)]
    while stack:
        at, one = stack.pop()
        if isinstance(one, dict):
            stack += [(f"{at}.{name}", inner) for name, inner in reversed(one.items())]
        elif isinstance(one, list):
            stack += [(f"{at}[]", inner) for inner in reversed(one)]
        elif isinstance(one, str):
            yield from _text(at, one, depth)
        elif isinstance(one, bytes):
            yield at, one
        elif one is not None and not isinstance(one, bool):
            yield at, str(one).encode()


def _protobuf(data: bytes, depth: int) -> list[tuple[str, bytes]] | None:
    """Fields by their numbers; None where the bytes are no message from the first to the last."""
    found: list[tuple[str, bytes]] = []
    at = 0
    while at < len(data):
        key = _varint(data, at)
        if key is None or not 1 <= key[0] >> 3 < 1 << 16:
            return None
        number, kind, at = key[0] >> 3, key[0] & 7, key[1]
        if kind == _VARINT and (value := _varint(data, at)):
            found.append((str(number), str(value[0]).encode()))
            at = value[1]
        elif kind in (_FIXED64, _FIXED32) and at + (size := 8 if kind == _FIXED64 else 4) <= len(data):
            found.append((str(number), data[at : at + size]))
            at += size
        elif kind == _BYTES and (length := _varint(data, at)) and length[1] + length[0] <= len(data):
            at = length[1] + length[0]
            inner = data[length[1] : at]
            nested = None if is_text(inner) or depth >= _DEPTH else _protobuf(inner, depth + 1)
            found += [(str(number), inner)] if not nested else [(f"{number}.{name}", value) for name, value in nested]
        else:
            return None
    return found or None


def _varint(data: bytes, at: int) -> tuple[int, int] | None:
    """A base 128 varint at *at*, and where it ends."""
    number = 0
    for shift, byte in enumerate(data[at : at + 10]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number, at + shift + 1
    return None
