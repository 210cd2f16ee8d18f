r"""Runs of base64 and hex digits inside other text: where they begin and end, and how they decode.

Only a run with a *reason* in it is taken (see `hints` and `skims`), so words, UUIDs, digests and tokens cost nothing.

A run that continues in another encoding (``…%3D``, ``…\\/…``) is left to the layer in which that encoding is undone:
what stands here is a fragment. It is a reason to undo it.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from captures.sightings.layers import Span
from captures.sightings.lengths import TEXT, behind_length, ends_length, in_text
from captures.sightings.reasons import LENGTH, LOOK, VALUE, Reason

_DELIMITERS = b"+/-_"
_BASE64 = (string.ascii_letters + string.digits).encode() + _DELIMITERS
_BASE32 = (string.ascii_uppercase + "234567").encode()
_HEX = string.hexdigits.encode()
REACH = 1024  # how far into a run a delimiter may stand and still be taken for its beginning
_SHORT = 64  # runs up to this length are gathered by their text: names and tokens come again and again
_WINDOW = 64  # how far the end of a run is looked for at first
_SHORTEST = 4  # digits

_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_WRAPPED = re.compile(rb"(?:\r?\n[A-Za-z0-9+/]{1,76}(?=[\s\"'<,;}\]=]|\Z))+={0,2}")
_LAST_LINE = re.compile(rb"\r?\n(?P<digits>[A-Za-z0-9+/]{1,76})(?P<padding>={1,2}(?!=)|(?![A-Za-z0-9+=,:(_-]))")
LINE, _LONGEST_LINE = 60, 76  # lines of wrapped base64 are 64 (RFC 7468) or 76 (RFC 2045) digits long
_PADDING = re.compile(rb"={0,6}")
_PAIR = re.compile(rb"%(?:25)*(?P<pair>[0-9A-Fa-f]{2})")
_BREAKS = frozenset((b"0A", b"0a", b"0D", b"0d"))
_ESCAPE = re.compile(rb"\\(?:u00(?P<hex>[0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}|(?P<char>[bfnrt/]))")  # RFC 8259, section 7
_SLASHED = rb"(?:\\|%(?:25)*5[Cc])+"  # a backslash, escaped or not
_ON = re.compile(_SLASHED + rb"(?:u00(?P<hex>[0-9A-Fa-f]{2})|(?P<char>/)|(?:%(?:25)*2[Ff]))")
_BREAK = re.compile(rb"(?:%(?:25)*0[Dd])?%(?:25)*0[Aa]|(?:" + _SLASHED + rb"r)?" + _SLASHED + rb"n")
_PERCENT, _BACKSLASH, _EQUALS, _U = b"%\\=u"
_DEEPER = (b"5C", b"5c")  # a backslash in percent
_QUOTED_PADDING = re.compile(rb"=3D(?:=3D)?(?![A-Za-z0-9+/=])")
PATH = re.compile(rb"/(?:[a-z0-9_-]{1,40}/){2,8}+")
_WORD = 40
_TAIL = re.compile(rb"(?:/[a-z][a-z0-9_-]{1,38})+\Z")
_PHASES = frozenset(range(4))


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
            if high < padded and _QUOTED_PADDING.match(data, high):
                broken.append(("quoted-printable", Reason(high, high + 1, LOOK)))
                continue
            start, end = self._own(data, low, padded)
            if end - start < _SHORTEST or (strength < VALUE and self._is_dull(data, start, end)):
                continue
            ends = {end}
            if not in_text(data, start):
                lines = (end - width for width in (64, 76) if self._wrapped and end - width >= start)
                ends.update(lines_end(data, first, end) for first in lines)
                start = behind_length(data, start, ends)
            shifted = {(phase - start + low) % 4 for phase in phases}
            if start and data[start - 1] not in TEXT:
                shifted |= _PHASES  # in binary a neighbour may look like a digit
            elif start and data[start] in {each - start - 1 for each in ends}:
                shifted.add(1)  # so may its length
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
            elif reason.strength == LOOK and reason.start - row[0] < REACH:
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
        if start and data[start - 1] in (_PERCENT, _BACKSLASH, _U) and not ends_length(data, start, end - start):
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
        if self._is_break(data, end, before=False):
            return True
        if escape := _ON.match(data, end):
            return b"/" in self._digits if escape["hex"] is None else escape["hex"] in self._beyond
        match = _PAIR.match(data, end)
        return bool(match and match["pair"] in self._beyond)

    def _is_slash(self, escape: re.Match[bytes]) -> bool:
        return escape["char"] == b"/" and b"/" in self._digits

    def _is_break(self, data: bytes, at: int, *, before: bool) -> bool:
        """Whether an escaped line break stands at *at*, between a whole line of digits and more of them."""
        if not self._wrapped or not (match := _BREAK.match(data, at)):
            return False
        goes_on = before or data[match.end() : match.end() + 1] in self._digits
        return goes_on and at >= LINE and not data[at - LINE : at].removesuffix(b"\\r").strip(self._digits)


BASE64 = Alphabet(_BASE64, padding=b"=", wrapped=True)
BASE32 = Alphabet(_BASE32, padding=b"=")
HEX = Alphabet(_HEX)


def wrapped_end(data: bytes, at: int) -> int:
    """Where a base64 text ends whose first line ends at *at*."""
    return _end(_WRAPPED, data, at)


def lines_end(data: bytes, start: int, at: int) -> int:
    """Where a base64 text ends whose first line goes from *start* to *at*: more lines as long, and a shorter last."""
    if not LINE <= at - start <= _LONGEST_LINE or data[at - 1] == _EQUALS or data[at : at + 1] not in (b"\r", b"\n"):
        return at
    end = _end(_full_lines(at - start), data, at)
    last = _LAST_LINE.match(data, end)
    if not last or len(last["digits"]) >= at - start:
        return end
    digits, padding = len(last["digits"]), len(last["padding"])
    if digits % 4 != 1 and (not padding or (digits + padding) % 4 == 0):
        return last.end()
    tail = _TAIL.search(last["digits"])  # the rest of a path that the text stands in
    return last.start("digits") + tail.start() if tail and tail.start() % 4 != 1 else end


def without_path(data: bytes, start: int, end: int) -> Span:
    """What stands in a path from *start* to *end*, when several words do before it (``/v1/upload/TFNW…/done``)."""
    path = PATH.match(data, start, end)
    if not path:
        return start, end
    tail = _TAIL.search(data[max(path.end(), end - _WORD) : end])
    return path.end(), end - len(tail[0]) if tail else end


@lru_cache(64)
def _full_lines(width: int) -> re.Pattern[bytes]:
    return re.compile(rb"(?:\r?\n[A-Za-z0-9+/]{%d}(?![A-Za-z0-9+/=]))*+" % width)


def _end(expression: re.Pattern[bytes], data: bytes, at: int) -> int:
    match = expression.match(data, at)
    return match.end() if match else at
