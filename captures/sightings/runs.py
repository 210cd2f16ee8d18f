r"""Runs of base64 and hex digits inside other text: where they begin and end, and how they decode.

Runs are found by translating every byte to its class and looking for a long row of one class, which the standard
library does at some 300 MB/s. Runs shorter than `FLOOR` are taken only where a *hint* (see `hints`) gives reason to,
and so are UUIDs and hex texts as long as a digest, which are the bulk of real traffic: every plain value and digest
has its hint, and what is encoded further begins in a way that can be told.

A run that continues in another encoding (``…%3D``, ``…\/…``) is left to the layer in which that encoding is undone:
what stands here is a fragment.
"""

from __future__ import annotations

import binascii
import re
import string
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from captures.sightings.information import is_text
from captures.sightings.layers import Place, Span

FLOOR = 16
"""Shortest run that is decoded without a hint, in characters."""

Places = list[Span]
"""Where one and the same text stands."""

_DELIMITERS = b"+/-_"
_BASE64 = (string.ascii_letters + string.digits).encode() + _DELIMITERS
_HEX = string.hexdigits.encode()
_DELIMITER = re.compile(rb"[+/_-]")
_REACH = 1024  # how far into a run a delimiter may stand and still be taken for its beginning
_SHORT = 64  # runs up to this length are gathered by their text: names and tokens come again and again

_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_DIGESTS = (32, 40, 64)  # hex digits of MD5 (and of a bare UUID), SHA-1 and SHA-256
_BEGINS = re.compile(rb"1[fF]8[bB]|78|(?:[2-7][0-9a-fA-F]){6}")  # gzip, zlib, text
_WRAPPED = re.compile(rb"(?:\r?\n[A-Za-z0-9+/]{1,76}(?=[\s\"'<,;}\]=]|\Z))+={0,2}")
_WORDS = re.compile(rb"(?:(?:[A-Z]?[a-z0-9]{0,40}|[A-Z0-9]{1,40})[+/_-])*+")
_LINE = 60  # lines of wrapped base64 are 64 (RFC 7468) or 76 (RFC 2045) digits long
_LINE_ENDS = frozenset((b"\r", b"\n"))
_PAIR = re.compile(rb"[0-9A-Fa-f]{2}")
_BREAKS = frozenset((b"0A", b"0a", b"0D", b"0d"))
_ESCAPE = re.compile(rb"\\(?:u00(?P<hex>[0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}|(?P<char>[bfnrt/]))")  # RFC 8259, section 7
_BREAK = re.compile(rb"(?:%0[Dd])?%0[Aa]|(?:\\r)?\\n")
_PERCENT, _BACKSLASH, _EQUALS, _HYPHEN = b"%\\=-"
_MARK = frozenset((b"%", b"\\"))
_MARKS = frozenset(b"%\\u")  # bytes next to a run that may belong to an escape
_VALUES = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/").encode()
_UNDO = bytes.maketrans(b"-_", b"+/")


class Run(NamedTuple):
    """Digits in a row, with the padding behind them."""

    starts: Sequence[int]
    """Every place of the same digits, if they are few; a long run has one."""
    length: int


class Alphabet:
    """The digits of an encoding, as something to look for in bytes.

    :param digits: every digit
    :param padding: what may follow the last digit, at most twice
    :param wrapped: whether texts are broken into lines
    :param dull: whether a short text, found without a hint, need not be decoded
    """

    def __init__(
        self, digits: bytes, *, padding: bytes = b"", wrapped: bool = False, dull: Callable[[bytes], bool]
    ) -> None:
        self._digits = digits
        self._wrapped = wrapped
        self._dull = dull
        self._class = bytes(120 if byte in digits else 61 if byte in padding else 32 for byte in range(256))  # x, =
        self._row = b"x" * FLOOR
        self._long = re.compile(self._row + b"x*+={0,2}")
        self._rest = re.compile(b"x*+={0,2}")
        self._inside = frozenset(case % byte for case in (b"%02X", b"%02x") for byte in digits)
        self._beyond = self._inside | {case % byte for case in (b"%02X", b"%02x") for byte in padding}

    def runs(self, data: bytes, hints: Iterable[Span]) -> Iterator[Run]:
        """Runs of at least `FLOOR` digits that are not dull, and shorter or dull ones that hints fall into.

        A run that begins with the end of an escape comes without it, one that goes on in another encoding not at all.
        """
        classes = data.translate(self._class)
        escaped = b"%" in data or b"\\" in data
        short: dict[bytes, list[int]] = {}
        rows = self._long.finditer(classes) if self._row in classes else ()  # `in` is several times as fast
        for start, end in map(re.Match.span, rows):  # there may be one every 50 bytes
            if escaped and (data[start - 1] in _MARKS or data[end : end + 1] in _MARK):
                start, end = self._own(data, start, end)  # noqa: PLW2901 - a second name would cost a tenth of the search
            if end - start >= _LINE and self._is_long(data, start, end):
                yield Run((start,), end - start)
                continue
            text = data[start:end]
            if text in short:
                short[text].append(start)
            elif end - start >= FLOOR and not self._dull(text):
                short[text] = [start]
        asked = self._hinted(data, classes, hints)
        for text, starts in asked.items():
            yield Run(short.pop(text, starts), len(text))
        for text, starts in short.items():
            yield Run(starts, len(text))

    def _is_long(self, data: bytes, start: int, end: int) -> bool:
        """Whether a run stands for itself: it is long, or a line of a wrapped text."""
        if end - start > _SHORT:
            return True
        return self._wrapped and data[end : end + 1] in _LINE_ENDS and not self._dull(data[start:end])

    def _hinted(self, data: bytes, classes: bytes, hints: Iterable[Span]) -> dict[bytes, list[int]]:
        """The short runs that hints fall into, by their text."""
        found: dict[bytes, list[int]] = {}
        for inside, beyond in hints:
            reach = max(0, inside - _SHORT)  # a longer run needs no hint
            low = 1 + max(reach - 1, classes.rfind(b" ", reach, inside), classes.rfind(b"=", reach, inside))
            start, end = self._own(data, low, _end(self._rest, classes, beyond, beyond + _SHORT))
            if end - start <= _SHORT and start <= inside:
                starts = found.setdefault(data[start:end], [])
                if start not in starts[-1:]:
                    starts.append(start)
        return found

    def _own(self, data: bytes, start: int, end: int) -> Span:
        """The run without the escape that it seems to begin with; empty when it goes on in another encoding."""
        if start and data[start - 1] in _MARKS:
            own = self._behind_escape(data, start)
            if own is None:
                return start, start
            start = own
        return (start, start) if start > end or self._goes_on(data, start, end) else (start, end)

    def _behind_escape(self, data: bytes, start: int) -> int | None:
        """Where the run begins when it first finishes an escape; None when that stands for a part of the run."""
        if data[start - 1] == _PERCENT:
            pair = data[start : start + 2]
            if pair in self._inside or (pair in _BREAKS and self._is_break(data, start - 1, before=True)):
                return None
            return start + 2 if _PAIR.match(pair) else start
        before = start - 1 if data[start - 1] == _BACKSLASH else max(0, start - 2)
        escape = _ESCAPE.match(data, before)
        if not escape or escape.end() <= start:
            return start
        if escape["hex"] in self._inside or self._is_slash(escape) or self._is_break(data, before, before=True):
            return None
        return escape.end()

    def _goes_on(self, data: bytes, start: int, end: int) -> bool:
        """Whether an escape behind the run stands for more of it."""
        if end == len(data) or data[end] not in _MARKS or end - start < 1:
            return False
        if data[end] == _PERCENT:
            pair = data[end + 1 : end + 3]
            return pair in self._beyond or (pair in _BREAKS and self._is_break(data, end, before=False))
        escape = _ESCAPE.match(data, end)
        if not escape:
            return False
        return escape["hex"] in self._beyond or self._is_slash(escape) or self._is_break(data, end, before=False)

    def _is_slash(self, escape: re.Match[bytes]) -> bool:
        return escape["char"] == b"/" and b"/" in self._digits

    def _is_break(self, data: bytes, at: int, *, before: bool) -> bool:
        """Whether an escaped line break stands at *at*, between a whole line of digits and more of them."""
        if not self._wrapped or not (match := _BREAK.match(data, at)):
            return False
        goes_on = before or data[match.end() : match.end() + 1] in self._digits
        return goes_on and at >= _LINE and not data[at - _LINE : at].removesuffix(b"\\r").strip(self._digits)


def _dull_base64(text: bytes) -> bool:
    """A UUID; or many hex digits only: as base64 that would be one text in 4 ** 32."""
    if len(text) == 36 and text[8] == text[13] == text[18] == text[23] == _HYPHEN:
        return bool(_UUID.match(text))
    return len(text) >= 32 and not text.strip(_HEX)


def _dull_hex(text: bytes) -> bool:
    """As long as a digest, and nothing that can be told inside. A digest of the run's own values has its hint."""
    return len(text) in _DIGESTS and not _BEGINS.match(text)


BASE64 = Alphabet(_BASE64, padding=b"=", wrapped=True, dull=_dull_base64)
HEX = Alphabet(_HEX, dull=_dull_hex)


def base64_texts(data: bytes, hints: Sequence[Span]) -> Iterator[Places]:
    """Base64 texts (RFC 4648, sections 4 and 5), padded or not, in lines (RFC 2045, section 6.8) or not.

    ``/``, ``-`` and ``_`` are digits, but also stand before a text (``/v1/upload/TFNW…``). So a run is given once from
    its beginning, and once for each of the other alignments that may begin behind such a delimiter.
    """
    wrapped_to = 0
    for run in BASE64.runs(data, hints):
        start, end = run.starts[0], run.starts[0] + run.length
        if run.length >= _LINE and run.length % 4 == 0:
            if end <= wrapped_to:
                continue
            if data[end - 1] != _EQUALS and (lines := _WRAPPED.match(data, end)):
                wrapped_to = lines.end()
                yield [_whole(data, start, wrapped_to)]
                continue
        reason = bisect_left(hints, (start, 0)) < bisect_left(hints, (end, 0))
        for skip in _beginnings(data[start : min(start + _REACH, end)].rstrip(b"="), anywhere=reason):
            low, high = _whole(data, start + skip, end)
            yield [(place + skip, place + skip + high - low) for place in run.starts]


def hex_texts(data: bytes, hints: Iterable[Span]) -> Iterator[Places]:
    """Hexadecimal texts in either case; of a run with an odd number of digits, both readings."""
    for starts, length in HEX.runs(data, hints):
        even = length - length % 2
        for skip in range(length % 2 + 1):
            yield [(start + skip, start + skip + even) for start in starts]


def _whole(data: bytes, start: int, end: int) -> Span:
    """The base64 text from *start* to *end* with the padding that it needs, or with none."""
    padding = end - start - len(data[max(start, end - 2) : end].rstrip(b"=")) - max(0, end - start - 2)
    breaks = data.count(b"\n", start, end) + data.count(b"\r", start, end)
    wanted = -(end - start - padding - breaks) % 4 % 3
    return start, end - padding + (wanted if wanted <= padding else 0)


def _end(expression: re.Pattern[bytes], data: bytes, at: int, stop: int = sys.maxsize) -> int:
    match = expression.match(data, at, stop)
    return match.end() if match else at


def decode_base64(text: bytes) -> bytes:
    """The bytes of a base64 text; digits that do not make a whole byte at its end are left out."""
    digits = text.translate(_UNDO, b"\r\n").rstrip(b"=")
    whole = len(digits) - (len(digits) % 4 == 1)
    return binascii.a2b_base64(digits[:whole] + b"=" * (-whole % 4))


def place_base64(text: bytes, decoded: bytes) -> Place:
    """The part of a base64 *text* that holds a stretch of *decoded*.

    What stands beside a delimiter is taken for a neighbour, not for the same text, when it does not decode to text
    itself.
    """
    marks = _delimiters(text)
    if not marks or b"\n" in text or (is_text(decoded) and _ends_whole(text)):
        return lambda _start, _end: (0, len(text))
    firsts = [mark + 1 for mark in marks[: bisect_left(marks, _REACH)] if (mark + 1) % 4 == 0]
    lasts = marks[: bisect_left(marks, len(text) - _REACH) - 1 : -1] if marks[0] < len(text) - _REACH else marks[::-1]

    def place(start: int, end: int) -> Span:
        low = next((first for first in (0, *firsts) if _is_text_between(decoded, first * 3 // 4, start)), 0)
        rest = (last for last in lasts if _is_text_between(decoded, end, last * 3 // 4))
        high = len(text)
        if not _is_text_between(decoded, end, len(decoded)) or not _ends_whole(text):
            high = next(rest, high)
        return low, high

    return place


def _is_text_between(data: bytes, start: int, end: int) -> bool:
    return start <= end and is_text(data[start : min(end, start + _REACH)])


def _ends_whole(text: bytes) -> bool:
    """Whether an encoder could have ended a text like this: the bits that its last digit has to spare are zero."""
    digits = text.rstrip(b"=").translate(_UNDO)
    spare = {0: 0, 2: 4, 3: 2}.get(len(digits) % 4)
    return spare is not None and _VALUES.index(digits[-1:]) % (1 << spare) == 0


def _beginnings(text: bytes, *, anywhere: bool) -> list[int]:
    """Where base64 may begin: with the run itself, and behind the first delimiter of each other alignment.

    Without a hint that it does begin *anywhere*, only words may stand before it (``/v1/upload/``): behind every ``/``
    in a genuine text would be four times the work.
    """
    found = {0: 0}
    marks = _delimiters(text if anywhere else text[: _end(_WORDS, text, 0)])
    for mark in marks:
        if mark + 5 <= len(text):
            found.setdefault((mark + 1) % 4, mark + 1)
    return list(found.values())


def _delimiters(text: bytes) -> list[int]:
    return [match.start() for match in _DELIMITER.finditer(text)]
