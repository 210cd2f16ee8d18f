"""Forwards: an identity, and the byte patterns that it can take.

A *form* is a one-way change: ``plain`` (none), ``md5`` and its like (`digests`), ``md5 salted``, ``hmac-md5``,
``md5 truncated``, ``truncated`` and ``masked`` (`partial`). A reversible writing stays ``plain`` and is a link of the
chain: ``utf-16``, ``gbk``, ``reversed``, ``bcd`` and its like (`packed`). A new way to write an item is a row of
`GROUPS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from captures.sightings.digests import CUT, DIGESTS, SALTS, cuts, keyed, salted
from captures.sightings.information import Guard, guard_for, is_poor, word_in
from captures.sightings.layers import Span
from captures.sightings.packed import packed
from captures.sightings.partial import end_at, ends, mask_at, masks
from captures.sightings.scanner import Needle, Wanted
from telltale.identity import Identity
from telltale.items import taxonomy

Extent = Callable[[bytes, Span, Span], Span | None]
"""``extent(data, hit, piece)``: all that stands there of what the pattern is a part of; None when it is not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """What gives an identity away."""

    wanted: Wanted
    identity: Identity
    form: str
    chain: tuple[str, ...] = ()
    """Reversible links that the literal itself is written in (``("utf-16",)``)."""
    guard: Guard | None = None
    """The company that a hit needs (`captures.sightings.information`)."""
    extent: Extent | None = None
    """How far what was hit goes; None when the hit is all of it."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How people and programs group the characters of an item."""

    sizes: tuple[int, ...]
    separators: tuple[str, ...]

    def spell(self, value: str) -> Iterator[str]:
        """*value* with every separator; nothing when it has another length than the groups."""
        bare = re.sub("[" + re.escape("".join(self.separators)) + "]", "", value)
        ends = list(accumulate(self.sizes))
        if ends[-2] < len(bare) <= ends[-1]:
            groups = [bare[end - size : end] for size, end in zip(self.sizes, ends, strict=True)]
            yield from (separator.join(groups) for separator in self.separators)


_MAC = Grouping((2, 2, 2, 2, 2, 2), ("", ":", "-"))  # IEEE 802-2014, 8.1: hexadecimal with hyphens; colons are usual
_UUID = Grouping((8, 4, 4, 4, 12), ("", "-"))  # RFC 9562, section 4

GROUPS: Mapping[str, Grouping] = {
    "mac_address": _MAC,
    "bluetooth_mac": _MAC,
    "wifi_bssid": _MAC,
    "device_id": _UUID,
    "oaid": _UUID,
    "phone_number": Grouping((3, 4, 4), ("", " ", "-")),  # mainland China, as it is read aloud
    "iccid": Grouping((4, 4, 4, 4, 4), ("", " ")),  # 19 or 20 digits, as printed on the card (ITU-T E.118)
    "licence_plate": Grouping((2, 6), ("", "·", " ", "-")),  # GA 36: province and office, then five or six characters
}
"""Items that are written with and without separators."""


_WIDE = {"utf-16-le": "utf-16", "utf-16-be": "utf-16", "gbk": "gbk", "gb18030": "gbk"}
"""Links of Chinese in other codes; GB 18030 holds every character."""
_CHINESE = 3  # characters, at six bytes of other codes not to be taken for chance


def spellings(identity: Identity) -> tuple[str, ...]:
    """The ways to write a text identity, its own first: letter case aside, separators as the item admits."""
    if not isinstance(identity.value, str):
        return ()
    grouping = GROUPS.get(identity.item)
    return tuple(dict.fromkeys([identity.value, *(grouping.spell(identity.value) if grouping else ())]))


def patterns(identity: Identity, others: Iterable[Identity] = (), keys: Sequence[bytes] = ()) -> Iterator[Pattern]:
    """Every byte pattern of a text identity; positions and media have none here (`positions`, `media`).

    Words are looked for as they stand, in every encoding.

    :param others: values that may be the salt of its digests
    :param keys: keys that it may be hashed with
    """
    if not isinstance(identity.value, str):
        return
    for text in spellings(identity):
        yield from _plain(identity, text)
    if taxonomy()[identity.item].kind == "words":
        return  # nobody hashes or masks what people write
    yield from _partial(identity, identity.value)
    cases = sorted({case for text in spellings(identity) for case in (text, text.lower(), text.upper())})
    for form, digest in DIGESTS.items():
        for text in cases:
            yield from _digest(identity, form, digest(text.encode()))
    more = {*keyed(cases, keys), *_salted(identity, others)}
    for form, data in sorted(more):
        beginning = Needle(data[:CUT], caseless=False)
        yield Pattern(wanted=beginning, identity=identity, form=form, extent=partial(_whole_at, data))


def _digest(identity: Identity, form: str, digest: bytes) -> Iterator[Pattern]:
    for start, data in cuts(form, digest):
        cut = partial(Pattern, wanted=Needle(data, caseless=False), identity=identity)
        if start == 0:
            yield cut(form=form, extent=partial(_whole_at, digest))
        yield cut(form=f"{form} truncated", extent=partial(_cut_at, digest, start))


def _whole_at(digest: bytes, data: bytes, found: Span, within: Span) -> Span | None:
    """A *digest* of which the beginning was found."""
    end = found[0] + len(digest)
    return (found[0], end) if end <= within[1] and data.startswith(digest, found[0]) else None


def _cut_at(digest: bytes, at: int, data: bytes, found: Span, within: Span) -> Span | None:
    """All that stands there of a *digest* of which the bytes from *at* on were found; None when it is whole."""
    start, end = found
    first, last = at, at + end - start
    while first > 0 and start > within[0] and data[start - 1] == digest[first - 1]:
        first, start = first - 1, start - 1
    while last < len(digest) and end < within[1] and data[end] == digest[last]:
        last, end = last + 1, end + 1
    return (start, end) if last - first < len(digest) else None


def _salted(identity: Identity, others: Iterable[Identity]) -> Iterator[tuple[str, bytes]]:
    """Digests of an identity's own writing with that of another, on either side.

    One of the two is an identifier of the `SALTS`, and so the salt; of two such identifiers it is the second.
    """
    for other in others:
        if isinstance(other.value, str) and isinstance(identity.value, str) and other.item in SALTS - {identity.item}:
            yield from salted(identity.value, other.value, after=True)
            if identity.item not in SALTS:
                yield from salted(identity.value, other.value, after=False)


def _partial(identity: Identity, text: str) -> Iterator[Pattern]:
    value = text.encode()
    for needle, last in ends(identity.item, text):
        extent = partial(end_at, value, last=last)
        yield Pattern(wanted=needle, identity=identity, form="truncated", extent=extent)
    for expression, most in masks(identity.item, text):
        extent = partial(mask_at, value, most=most)
        yield Pattern(wanted=expression, identity=identity, form="masked", extent=extent)


def _plain(identity: Identity, text: str) -> Iterator[Pattern]:
    plain = partial(Pattern, identity=identity, form="plain")
    guard = guard_for(identity.item, text)
    yield plain(wanted=Needle(text.encode(), caseless=True), guard=guard)
    if " " in text:  # application/x-www-form-urlencoded writes a space as +, WHATWG URL section 5.2
        yield plain(wanted=Needle(text.replace(" ", "+").encode(), caseless=True), guard=guard, chain=("percent",))
    if not text.isascii() and len(text) >= _CHINESE:
        for data, code in {text.encode(code, "replace"): code for code in _WIDE}.items():
            alone = word_in(code) if is_poor(text) else None
            yield plain(wanted=Needle(data, caseless=False), chain=(_WIDE[code],), guard=alone)
    if is_poor(text):
        return
    if text.isascii() and text.lower() != text[::-1].lower():
        yield plain(wanted=Needle(text[::-1].encode(), caseless=True), guard=guard, chain=("reversed",))
    for link, data in dict.fromkeys(packed(text)):
        yield plain(wanted=Needle(data, caseless=False), chain=(link,))
