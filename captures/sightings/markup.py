"""Escapes of HTML and of quoted-printable, which keep the order of the bytes as those of `escapes` do."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from captures.sightings.escapes import follow, stretches
from captures.sightings.layers import Place, Span
from captures.sightings.lengths import own_text
from captures.sightings.reasons import Reason

_ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")  # HTML, section 13.1.4
ENTITY_ROW = re.compile(rb"[^<>\x00-\x08]*+")
_QUOTED = re.compile(rb"=(?:(?P<hex>[0-9A-Fa-f]{2})|\r?\n)")  # RFC 2045, section 6.7
QUOTED_ROW = re.compile(rb"[\t\r\n\x20-\x7e]*+")


def html_texts(data: bytes, reasons: Iterable[Reason]) -> Iterator[Span]:
    """Text between tags that holds a character reference, round *reasons* in order."""
    return (own_text(data, *each, _ENTITY) for each in stretches(data, reasons, _ENTITY, ENTITY_ROW, ENTITY_ROW))


def decode_html(text: bytes) -> bytes:
    """Undo the references as UTF-8; an unknown one stays as it is."""
    return _ENTITY.sub(_character, text)


def place_html(text: bytes, _decoded: bytes) -> Place:
    """The part of *text* that stands for a stretch of what it decodes to."""
    return follow((match.span(), len(_character(match))) for match in _ENTITY.finditer(text))


def _character(match: re.Match[bytes]) -> bytes:
    return html.unescape(match[0].decode()).encode("utf-8", "surrogatepass")


def quoted_texts(data: bytes, reasons: Iterable[Reason]) -> Iterator[Span]:
    """Quoted-printable text, likewise."""
    return stretches(data, reasons, _QUOTED, QUOTED_ROW, QUOTED_ROW)


def decode_quoted(text: bytes) -> bytes:
    """Undo the escapes and the soft line breaks."""
    return _QUOTED.sub(_byte, text)


def place_quoted(text: bytes, _decoded: bytes) -> Place:
    """The part of quoted-printable *text* that stands for a stretch of what it decodes to."""
    return follow((match.span(), len(_byte(match))) for match in _QUOTED.finditer(text))


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match["hex"].decode()) if match["hex"] else b""
