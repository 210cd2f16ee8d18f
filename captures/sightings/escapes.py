"""Encodings that keep the order of the bytes: percent, JSON escapes, UTF-16.

What is found in them is cut to the value: the way back through the escapes is made only where something was found.
"""

from __future__ import annotations

import binascii
import json
import re
import string
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from captures.sightings.information import is_text
from captures.sightings.layers import SEPARATOR, Place, Span
from captures.sightings.lengths import own_text
from captures.sightings.reasons import Reason
from captures.sightings.runs import without_path

# RFC 3986, section 2 (reserved, unreserved, %), and bytes above ASCII, which careless programs leave as they are
_URI = b"".join(
    [string.ascii_letters.encode(), string.digits.encode(), b"-._~:/?#[]@!$&'()*+,;=%", bytes(range(128, 256))]
)
URI_ROW = re.compile(b"[" + re.escape(_URI) + b"]*+")
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

# RFC 8259, section 7: a string ends at a quotation mark and holds no control characters
_JSON_BACK = re.compile(rb'[^"\x00-\x1f]*+')
JSON_ROW = re.compile(rb'(?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f])*+')
_JSON = re.compile(
    rb"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    rb'|u(?P<unit>[0-9a-fA-F]{4})|(?P<char>["\\/bfnrt]))'
)
_CHARS = {b'"': b'"', b"\\": b"\\", b"/": b"/", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}

_LINE = re.compile(rb"[\x20-\x7e]*+")
_UNITS = re.compile(rb"%(?:25)*[0-9A-Fa-f]{2}|.")
_MARKS = b".:"
_BACKWARDS = 256  # bytes on either side that are read backwards
_SEGMENT = re.compile(rb"[^=&?,;]+")

UTF16_ROW = re.compile(rb"(?:[\x20-\x7e\t\r\n]\x00)++[\x20-\x7e\t\r\n]?")


def percent_texts(data: bytes, reasons: Iterable[Reason]) -> Iterator[Span]:
    """Stretches of URI characters that hold an escape (RFC 3986, section 2.1), round *reasons* in order.

    What is no text is given alone too, without the names and the path round it: it may be a stream without a magic.
    """
    for start, end in stretches(data, reasons, _PERCENT, URI_ROW, URI_ROW):
        low, high = own_text(data, start, end, _PERCENT)
        yield low, high
        for segment in _SEGMENT.finditer(data, low, high) if not is_text(decode_percent(data[low:high])) else ():
            first, last = without_path(data, *segment.span())
            if is_text(decode_percent(data[first:last])):
                continue
            escape = _PERCENT.search(data, first, last)
            behind = escape.start() if escape and data[escape.start() - 1] in _MARKS else first
            yield from {(first, last), (behind, last)} - {(low, high)}


def decode_percent(text: bytes) -> bytes:
    """Undo the escapes; ``+`` stays, since only forms mean a space by it.

    Where every percent sign begins an escape they are undone as those of quoted-printable, which takes a fifth of the
    time: that decoder is the standard library's in C.
    """
    if _NO_ESCAPE.search(text):
        return unquote_to_bytes(text)
    return binascii.a2b_qp(text.replace(b"=", b"=3D").replace(b"%", b"="))


def place_percent(text: bytes, _decoded: bytes) -> Place:
    """The part of a percent-encoded *text* that stands for a stretch of what it decodes to."""
    return follow((match.span(), 1) for match in _PERCENT.finditer(text))


def reversed_texts(data: bytes, reasons: Iterable[Reason]) -> Iterator[Span]:
    """Printable ASCII round *reasons* in order, to be read backwards."""
    done = 0
    for reason in reasons:
        if reason.start >= done:
            start = _back(_LINE, data, max(done, reason.start - _BACKWARDS), reason.start)
            done = max(reason.end, _LINE.match(data, reason.end, reason.end + _BACKWARDS).end())  # type: ignore[union-attr]  # it matches nothing, too
            yield start, done


def decode_reversed(text: bytes) -> bytes:
    """The text backwards, its escapes as they are."""
    return b"".join(_UNITS.findall(text)[::-1])


def place_reversed(text: bytes, _decoded: bytes) -> Place:
    """The part of a *text* that stands for a stretch of it backwards."""
    return lambda start, end: (len(text) - end, len(text) - start)


def json_texts(data: bytes, reasons: Iterable[Reason]) -> Iterator[Span]:
    """The insides of JSON strings that hold an escape, or what looks the same in other text, likewise."""
    return (own_text(data, *each, _JSON) for each in stretches(data, reasons, _JSON, _JSON_BACK, JSON_ROW))


def decode_json(text: bytes) -> bytes:
    """Undo the escapes as UTF-8; what is no escape of JSON stays as it is, so that any text can be given."""
    try:  # the standard library is ten times as fast, but wants perfect strings
        decoded = json.loads(b'"' + text + b'"')
        return str(decoded).encode("utf-8", "surrogatepass")
    except ValueError:
        return _JSON.sub(_unescaped, text)


def place_json(text: bytes, _decoded: bytes) -> Place:
    """The part of a JSON string, likewise."""
    return follow((match.span(), len(_unescaped(match))) for match in _JSON.finditer(text))


def utf16_texts(data: bytes, reasons: Iterable[Reason]) -> Iterator[Span]:
    """Runs of printable ASCII characters in UTF-16 of either byte order, which begin with *reasons*."""
    for reason in reasons:
        run = UTF16_ROW.match(data, reason.start)
        if not run:
            continue
        start, end = run.span()
        end -= data[end - 1 : end + 1] == b"\r\n" or data[end - 1 : end + 2] == SEPARATOR  # neither is of this text
        last = end - (data[end - 1] == 0)  # behind the last character
        if (first := _behind_neighbours(data, start, last)) is not None:
            yield first, last
        elif _is_little_endian(data, start, last):
            yield start, end - (last == end)
        else:
            yield start - 1 if data[start - 1 : start] == b"\0" else start + 1, last


def _behind_neighbours(data: bytes, start: int, last: int) -> int | None:
    """Where a big-endian text begins whose first characters only seem so: a line break, or a tag and the length."""
    if data[start - 1 : start + 1] == b"\r\n" or data[max(0, start - 2) : start + 1] == SEPARATOR:
        return start + 1
    if (
        data[max(0, start - len(SEPARATOR)) : start] in (b"", SEPARATOR)
        or data[start - 1] == 0
        or data[last : last + 1] == b"\0"
    ):
        return None
    before, seeming = data[start - 1 : start + 1]
    lengths = (
        (start, before & 0x7F | seeming << 7 if before & 0x80 else 0),  # as protocol buffers write it
        (start, seeming),
        (start, before << 8 | seeming),
        (start + 2, data[start + 2]),
    )
    return next((at + 1 for at, length in lengths if last - at - 1 == length), None)


def _is_little_endian(data: bytes, first: int, last: int) -> bool:
    """Whether a run of characters with zeros between them begins (and not only goes on) with a character.

    Its outer zeros tell: a big-endian run has one before its first character, a little-endian one behind its last, and
    what else is zero there (a terminator, an empty unit) comes in twos. Without either, one end of the run is half a
    neighbour: of the two units that there would be then, the one that is a letter.
    """
    if last + 1 - first in (int.from_bytes(data[max(0, first - at) : first - at + 4], "little") for at in (4, 5)):
        return True  # behind a length that counts the zero of its last character (BSON 1.1)
    before = min(first, 8) - len(data[max(0, first - 8) : first].rstrip(b"\0"))
    behind = len(data[last : last + 8]) - len(data[last : last + 8].lstrip(b"\0"))
    if not before and not behind:
        leading = data[max(0, first - 1) : first + 1].decode("utf-16-be", "ignore")
        trailing = data[last - 1 : last + 1].decode("utf-16-le", "ignore")
        return trailing.isalpha() or not leading.isalpha()
    return not before or (behind > 0 and (before % 2 == 0 or behind % 2 == 1))


def decode_utf16(text: bytes) -> bytes:
    """The characters of such a run as ASCII."""
    return text[text[0] == 0 :: 2]


def place_utf16(text: bytes, _decoded: bytes) -> Place:
    """The part of such a run, two bytes a character."""
    return lambda start, end: (2 * start, min(2 * end, len(text)))


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match["char"]:
        return _CHARS[match["char"]]
    if match["unit"]:
        return chr(int(match["unit"], 16)).encode("utf-8", "surrogatepass")
    return (bytes.fromhex((match["high"] + match["low"]).decode())).decode("utf-16-be").encode()


class _Escape(NamedTuple):
    """Where an escape stands, decoded and as sent."""

    decoded: Span
    source: Span


def follow(places: Iterator[tuple[Span, int]]) -> Place:
    """The way back through escapes, given where each was sent and how many bytes it stands for."""
    escapes = [_Escape((0, 0), (0, 0))]
    shift = 0
    for (start, end), length in places:
        escapes.append(_Escape((start - shift, start - shift + length), (start, end)))
        shift += end - start - length
    starts = [escape.decoded[0] for escape in escapes]

    def place(start: int, end: int) -> Span:
        first = escapes[bisect_right(starts, start) - 1]
        last = escapes[bisect_right(starts, end - 1) - 1]
        low = first.source[0] if start < first.decoded[1] else first.source[1] + start - first.decoded[1]
        high = last.source[1] if end <= last.decoded[1] else last.source[1] + end - last.decoded[1]
        return low, high

    return place


def stretches(
    data: bytes,
    reasons: Iterable[Reason],
    escape: re.Pattern[bytes],
    back: re.Pattern[bytes],
    on: re.Pattern[bytes],
) -> Iterator[Span]:
    """Stretches round *reasons* that hold an *escape*: *back* over what may precede one, *on* to their end."""
    done = 0
    for reason in reasons:
        if reason.start < done:
            continue
        start = _back(back, data, done, reason.start)
        done = max(_end(on, data, start), reason.start)
        if escape.search(data, start, done):
            yield start, done


def _end(on: re.Pattern[bytes], data: bytes, at: int) -> int:
    match = on.match(data, at)
    return match.end() if match else at


def _back(back: re.Pattern[bytes], data: bytes, low: int, at: int) -> int:
    """Where a row of *back* characters that ends at *at* begins, not before *low*."""
    width = 64
    while True:
        begin = max(low, at - width)
        length = _end(back, data[begin:at][::-1], 0)
        if begin + length < at or begin == low:
            return at - length
        width *= 4
