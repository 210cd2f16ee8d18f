"""Forwards: an identity, and the byte patterns that it can take.

A *form* is a one-way change (``plain``, ``md5``, ``sha256``); a reversible spelling stays ``plain``. Digests are
looked for as raw bytes only: their hex or base64 text is undone by `captures.sightings.decoders` and becomes the
chain. A new form is a row of `DIGESTS`, a new way to write an item a row of `GROUPS`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from captures.sightings.information import Guard, guard_for, is_poor
from telltale.identity import Identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """A byte string that gives an identity away."""

    literal: bytes
    caseless: bool
    """Whether ASCII letters match in either case."""
    identity: Identity
    form: str
    chain: tuple[str, ...] = ()
    """Reversible links that the literal itself is written in (``("utf-16",)``)."""
    guard: Guard | None = None
    """The company that a hit needs (`captures.sightings.information`)."""


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

DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
}
"""One-way forms of a text, by name."""


def spellings(identity: Identity) -> tuple[str, ...]:
    """The ways to write a text identity, its own first: letter case aside, separators as the item admits."""
    if not isinstance(identity.value, str):
        return ()
    grouping = GROUPS.get(identity.item)
    return tuple(dict.fromkeys([identity.value, *(grouping.spell(identity.value) if grouping else ())]))


def patterns(identity: Identity) -> Iterator[Pattern]:
    """Every byte pattern of a text identity; positions and media have none here (`positions`, `media`)."""
    for text in spellings(identity):
        yield from _plain(identity, text)
    hashed = {case for text in spellings(identity) for case in (text, text.lower(), text.upper())}
    for form, digest in DIGESTS.items():
        for text in sorted(hashed):
            yield Pattern(literal=digest(text.encode()), caseless=False, identity=identity, form=form)


def _plain(identity: Identity, text: str) -> Iterator[Pattern]:
    plain = partial(Pattern, identity=identity, form="plain")
    guard = guard_for(identity.item, text)
    yield plain(literal=text.encode(), caseless=True, guard=guard)
    if " " in text:  # application/x-www-form-urlencoded writes a space as +, WHATWG URL section 5.2
        yield plain(literal=text.replace(" ", "+").encode(), caseless=True, guard=guard, chain=("percent",))
    # UTF-16 of plain ASCII is a decoder's work, which can tell the byte order from the run that it stands in
    if not text.isascii() and not is_poor(text):
        for order in ("utf-16-le", "utf-16-be"):
            yield plain(literal=text.encode(order), caseless=False, chain=("utf-16",))
