"""Text with places for values, as unit files write it: ``{vin}``, ``{position.lat:.1f}``, ``{vin|gzip|base64}``.

A place is a name, perhaps a format (Python's format specification), and stages that the value passes from left to
right. A text that is one place and nothing else keeps the value's own type, so that a speed stays a number in JSON.
Braces that mean themselves are doubled.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from rigs import anonymiser
from rigs.footage import is_footage
from telltale.errors import near_miss
from telltale.items import taxonomy

Value = str | bytes | int | float
Lookup = Callable[[str], Value]
"""Gives a name's value. :raises KeyError: there is none"""


class TemplateError(ValueError):
    """A text that is no template, in words for the author of the file."""


def _digest(name: str) -> Callable[[bytes], bytes]:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).digest()


_MAKERS_OWN = hashlib.sha512(b"what a simulated maker tells no bench").digest()
"""Salt and key of the simulated makers: no run's identities file names them."""

_TO_BYTES: Mapping[str, Callable[[bytes], bytes]] = {
    **{name: _digest(name) for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "sm3")},
    "salted_sha256": lambda data: hashlib.sha256(_MAKERS_OWN[:16] + data).digest(),
    "aes_siv": lambda data: AESSIV(_MAKERS_OWN[:32]).encrypt(data, None),  # RFC 5297: equal texts become equal
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zlib": zlib.compress,
}
_ON_FOOTAGE = anonymiser.STAGES

_TO_TEXT: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda data: base64.b64encode(data).decode(),
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="),
    "base32": lambda data: base64.b32encode(data).decode(),
    "percent": lambda data: "".join(f"%{byte:02X}" for byte in data),
}
_ON_TEXT: Mapping[str, Callable[[str], Value]] = {
    "upper": str.upper,
    "lower": str.lower,
    "reversed": lambda text: text[::-1],
    "utf16": lambda text: text.encode("utf-16-le"),
    "urlquote": urllib.parse.quote,
}
STAGES = sorted({*_TO_BYTES, *_TO_TEXT, *_ON_TEXT, *_ON_FOOTAGE})
ENCODINGS = sorted({"gzip", "zlib", *_TO_TEXT})
"""Stages that can be undone: those a whole body may pass."""

_PLACE = re.compile(
    r"\{(?P<name>[a-z][a-z0-9_]*(?:\.[a-z]+)?)(?::(?P<spec>[^{}|]+))?(?P<stages>(?:\|[a-z0-9_]+)*)\}"
    r"|(?P<brace>\{\{|\}\})"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One ``{…}``."""

    name: str
    spec: str
    stages: tuple[str, ...]

    def value(self, lookup: Lookup) -> Value:
        """:raises KeyError: the name has no value"""
        value = lookup(self.name)
        if self.spec:
            value = format(value, self.spec)
        for stage in self.stages:
            value = through(value, stage)
        return value


def through(value: Value, stage: str) -> Value:
    """*value* after one stage; text becomes UTF-8 where the stage works on bytes.

    :raises TemplateError: no stage has that name, or it cannot take the value
    """
    if stage in _ON_TEXT:
        if isinstance(value, bytes):
            raise TemplateError(f"`{stage}` works on text, and this is bytes; put `hex` or `base64` before it")
        return _ON_TEXT[stage](str(value))
    data = value if isinstance(value, bytes) else str(value).encode()
    if stage in _ON_FOOTAGE:
        if not is_footage(data):
            raise TemplateError(f"`{stage}` works on a picture or video as the camera took it; put it first")
        return _ON_FOOTAGE[stage](data)
    if stage in _TO_BYTES:
        return _TO_BYTES[stage](data)
    if stage in _TO_TEXT:
        return _TO_TEXT[stage](data)
    raise TemplateError(f"unknown stage `{stage}`" + near_miss(stage, STAGES))


@cache
def parse(text: str) -> tuple[str | Place, ...]:
    """The pieces of a template.

    :raises TemplateError: a brace that opens or closes nothing, or an unknown stage
    """
    pieces: list[str | Place] = []
    between: list[str] = []
    at = 0
    for match in _PLACE.finditer(text):
        between.append(text[at : match.start()])
        pieces += [between[-1], match["brace"][0] if match["brace"] else _place(match)]
        at = match.end()
    between.append(text[at:])
    if any("{" in gap or "}" in gap for gap in between):
        raise TemplateError(f"`{text}` has a brace that is no place for a value; double it for the sign itself")
    return tuple(piece for piece in (*pieces, between[-1]) if piece != "")


def _place(match: re.Match[str]) -> Place:
    place = Place(match["name"], match["spec"] or "", tuple(match["stages"].split("|")[1:]))
    sample: Value = "x"
    for stage in _behind_footage(place):
        sample = through(sample, stage)
    return place


def _behind_footage(place: Place) -> tuple[str, ...]:
    """The stages behind those that a picture or video passes first."""
    known = taxonomy().get(place.name)
    if known is None or known.kind != "media":
        return place.stages
    return tuple(dropwhile(_ON_FOOTAGE.__contains__, place.stages))


def names(text: str) -> list[str]:
    """The names that a template asks for. :raises TemplateError: see `parse`"""
    return [piece.name for piece in parse(text) if isinstance(piece, Place)]


def render(text: str, lookup: Lookup) -> Value:
    """The text with its values; a text of one place alone keeps the value's type.

    :raises KeyError: a name has no value
    :raises TemplateError: bytes in the midst of text
    """
    pieces = parse(text)
    if len(pieces) == 1 and isinstance(pieces[0], Place):
        return pieces[0].value(lookup)
    return "".join(piece if isinstance(piece, str) else _as_text(piece.value(lookup), piece) for piece in pieces)


def render_text(text: str, lookup: Lookup) -> str:
    """The text with its values, always as text (for URLs and headers); raises as `render` does."""
    value = render(text, lookup)
    if isinstance(value, bytes):
        raise TemplateError(f"`{text}` is bytes; end it with `hex` or `base64`")
    return str(value)


def render_all(data: Any, lookup: Lookup) -> Any:
    """Mappings, lists and texts with their values, as JSON bodies need them; raises as `render` does."""
    if isinstance(data, str):
        value = render(data, lookup)
        if isinstance(value, bytes):
            raise TemplateError(f"`{data}` is bytes; end it with `hex` or `base64`")
        return value
    if isinstance(data, Mapping):
        return {render_text(str(key), lookup): render_all(value, lookup) for key, value in data.items()}
    if isinstance(data, list):
        return [render_all(value, lookup) for value in data]
    return data


def _as_text(value: Value, place: Place) -> str:
    if isinstance(value, bytes):
        raise TemplateError(f"`{place.name}` is bytes inside text; end it with `hex` or `base64`")
    return str(value)
