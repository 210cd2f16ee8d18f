"""Values that left with a part missing: cut, or with their middle masked (``138****8000``).

Both count only as a whole token in text: a longer number that happens to begin or end alike is another number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from captures.sightings.information import is_token
from captures.sightings.layers import Span
from captures.sightings.scanner import Expression, Needle

SHORTEST = 8
"""Characters of a value that is cut."""
_SHOWN = 6  # characters that a masked value still shows, at least
_MASK = rb"(?:[*xX#]|\xe2\x80\xa2|\xe2\x97\x8f|\xef\xbc\x8a)"  # and bullet, black circle, wide asterisk
_FEWEST, _MOST = 2, 6  # characters that stand behind the mask
_MASK_ENDS = Expression(_MASK + rb"{3}[ -\"$-)+-~]", 1)
_MASKED = re.compile(rb"(?P<head>[^\s*#\"'=,;:<>&]{1,24}?)(?P<mask>" + _MASK + rb"{3,24})\Z")

ENDS: Mapping[str, tuple[bool, bool]] = {
    "vin": (False, True),  # what it begins with is the same for a whole model (ISO 3779)
    "imei": (False, True),  # type allocation code (3GPP TS 23.003, 6.2)
    "iccid": (False, True),  # issuer (ITU-T E.118)
    "imsi": (False, True),  # country and network (ITU-T E.212)
    "phone_number": (False, True),
    "id_card_number": (True, True),  # where and when somebody was born; then which of them (GB 11643)
    "device_id": (True, True),
    "oaid": (True, True),
    "android_id": (True, True),
}
"""Items that are told by their first or by their last characters."""


def ends(item: str, value: str) -> Iterator[tuple[Needle, bool]]:
    """The first or last characters of a value, as far as they tell it; and whether they are the last."""
    first, last = ENDS.get(item, (False, False))
    if len(value) <= SHORTEST or not value.isascii():
        return
    if first:
        yield Needle(value[:SHORTEST].encode(), caseless=True), False
    if last:
        yield Needle(value[-SHORTEST:].encode(), caseless=True), True


def end_at(value: bytes, data: bytes, found: Span, within: Span, *, last: bool) -> Span | None:
    """All that stands there of a *value* that is cut to its *last* characters or to its first; None when it is not."""
    (start, end), (low, high) = found, within
    value, longest = value.lower(), len(value)
    size = end - start
    while size < longest:
        if last and start > low and data[start - 1 : start].lower() == value[longest - size - 1 : longest - size]:
            start -= 1
        elif not last and end < high and data[end : end + 1].lower() == value[size : size + 1]:
            end += 1
        else:
            break
        size += 1
    return (start, end) if size < longest and is_token(data, start, end, low, high) else None


def masks(item: str, value: str) -> Iterator[tuple[Expression, int]]:
    """The end of a mask, and how many of a value's last characters may stand behind it, most of them.

    All values share the one expression: with its own last characters each would have a search slow down that meets
    them in every number.
    """
    most = min(_MOST, len(value) - SHORTEST + 5)
    if item in ENDS and value.isascii() and most >= _FEWEST:
        yield _MASK_ENDS, most


def mask_at(value: bytes, data: bytes, found: Span, within: Span, *, most: int) -> Span | None:
    """A masked *value*, given the character behind the mask; None when what stands there is not as long."""
    (tail, _), (low, high) = found, within
    behind = data[tail : min(high, tail + most)].lower()
    for shown in range(_FEWEST, most + 1):
        if behind[:shown] == value[-shown:].lower() and (span := _masked(value, data, (tail, tail + shown), low, high)):
            return span
    return None


def _masked(value: bytes, data: bytes, end: Span, low: int, high: int) -> Span | None:
    """The value of which the last characters stand at *end*, behind a mask."""
    tail, stop = end
    match = _MASKED.search(data, max(low, tail - 96), tail)
    if not match:
        return None
    head = match["head"].lower()
    hidden = len(match["mask"].decode())
    shown = len(head) + stop - tail
    if shown + hidden != len(value) or shown < _SHOWN or not value.lower().startswith(head):
        return None
    return (match.start(), stop) if is_token(data, match.start(), stop, low, high) else None
