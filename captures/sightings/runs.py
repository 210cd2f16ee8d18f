r"""Runs of base64 and hex digits inside other text: where they begin and end, and how they decode.

Only a run with a *reason* in it is taken (see `hints` and `skims`), so words, UUIDs, digests and tokens cost nothing.

A run that continues in another encoding (``…%3D``, ``…\\/…``) is left to the layer in which that encoding is undone:
what stands here is a fragment. It is a reason to undo it.
"""

from __future__ import annotations

import base64
import binascii
import re
import string
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from captures.sightings.information import is_text
from captures.sightings.layers import Place, Span
from captures.sightings.reasons import LENGTH, LOOK, VALUE, Reason

Places = list[Span]
"""Where one and the same text stands."""

_DELIMITERS = b"+/-_"
_BASE64 = (string.ascii_letters + string.digits).encode() + _DELIMITERS
_BASE32 = (string.ascii_uppercase + "234567").encode()
_HEX = string.hexdigits.encode()
_DELIMITER = re.compile(rb"[+/_-]")
_REACH = 1024  # how far into a run a delimiter may stand and still be taken for its beginning
_SHORT = 64  # runs up to this length are gathered by their text: names and tokens come again and again
_WINDOW = 64  # how far the end of a run is looked for at first
_SHORTEST = 4  # digits
_NEIGHBOURS = 12  # digits that may be a field's name and a length
_TEXT = frozenset(bytes(range(0x20, 0x7F)) + b"\t\r\n")

_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_WRAPPED = re.compile(rb"(?:\r?\n[A-Za-z0-9+/]{1,76}(?=[\s\"'<,;}\]=]|\Z))+={0,2}")
_WORDS = re.compile(rb"(?:(?:[A-Z]?[a-z0-9]{0,40}|[A-Z0-9]{1,40})[+/_-])*+")
_LINE = 60  # lines of wrapped base64 are 64 (RFC 7468) or 76 (RFC 2045) digits long
_PADDING = re.compile(rb"={0,6}")
_PAIR = re.compile(rb"%(?:25)*(?P<pair>[0-9A-Fa-f]{2})")
_BREAKS = frozenset((b"0A", b"0a", b"0D", b"0d"))
_ESCAPE = re.compile(rb"\\(?:u00(?P<hex>[0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}|(?P<char>[bfnrt/]))")  # RFC 8259, section 7
_BREAK = re.compile(rb"(?:%(?:25)*0[Dd])?%(?:25)*0[Aa]|(?:\\r)?\\n")
_PERCENT, _BACKSLASH, _EQUALS, _HYPHEN, _U = b"%\\=-u"
_DEEPER = (b"5C", b"5c")  # a backslash in percent
_VALUES = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/").encode()
_PHASES = frozenset(range(4))
_UNDO = bytes.maketrans(b"-_", b"+/")


class Run(NamedTuple):
    """Digits in a row, with the padding behind them."""

    starts: Sequence[int]
    """Every place of the same digits, if they are few; a long run has one."""
    length: int
    phases: frozenset[int]
    """Where a text may begin behind any delimiter: its places modulo four, as the reasons tell."""


class Runs(NamedTuple):
    """The runs that there is a reason to decode, and the places where one of them goes on in an escape."""

    whole: list[Run]
    broken: list[tuple[str, Reason]]


class Alphabet:
    """The digits of an encoding, as something to look for in bytes.

    :param digits: every digit
    :param padding: what may follow the last digit, at most twice, in base32 six times
    :param wrapped: whether texts are broken into lines
    """

    def __init__(self, digits: bytes, *, padding: bytes = b"", wrapped: bool = False) -> None:
        self._digits = digits
        self._padded = bool(padding)
        self._wrapped = wrapped
        self._class = bytes(120 if byte in digits else 32 for byte in range(256))
        self._inside = frozenset(case % byte for case in (b"%02X", b"%02x") for byte in digits)
        self._beyond = self._inside | {case % byte for case in (b"%02X", b"%02x") for byte in padding}

    def on(self, data: bytes, at: int) -> int:
        """Where the row of digits ends that begins at *at* or goes on there."""
        width = _WINDOW
        while at < len(data):
            edge = data[at : at + width].translate(self._class).find(b" ")
            if edge >= 0:
                return at + edge
            at += width
            width *= 8
        return len(data)

    def back(self, data: bytes, at: int) -> int:
        """Where the row of digits begins that ends at *at*."""
        width = _WINDOW
        while at > 0:
            low = max(0, at - width)
            edge = data[low:at].translate(self._class).rfind(b" ")
            if edge >= 0:
                return low + edge + 1
            at = low
            width *= 8
        return 0

    def row(self, data: bytes, at: int) -> Span:
        """The row of digits round *at*."""
        return self.back(data, at), self.on(data, at)

    def runs(self, data: bytes, reasons: Iterable[Reason]) -> Runs:
        """The runs that *reasons*, in order, fall into.

        A run that begins with the end of an escape comes without it, one that goes on in another encoding not at all.
        """
        whole: list[Run] = []
        broken: list[tuple[str, Reason]] = []
        short: dict[bytes, tuple[list[int], set[int]]] = {}
        for (low, high), strength, phases in self._rows(data, reasons):
            padded = _end(_PADDING, data, high) if self._padded else high
            self._escapes(data, low, padded, broken)
            start, end = self._own(data, low, padded)
            start = _behind_length(data, start, end)
            if end - start < _SHORTEST or (strength < VALUE and self._is_dull(data, start, end)):
                continue
            shifted = {(phase - start + low) % 4 for phase in phases}
            if start and data[start - 1] not in _TEXT:
                shifted |= _PHASES  # in binary a neighbour may look like a digit
            if end - start > _SHORT:
                whole.append(Run((start,), end - start, frozenset(shifted)))
                continue
            starts, known = short.setdefault(data[start:end], ([], set()))
            starts.append(start)
            known |= shifted
        whole += [Run(starts, len(text), frozenset(phases)) for text, (starts, phases) in short.items()]
        return Runs(sorted(whole, key=lambda run: run.starts[0]), broken)

    def _rows(self, data: bytes, reasons: Iterable[Reason]) -> Iterator[tuple[Span, int, set[int]]]:
        """The rows that *reasons* fall into, each once, with the strongest reason and the phases that they tell."""
        row, strength, phases = (0, 0), LENGTH, set[int]()
        for reason in reasons:
            if reason.start >= row[1]:
                if row[1]:
                    yield row, strength, phases
                row, strength, phases = self.row(data, reason.start), LENGTH, set()
            strength = max(strength, reason.strength)
            if reason.strength == VALUE:
                phases.update(range(4))
            elif reason.strength == LOOK and reason.start - row[0] < _REACH:
                phases.add((reason.start - row[0]) % 4)
        if row[1]:
            yield row, strength, phases

    def _is_dull(self, data: bytes, start: int, end: int) -> bool:
        """Whether these are hex digits or a UUID, to be read as base64: that would be one text in 4 ** 32."""
        if not self._wrapped or end - start < 32:
            return False
        return HEX.on(data, start) >= end or bool(end - start == 36 and _UUID.match(data, start, end))

    def _escapes(self, data: bytes, start: int, end: int, broken: list[tuple[str, Reason]]) -> None:
        """Note the escapes beside a run that may stand for a part of it."""
        before = data[start - 1] if start else 0
        after = data[end] if end < len(data) else 0
        if before == _PERCENT and (match := _PAIR.match(data, start - 1)):
            if match["pair"] in self._inside or match["pair"] in _BREAKS:
                broken.append(("percent", Reason(start - 1, start, LOOK)))
        elif before == _BACKSLASH or (before == _U and data[max(0, start - 2)] == _BACKSLASH):
            broken.append(("json", Reason(start - 1, start, LOOK)))
        if after == _PERCENT and (match := _PAIR.match(data, end)):
            if match["pair"] in self._beyond or match["pair"] in _BREAKS or match["pair"] in _DEEPER:
                broken.append(("percent", Reason(end, end + 1, LOOK)))
        elif after == _BACKSLASH:
            broken.append(("json", Reason(end, end + 1, LOOK)))

    def _own(self, data: bytes, start: int, end: int) -> Span:
        """The run without the escape that it seems to begin with; empty when it goes on in another encoding."""
        if start and data[start - 1] in (_PERCENT, _BACKSLASH, _U):
            own = self._behind_escape(data, start)
            if own is None:
                return start, start
            start = own
        return (start, start) if start > end or self._goes_on(data, start, end) else (start, end)

    def _behind_escape(self, data: bytes, start: int) -> int | None:
        """Where the run begins when it first finishes an escape; None when that stands for a part of the run."""
        if data[start - 1] == _PERCENT:
            match = _PAIR.match(data, start - 1)
            if not match:
                return start
            pair = match["pair"]
            if pair in self._inside or (pair in _BREAKS and self._is_break(data, start - 1, before=True)):
                return None
            return match.end()
        before = start - 1 if data[start - 1] == _BACKSLASH else max(0, start - 2)
        escape = _ESCAPE.match(data, before)
        if not escape or escape.end() <= start:
            return start
        if escape["hex"] in self._inside or self._is_slash(escape) or self._is_break(data, before, before=True):
            return None
        return escape.end()

    def _goes_on(self, data: bytes, start: int, end: int) -> bool:
        """Whether an escape behind the run stands for more of it."""
        if end == len(data) or data[end] not in (_PERCENT, _BACKSLASH) or end - start < 1:
            return False
        if data[end] == _PERCENT:
            match = _PAIR.match(data, end)
            pair = match["pair"] if match else b""
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


def _behind_length(data: bytes, start: int, end: int) -> int:
    """Where the text begins in a run whose first digits are the end of a binary field and the text's own length.

    Containers (protocol buffers, CBOR, DER, MQTT …) put the length before a text, and it may look like a digit.
    """
    if start in (0, end) or data[start - 1] in _TEXT:
        return start
    for at in range(start + 1, min(start + _NEIGHBOURS, end)):
        length = end - at
        if data[at - 1] == length or data[at - 2 : at] in (
            length.to_bytes(4, "big")[-2:],
            bytes((length & 0x7F | 0x80, length >> 7 & 0x7F)),
        ):
            return at
    return start


BASE64 = Alphabet(_BASE64, padding=b"=", wrapped=True)
BASE32 = Alphabet(_BASE32, padding=b"=")
HEX = Alphabet(_HEX)


def wrapped_end(data: bytes, at: int) -> int:
    """Where a base64 text ends whose first line ends at *at*."""
    return _end(_WRAPPED, data, at)


def base64_texts(data: bytes, runs: Iterable[Run]) -> Iterator[Places]:
    """Base64 texts (RFC 4648, sections 4 and 5), padded or not, in lines (RFC 2045, section 6.8) or not.

    ``/``, ``-`` and ``_`` are digits, but also stand before a text (``/v1/upload/TFNW…``). So a run is given once from
    its beginning, and once for each of the other alignments that may begin behind such a delimiter.
    """
    wrapped_to = 0
    for run in runs:
        start, end = run.starts[0], run.starts[0] + run.length
        if run.length >= _LINE and run.length % 4 == 0:
            if end <= wrapped_to:
                continue
            if data[end - 1] != _EQUALS and (lines := _WRAPPED.match(data, end)):
                wrapped_to = lines.end()
                yield [_whole(data, start, wrapped_to)]
                continue
        for skip in _beginnings(data[start : min(start + _REACH, end)].rstrip(b"="), run.phases):
            low, high = _whole(data, start + skip, end)
            yield [(place + skip, place + skip + high - low) for place in run.starts]


def base32_texts(runs: Iterable[Run]) -> Iterator[Places]:
    """Base32 texts (RFC 4648, section 6), padded or not."""
    for starts, length, _ in runs:
        yield [(start, start + length) for start in starts]


def decode_base32(text: bytes) -> bytes:
    """The bytes of a base32 text; digits that do not make a whole byte at its end are left out."""
    digits = text.rstrip(b"=")
    whole = len(digits) - {1: 1, 3: 1, 6: 1}.get(len(digits) % 8, 0)
    return base64.b32decode(digits[:whole] + b"=" * (-whole % 8))


def hex_texts(runs: Iterable[Run]) -> Iterator[Places]:
    """Hexadecimal texts in either case; of a run with an odd number of digits, both readings."""
    for starts, length, _ in runs:
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
    if b"-" in text or b"_" in text or b"\n" in text:
        text = text.translate(_UNDO, b"\r\n")
    digits = text.rstrip(b"=")
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


def _beginnings(text: bytes, phases: AbstractSet[int]) -> list[int]:
    """Where base64 may begin: with the run itself, and behind the first delimiter of each other alignment.

    Unless a reason tells that it does begin in one of some *phases*, with a delimiter before it or not, only words may
    stand before it (``/v1/upload/``): behind every ``/`` in a genuine text would be four times the work.
    """
    found = {0: 0}
    words = _end(_WORDS, text, 0)
    for mark in _delimiters(text if phases else text[:words]):
        first = mark + 1
        if first + 4 <= len(text) and (first <= words or first % 4 in phases):
            found.setdefault(first % 4, first)
    for phase in phases:
        found.setdefault(phase, phase)
    return list(found.values())


def _delimiters(text: bytes) -> list[int]:
    return [match.start() for match in _DELIMITER.finditer(text)]
