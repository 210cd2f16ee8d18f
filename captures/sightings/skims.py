r"""Stretches that look encoded, whatever they hold: what a skim over a layer finds beside the values' own hints.

======================================  ================================================================================
looks like                              is taken for
======================================  ================================================================================
four base64 groups of ASCII             base64 of text, or of another encoding: in each group of four digits the three
                                        bits that are the top bits of bytes are clear; one random group in eight
base64 digits that mix cases and        base64 of a digest, or of a few bytes that hold one; of 24 random bytes in a row
numbers as no name does                 one text in 600 does not
`LONG` base64 digits                    base64 of anything; names and tokens are shorter
two lines of 60 base64 digits or more   base64 in lines (RFC 2045, section 6.8), unless they are lines of hex digits
two base32 groups of ASCII              base32, likewise; one random group in 32
16 base32 digits or more                base32 of anything; few words and numbers are like that
ten hex pairs 20 to 7f                  hex of text; one random pair in two and a half
`LONGER` hex digits                     hex of anything; the digests most used are shorter
six ASCII characters with zeros         UTF-16
an escape of a letter or digit          percent, JSON, HTML or quoted-printable written by somebody who hides something:
                                        no encoder needs to escape those
three escaped marks that mask, escaped  percent
escapes of HTML or quoted-printable
an escape of what is no UTF-8          percent of binary
percent and ``\/``                      JSON round percent
20 base64 digits round ``\/``, ``%2F``  base64 in a JSON string or in a form
======================================  ================================================================================

Each stretch is reported once and passed over, so that long ones cost no more than short ones. Where one may begin an
automaton says (`ahead`); traffic without twelve digits in a row, such as media, costs a glance.
"""

from __future__ import annotations

import re
import string
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cached_property
from itertools import permutations
from typing import NamedTuple

from captures.sightings.ahead import Ahead, Search, long, short
from captures.sightings.escapes import JSON_ROW, URI_ROW, UTF16_ROW
from captures.sightings.hints import headless
from captures.sightings.layers import Span
from captures.sightings.markup import ENTITY_ROW, QUOTED_ROW
from captures.sightings.reasons import LENGTH, LOOK, Reason
from captures.sightings.runs import BASE32, BASE64, HEX, LINE, Alphabet, wrapped_end
from captures.sightings.scanner import Expression, Hit, Skim, presence, skimmer

LONG = 96
"""Base64 digits that are decoded unasked; a signature of 64 bytes has 86."""
LONGER = 67
"""Hex digits that are decoded unasked; SHA-256 has 64, or 66 behind ``%22``."""

_WINDOW = 1 << 15  # bytes that are asked together whether they have rows of digits
_ROUNDS, _DENSE = 16, 256  # so many texts in a row, so many bytes apart: there the expressions alone are faster …
_ALONE = 1 << 14  # … and asked for so many bytes
_WIDEST = 256  # bytes; longer than what any expression of digits here matches

_D = rb"[A-Za-z0-9+/_-]"
_X = rb"[0-9a-fA-F]"
_ASCII_GROUP = rb"[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589+-]" + _D
_ASCII_OCTET = rb"[A-P][ABEFIJMNQRUVYZ45][A-Z2-7][A-HQ-X][ACEGIKMOQSUWY246][A-Z2-7][A-DI-LQ-TYZ23][A-Z2-7]"
_OTHER = rb"[0-9]"
_MIXED = b"|".join(  # three digits in a row that names, numbers, UUIDs and hexadecimals have no use for
    (
        *(b"".join(one) for one in permutations((rb"[A-Z]", rb"[a-z]", _OTHER))),
        *(rb"[A-Z][a-z][A-Z]", rb"[a-z][A-Z]{2}[a-z]", _OTHER + rb"[A-Z]" + _OTHER),
        *(rb"[g-z]" + _OTHER + rb"[a-z]", rb"[a-z]" + _OTHER + rb"[g-z]"),
        *(rb"[G-Z]" + _OTHER + rb"[A-Z]", rb"[A-Z]" + _OTHER + rb"[G-Z]"),
    )
)
_ALNUM = rb"(?:3[0-9]|[46][1-9a-f]|[57][0-9a])"  # ASCII letters and digits, in hex digits
_NO_TEXT = rb"(?:0[0-8bcef]|1[0-9a-f]|7f|c[01]|f[5-9a-f])"  # control characters, and bytes that UTF-8 does without
_WORD = Alphabet(string.ascii_letters.encode() + string.digits.encode() + b"+_-")
_IS_DIGIT = bytes(120 if re.match(_D, bytes([byte])) else 32 for byte in range(256))
_ROW = b"x" * 12
"""What stands in the translation of a stretch that has looks of digits."""
_HEX_LINES = Alphabet(b"0123456789abcdefABCDEF\r\n")

_End = Callable[[bytes, int, int], int]
"""Where a stretch ends that matched at *start* to *end*."""


class _Look(NamedTuple):
    """One row of the table above."""

    expression: Expression
    decoders: tuple[str, ...]
    strength: int
    end: _End


def _row(expression: re.Pattern[bytes]) -> _End:
    def end(data: bytes, start: int, stop: int) -> int:
        match = expression.match(data, start)
        return max(stop, match.end() if match else stop)

    return end


def _base64_end(data: bytes, start: int, stop: int) -> int:
    return max(stop, BASE64.on(data, start))


def _base32_end(data: bytes, start: int, stop: int) -> int:
    return max(stop, BASE32.on(data, start))


def _hex_end(data: bytes, start: int, stop: int) -> int:
    return max(stop, HEX.on(data, start))


def _lines_end(data: bytes, start: int, stop: int) -> int:
    return max(stop, wrapped_end(data, BASE64.on(data, start)))


def _word_end(data: bytes, _start: int, stop: int) -> int:
    return _WORD.on(data, stop)


_BASE64 = (
    _Look(
        Expression(rb"(?:" + _ASCII_GROUP + rb"){3}" + _ASCII_GROUP.removesuffix(_D), 15),
        ("base64",),
        LOOK,
        _base64_end,
    ),
    _Look(Expression(_D + rb"{6}(?:" + _MIXED + rb")", 9), ("base64",), LENGTH, _base64_end),
    _Look(Expression(_D + rb"{%d}" % LONG, LONG), ("base64",), LENGTH, _base64_end),
    _Look(Expression(_D + rb"{60}\r?\n" + _D + rb"{4}", 10), ("base64",), LENGTH, _lines_end),
)
_BASE32 = (
    _Look(Expression(rb"(?:" + _ASCII_OCTET + rb"){2}", 16), ("base32",), LOOK, _base32_end),
    _Look(Expression(rb"[A-Z2-7]{20}", 20), ("base32",), LENGTH, _base32_end),
    _Look(Expression(rb"(?:^|[^0-9A-Za-z])[A-Z2-7]{16}", 16), ("base32",), LENGTH, _base32_end),
)
_HEX = (
    _Look(Expression(rb"(?:[2-7]" + _X + rb"){10}", 20), ("hex",), LOOK, _hex_end),
    _Look(Expression(rb"(?:[2-7]" + _X + rb"00){4}", 16), ("hex",), LOOK, _hex_end),
    _Look(Expression(_X + rb"{%d}" % LONGER, LONGER), ("hex",), LENGTH, _hex_end),
)
_UTF16 = (_Look(Expression(rb"(?:[\x20-\x7e\t\r\n]\x00){6}", 12), ("utf-16",), LOOK, _row(UTF16_ROW)),)
_SLASHES = (
    _Look(
        Expression(rb"%[0-9a-f]{2}[0-9A-Za-z_.~%-]{0,20}\\{1,7}/", 4, caseless=True), ("json",), LOOK, _row(JSON_ROW)
    ),
)
_ESCAPES = (
    _Look(Expression(rb"%(?:25){0,4}" + _ALNUM, 3, caseless=True), ("percent",), LOOK, _row(URI_ROW)),
    _Look(Expression(rb"%(?:25){0,4}" + _NO_TEXT, 3, caseless=True), ("percent",), LOOK, _row(URI_ROW)),
    _Look(
        Expression(rb"[0-9A-Za-z_.~-]%(?:25){0,4}[89ab][0-9a-f]", 3, caseless=True), ("percent",), LOOK, _row(URI_ROW)
    ),
    _Look(
        Expression(rb"%(?:25){0,4}[c-f][0-9a-f][0-9A-Za-z_.~-]", 4, caseless=True), ("percent",), LOOK, _row(URI_ROW)
    ),
    _Look(Expression(_D + rb"{20}%(?:25){0,4}2[bfBF]" + _D + rb"{20}", 23), ("percent",), LOOK, _row(URI_ROW)),
    _Look(Expression(_D + rb"{60}%0[aAdD]", 3), ("percent",), LOOK, _row(URI_ROW)),
    _Look(Expression(rb"(?:%(?:25){0,4}(?:2a|23)){3}", 9, caseless=True), ("percent",), LOOK, _row(URI_ROW)),
    _Look(
        Expression(rb"%(?:25){0,4}23x?[0-9a-f]{2,7}%(?:25){0,4}3b", 8, caseless=True), ("percent",), LOOK, _row(URI_ROW)
    ),
    _Look(Expression(rb"(?:%(?:25){0,4}3d[0-9a-f]{2}){2}", 10, caseless=True), ("percent",), LOOK, _row(URI_ROW)),
    _Look(Expression(rb"\\u00" + _ALNUM, 6, caseless=True), ("json",), LOOK, _row(JSON_ROW)),
    _Look(Expression(rb"5cu00" + _ALNUM, 7, caseless=True), ("percent",), LOOK, _row(URI_ROW)),
    _Look(Expression(rb"(?:[!-~]\\u0000){4}", 6), ("json",), LOOK, _row(JSON_ROW)),
    _Look(Expression(_D + rb"{20}\\/" + _D + rb"{20}", 22), ("json",), LOOK, _row(JSON_ROW)),
    _Look(Expression(_D + rb"{60}\\[rn]", 2), ("json",), LOOK, _row(JSON_ROW)),
    _Look(Expression(rb"&(?:amp;){0,4}#x?[0-9a-f]{2,7};", 3, caseless=True), ("html",), LOOK, _row(ENTITY_ROW)),
    _Look(Expression(rb"=[0-9A-F]{2}=[0-9A-F]{2}", 6), ("quoted-printable",), LOOK, _row(QUOTED_ROW)),
    _Look(Expression(rb"=\r?\n[!-~]", 2), ("quoted-printable",), LOOK, _row(QUOTED_ROW)),
)


_HEADLESS = {
    decoder: tuple(_Look(expression, (decoder,), LENGTH, _word_end) for expression, of in headless() if of == decoder)
    for decoder in ("base64", "hex")
}


class _Group:
    """Looks that are skimmed for together, each stretch for the first that it has."""

    def __init__(self, looks: Sequence[_Look]) -> None:
        self._looks = looks
        self.expressions = [look.expression for look in looks]

    @cached_property
    def skim(self) -> Skim:
        """The hit that ends first, of all these looks."""
        return skimmer(self.expressions)

    def reasons(self, data: bytes, at: int, stop: int) -> Generator[tuple[str, Reason], None, int]:
        """Those between two offsets, a stretch once; gives where the last one ends."""
        while hit := self.skim(data, at, stop):
            at = yield from self.told(data, hit)
        return at

    def told(self, data: bytes, hit: Hit) -> Generator[tuple[str, Reason], None, int]:
        """The reasons that a stretch gives; gives where it ends."""
        look = self._looks[hit.needle]
        end = look.end(data, hit.start, hit.end)
        if look.end is _lines_end and (lines := _hex_lines(data, hit.start)):
            return max(end, lines)
        for decoder in look.decoders:
            yield decoder, Reason(hit.start, hit.end, look.strength)
        return end


_ESCAPED = (_ESCAPES, _SLASHES, _UTF16)
_IN_ONE_ROW = (_HEADLESS["base64"], _BASE32, _HEX, _HEADLESS["hex"])
"""Looks of digits that never go on in another row; the digits of all of them are of base64 as well."""
_LONG_ROW = Expression(_D + rb"{60}", 60)
_LONG_LOOKS = {_BASE64[2].expression: LONG, _BASE64[3].expression: LINE + 6, _HEX[2].expression: LONGER}
"""Looks that are told by their length, with that of what they match."""


class Skimmer:
    """Looks for everything that is worth decoding for its looks. It belongs to one thread at a time."""

    def __init__(self) -> None:
        self._escaped = [_Group(looks) for looks in _ESCAPED]
        self._base64 = _Group(_BASE64)
        self._in_one_row = [_Group(looks) for looks in _IN_ONE_ROW]
        self._has_long_row = presence([_LONG_ROW])
        others = [each for group in self._in_one_row for each in group.expressions]
        self._long = {expression: long(expression, length) for expression, length in _LONG_LOOKS.items()}
        self._searches = self._searched([*self._base64.expressions, *others])
        self._searches_of_others = self._searched(others)

    def _searched(self, looks: Sequence[Expression]) -> list[Search]:
        return [
            short([each for each in looks if each not in self._long]),
            *(self._long[each] for each in looks if each in self._long),
        ]

    def reasons(self, data: bytes) -> Iterator[tuple[str, Reason]]:
        """Decoders that have a reason to look into *data*, each with the reason."""
        for group in self._escaped:
            yield from group.reasons(data, 0, len(data))
        for low, high in self._with_rows(data):
            yield from self._of_digits(data, low, high)

    def of_digits_alone(self, data: bytes) -> Iterator[tuple[str, Reason]]:
        """Those of digits by the expressions alone, which takes three times as long: `reasons` tells the same."""
        for low, high in self._with_rows(data):
            for group in (self._base64, *self._in_one_row):
                yield from group.reasons(data, low, high)

    def _with_rows(self, data: bytes) -> Iterator[Span]:
        """Stretches of *data* beyond which there are no rows of digits; media and ciphertext have few."""
        begin: int | None = None
        for start in range(0, len(data), _WINDOW):
            if _ROW in data[start : start + _WINDOW + _WIDEST].translate(_IS_DIGIT):
                begin = start if begin is None else begin
            elif begin is not None:
                yield begin, min(len(data), start + _WIDEST)
                begin = None
        if begin is not None:
            yield begin, len(data)

    def _of_digits(self, data: bytes, at: int, stop: int) -> Iterator[tuple[str, Reason]]:
        """Those between two offsets, row by row; only what is base64 in lines goes on in the next one."""
        searches = len(self._searches) if self._has_long_row(memoryview(data)[at:stop]) else 1
        ahead = Ahead(self._searches[:searches], data, stop)
        done = at  # of those that are in one row
        recent = deque([-_ROUNDS * _DENSE], maxlen=_ROUNDS)
        while (place := ahead.next(at)) < stop:
            told = place
            if place - recent[0] < _ROUNDS * _DENSE and len(recent) == _ROUNDS:
                high = min(stop, BASE64.on(data, place + _ALONE))
                told = yield from self._base64.reasons(data, place, min(stop, high + _WIDEST))
                for group in self._in_one_row:
                    yield from group.reasons(data, done, high)
                at = done = max(done, high)
            else:
                if hit := self._base64.skim(data, place, min(stop, place + _WIDEST)):
                    told = yield from self._base64.told(data, hit)
                at = done = yield from self._in_row(data, done, place, stop)
            recent.append(place)
            if done < told:
                beside = Ahead(self._searches_of_others, data, min(told, stop))
                while (place := beside.next(done)) < min(told, stop):
                    done = yield from self._in_row(data, done, place, stop)
                if told < stop:
                    done = yield from self._in_row(data, done, told, stop)  # which may be within a row
                at = told

    def _in_row(self, data: bytes, done: int, place: int, stop: int) -> Generator[tuple[str, Reason], None, int]:
        """Those that never leave the row of *place*, or right behind it, unless that is *done*; gives where it ends."""
        low, high = max(done, BASE64.back(data, place) - 1), min(stop, BASE64.on(data, place + 1))
        if high - low > LONGER or self._searches_of_others[0](data, low, high) < high:
            for group in self._in_one_row:
                yield from group.reasons(data, low, high)
        return max(done, high)


def _hex_lines(data: bytes, at: int) -> int:
    """Where the lines of hex digits end that *at* stands in; 0 when it does not."""
    start, end = HEX.row(data, at)
    return max(end, data.rfind(b"\n", end, _HEX_LINES.on(data, end)) + 1) if end - start >= 60 else 0
