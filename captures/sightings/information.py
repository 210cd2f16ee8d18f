"""The minimum information rule: which values can be told from chance, and what company the others need.

=========================================  ============================================================================
value                                      seen
=========================================  ============================================================================
fewer than 6 characters,                   poor: only as a whole token (bounded by what is no letter or digit) in
or digits only and fewer than 8            text, never raw inside binary; three Chinese characters or more are six
                                           bytes in GBK and UTF-16, and there also seen in binary
no letters and fewer than 11 digits,       not within a longer number (``10.0.0.2`` is not in ``110.0.0.23``); a
or an e-mail address                       ``li@a.cn`` not within ``ali@a.cn``; in binary, anywhere
everything else                            anywhere, also within a longer word
=========================================  ============================================================================

One-way digests and media are never poor. A poor number that stands as a token can still be chance (``60`` is seen in
every ``60``): choose identities of eight digits or more where the bench is free to choose.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

Guard = Callable[[bytes, int, int, int, int], bool]
"""``guard(data, start, end, low, high)``: whether a hit at *start* to *end* counts; nothing outside *low* to *high*
belongs to the same text."""

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGER_BEFORE = re.compile(rb"\d\.?\Z")
_ESCAPED = re.compile(rb"%(?:25){0,4}(?P<percent>[0-9A-Fa-f]{2})\Z|\\(?:u(?P<unit>[0-9A-Fa-f]{4})|(?P<char>[bfnrt]))\Z")
_REACH = 12
_LONGER_AFTER = re.compile(rb"\.?\d")
_UTF8 = codecs.getincrementaldecoder("utf-8")
_WINDOW = 24


def is_poor(value: str) -> bool:
    """Whether *value* carries too little information to be told from chance wherever it stands."""
    return len(value) < 6 or (value.isdecimal() and len(value) < 8)


def is_text(data: bytes) -> bool:
    """Whether *data* is UTF-8 without control characters; it may be cut inside its last character."""
    if _CONTROL.search(data):
        return False
    if data.isascii():
        return True
    try:
        _UTF8().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def stands_in_text(data: bytes, start: int, end: int, low: int, high: int) -> bool:
    """Whether the bytes round *start* to *end* are text."""
    first, last = max(low, start - _WINDOW), min(high, end + _WINDOW)
    while first < start and first > low and data[first] & 0xC0 == 0x80:
        first += 1  # the window may open inside a character
    return is_text(data[first:last])


def before(data: bytes, start: int, low: int) -> bytes:
    """Some bytes before *start*, of which the last character is no end of an escape: what that stands for is there."""
    near = data[max(low, start - _REACH) : start]
    escape = _ESCAPED.search(near)
    if not escape:
        return near
    if escape["percent"]:
        return near[: escape.start()] + bytes.fromhex(escape["percent"].decode())
    stands = chr(int(escape["unit"], 16)) if escape["unit"] else " "
    return near[: escape.start()] + stands.encode("utf-8", "replace")


def is_token(data: bytes, start: int, end: int, low: int, high: int) -> bool:
    """Whether a hit stands alone in text: no letter or digit of any script touches it."""
    return stands_in_text(data, start, end, low, high) and not _touches(data, start, end, low, high)


def is_word(data: bytes, start: int, end: int, low: int, high: int) -> bool:
    """Whether a hit is no piece of a longer word; in binary, where a length may look like one, every hit counts."""
    return not _touches(data, start, end, low, high) or not stands_in_text(data, start, end, low, high)


def word_in(code: str) -> Guard:
    """The guard of `is_word` for Chinese in another *code* than UTF-8, whose characters are two bytes long."""

    def is_word_there(data: bytes, start: int, end: int, low: int, high: int) -> bool:
        first = max(low + (start - low) % 2, start - _WINDOW)
        left, right = (
            piece.decode(code, "replace") for piece in (data[first:start], data[end : min(high, end + _WINDOW)])
        )
        touches = "\u4e00" <= left[-1:] <= "\u9fff" or "\u4e00" <= right[:1] <= "\u9fff"
        return not touches or bool(_CONTROL.search((left + right).encode("utf-8", "replace")))

    return is_word_there


def is_number(data: bytes, start: int, end: int, low: int, high: int) -> bool:
    """Whether a hit is no piece of a longer number; in binary every hit counts."""
    longer = _LONGER_BEFORE.search(before(data, start, low)[-2:]) or _LONGER_AFTER.match(data[end : min(high, end + 2)])
    return not longer or not stands_in_text(data, start, end, low, high)


def guard_for(item: str, value: str) -> Guard | None:
    """The company that *value* needs by the minimum information rule; None when it can stand anywhere."""
    if is_poor(value):
        return is_token
    if item == "email":
        return is_word
    if not any(character.isalpha() for character in value) and sum(map(str.isdecimal, value)) < 11:
        return is_number
    return None


def _touches(data: bytes, start: int, end: int, low: int, high: int) -> bool:
    left = before(data, start, low)[-4:]
    right = data[end : min(high, end + 4)].decode("utf-8", "ignore")[:1]
    return left.decode("utf-8", "ignore")[-1:].isalnum() or right.isalnum()
