r"""Runs of base64 and hex digits inside other text: where they begin and end, and how they decode.

Runs are found by translating every byte to its class and looking for a long row of one class, which the standard
library does at some 300 MB/s. Runs shorter than `FLOOR` are taken only where a *hint* (see `hints`) gives reason to.

A run that continues in another encoding (``…%3D``, ``…\/…``) is left to the layer in which that encoding is undone:
what stands here is a fragment.
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Iterable, Iterator

from captures.sightings.information import is_text
from captures.sightings.layers import Span

FLOOR = 16
"""Shortest run that is decoded without a hint, in characters."""

_DELIMITERS = b"+/-_"
_BASE64 = (string.ascii_letters + string.digits).encode() + _DELIMITERS
_REACH = 1024  # how far into a run a delimiter may stand and still be taken for its beginning

_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_WRAPPED = re.compile(rb"(?:\r?\n[A-Za-z0-9+/]{1,76}(?=[\s\"'<,;}\]=]|\Z))+")
_LINE = 60  # lines of wrapped base64 are 64 (RFC 7468) or 76 (RFC 2045) digits long
_BREAKS = b"\r\n"
_ESCAPE = re.compile(rb"(?:%|\\u00)(?P<hex>[0-9A-Fa-f]{2})|\\u[0-9A-Fa-f]{4}|\\(?P<char>[bfnrt/])")
_CHARS = {b"b": 8, b"f": 12, b"n": 10, b"r": 13, b"t": 9, b"/": 47}
_VALUES = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/").encode()
_UNDO = bytes.maketrans(b"-_", b"+/")


class Alphabet:
    """The digits of an encoding, as something to look for in bytes."""

    def __init__(self, digits: bytes, *, padding: bytes = b"", wrapped: bool = False) -> None:
        self._digits = digits
        self._padding = padding
        self._wrapped = wrapped
        self._class = bytes(ord("x") if byte in digits else ord(" ") for byte in range(256))
        self._long = re.compile(b"x" * FLOOR + b"x*+")
        self._rest = re.compile(b"x*+")

    def runs(self, data: bytes, hints: Iterable[Span]) -> Iterator[Span]:
        """Every run of at least `FLOOR` digits, then the shorter ones that *hints* fall into."""
        classes = data.translate(self._class)
        for run in self._long.finditer(classes):
            yield run.span()
        seen: set[int] = set()
        for start, end in hints:
            low = classes.rfind(b" ", 0, start) + 1
            match = self._rest.match(classes, end)
            high = match.end() if match else end
            if high - low < FLOOR and low not in seen:
                seen.add(low)
                yield low, high

    def own(self, data: bytes, start: int, end: int) -> Span:
        """The run without the escape that it seems to begin with; empty when it goes on in another encoding."""
        nothing = (start, start)
        before = start - 1 if data[start - 1 : start] in (b"%", b"\\") else start - 2
        if before >= 0 and (escape := _ESCAPE.match(data, before)) and escape.end() > start:
            lines = self._wrapped and before >= _LINE and not data[before - _LINE : before].strip(self._digits)
            if self._continues(escape, b"", lines=lines):
                return nothing
            start = escape.end()
        escape = _ESCAPE.match(data, end)
        if escape and self._continues(escape, self._padding, lines=self._wrapped and end - start >= _LINE):
            return nothing
        return start, max(start, end)

    def _continues(self, escape: re.Match[bytes], padding: bytes, *, lines: bool) -> bool:
        """Whether *escape* stands for a digit, for padding, or for a break between lines."""
        meaning = int(escape["hex"], 16) if escape["hex"] else _CHARS.get(escape["char"])
        return meaning is not None and (meaning in self._digits + padding or (lines and meaning in _BREAKS))


BASE64 = Alphabet(_BASE64, padding=b"=", wrapped=True)
HEX = Alphabet(string.hexdigits.encode())


def base64_runs(data: bytes, hints: Iterable[Span]) -> Iterator[Span]:
    """Base64 texts (RFC 4648, sections 4 and 5), padded or not, in lines (RFC 2045, section 6.8) or not.

    ``/``, ``-`` and ``_`` are digits, but also stand before a text (``/v1/upload/TFNW…``). So a run is given once
    from its beginning, and once for each of the other alignments that begin behind such a delimiter.
    """
    for low, high in BASE64.runs(data, hints):
        start, end = BASE64.own(data, low, high)
        if end - start < 4 or (end - start == 36 and _UUID.match(data, start, end)):
            continue
        if (end - start) % 4 == 0 and end - start >= 60 and (more := _WRAPPED.match(data, end)):
            end = more.end()
        yield _with_padding(data, start, end)
        alignments = {0}
        for mark in _delimiters(data[start : min(end, start + _REACH)]):
            tail = start + mark + 1
            if (mark + 1) % 4 not in alignments and end - tail >= 4:
                alignments.add((mark + 1) % 4)
                yield _with_padding(data, tail, end)


def hex_runs(data: bytes, hints: Iterable[Span]) -> Iterator[Span]:
    """Hexadecimal texts in either case; of a run with an odd number of digits, both readings."""
    for low, high in HEX.runs(data, hints):
        start, end = HEX.own(data, low, high)
        if (end - start) % 2 == 0:
            yield start, end
        else:
            yield start, end - 1
            yield start + 1, end


def decode_base64(text: bytes) -> bytes:
    """The bytes of a base64 text; digits that do not make a whole byte at its end are left out."""
    digits = text.translate(_UNDO, b"\r\n").rstrip(b"=")
    whole = len(digits) - (len(digits) % 4 == 1)
    return binascii.a2b_base64(digits[:whole] + b"=" * (-whole % 4))


def narrow_base64(text: bytes, decoded: bytes, start: int, end: int) -> Span:
    """The part of a base64 *text* that holds *start* to *end* of *decoded*.

    What stands beside a delimiter is taken for a neighbour, not for the same text, when it does not decode to text
    itself.
    """
    marks = _delimiters(text)
    if not marks or b"\n" in text:
        return 0, len(text)
    low, high = 0, len(text)
    if not is_text(decoded[:start]):
        lows = (mark + 1 for mark in marks if (mark + 1) % 4 == 0 and (mark + 1) * 3 // 4 <= start)
        low = next((mark for mark in lows if is_text(decoded[mark * 3 // 4 : start])), 0)
    if not is_text(decoded[end:]) or not _ends_whole(text):
        highs = (mark for mark in reversed(marks) if mark * 3 // 4 >= end)
        high = next((mark for mark in highs if is_text(decoded[end : mark * 3 // 4])), len(text))
    return low, high


def _ends_whole(text: bytes) -> bool:
    """Whether an encoder could have ended a text like this: the bits that its last digit has to spare are zero."""
    digits = text.rstrip(b"=").translate(_UNDO)
    spare = {0: 0, 2: 4, 3: 2}.get(len(digits) % 4)
    return spare is not None and _VALUES.index(digits[-1:]) % (1 << spare) == 0


def _delimiters(text: bytes) -> list[int]:
    return [match.start() for match in re.finditer(rb"[+/_-]", text)]


def _with_padding(data: bytes, start: int, end: int) -> Span:
    digits = sum(byte not in _BREAKS for byte in data[start:end]) if b"\n" in data[start:end] else end - start
    padding = {2: b"==", 3: b"="}.get(digits % 4, b"")
    return start, end + (len(padding) if padding and data.startswith(padding, end) else 0)
