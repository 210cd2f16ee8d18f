"""What a recogniser is, and how the field names that give company are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


class Told(NamedTuple):
    """A value that a check believes."""

    value: str = ""
    """As it is compared and told; digits and letters without separators where the item has them."""
    remark: str | None = None
    """What else is known of it: ``check digit wrong``, ``private``."""


Check = Callable[[str], Told | None]
"""Reads the text of a value; None when it is no value of the item."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognised:
    """A value with the shape of an item, and where it stands."""

    item: str
    value: str = field(repr=False)
    start: int
    end: int
    remark: str | None = None


@dataclass(frozen=True, eq=False)
class Recogniser:
    """One shape of one item."""

    item: str
    value: bytes
    """An expression in what `re` and hyperscan have in common, that has one place at which it ends to match."""
    check: Check
    source: str
    """Standard and section, for people."""
    names: str = ""
    """Names of fields, one of which must stand right before the value; none for a value that speaks for itself."""
    before: bytes = rb"(?:^|[^0-9A-Za-z])"
    """What stands before a value without a name: no letter or digit; underscores and dashes join words in names."""
    more: bytes = b""
    """What the value may go on with, behind its expression (a number's other decimals)."""
    after: bytes = rb"(?![0-9A-Za-z])"
    """What the value must not go on with."""
    apart: tuple[bytes, ...] = ()
    """The same as *value*, in expressions that are quicker to look for one by one: each has a text that stands in every
    match. None when it is as quick as it stands."""
    gate: bytes = b""
    """What every value has, and is much cheaper to look for than a value without a name (`Expression.gate`)."""
    among_text: bool = False
    """Whether it counts in text alone: a short name and a digit are soon found in random bytes."""
    encoding: str = "utf-8"
    joined: bool = False
    """Whether the value follows its name with nothing between, as numbers in binary do."""
    once: bool = False
    """Whether the first of a layer stands for all: a track is one thing, however many points it has."""

    @cached_property
    def expressions(self) -> tuple[bytes, ...]:
        """What the search looks for: each ends where the value does, or where what more it has begins."""
        between = b"" if self.joined else BETWEEN
        head = _named(self.names) + between if self.names else self.before
        return tuple(head + rb"(?:" + value + rb")" for value in self.apart or (self.value,))

    def span(self, data: bytes, end: int, low: int, high: int) -> tuple[int, int] | None:
        """The value whose expression ended at *end*, in the text from *low* to *high*."""
        begun = self._backwards.search(data, max(low, end - LONGEST), end)
        if begun is None:
            return None
        ended = self._forwards.match(data, end, high)
        return (begun.start(), ended.end()) if ended else None

    @cached_property
    def _backwards(self) -> re.Pattern[bytes]:
        # what stands before was seen by the search; here it only keeps a value from being cut
        alone = rb"(?<![0-9A-Za-z])" if (self.before or self.names) and not self.joined else b""
        return re.compile(alone + rb"(?:" + self.value + rb")\Z")

    @cached_property
    def _forwards(self) -> re.Pattern[bytes]:
        return re.compile(self.more + self.after)


LONGEST = 160
"""Bytes of the longest value."""
BETWEEN = rb"[^0-9A-Za-z]+"
"""What may stand between a field's name and its value: the marks of JSON, forms, headers, XML and CSV, the empty line
of multipart/form-data, the types and lengths of MessagePack and BSON. Bounded repeats take ten times as long to
compile."""
_ENDING = rb"(?i:[_-]?(?:no|num|number|id|code|str|value|[0-9]))*"


def _named(names: str) -> bytes:
    """What stands before the value of a field of one of *names*.

    A name in ASCII stands at the beginning of a word: ``vin``, ``car_vin``, ``carVin``, ``VIN``, and not ``divin``.
    """
    words = [_word(name) if name.isascii() else re.escape(name.encode()) for name in names.split()]
    return rb"(?:" + rb"|".join(words) + rb")" + _ENDING


def _word(name: str) -> bytes:
    first, *others = name.split("_")
    rest = rb"[_.-]?".join([first[1:].encode(), *(other.encode() for other in others)])
    initial = name[:1].encode()
    return rb"(?:^|[^A-Za-z])(?i:" + initial + rest + rb")|[a-z0-9]" + initial.upper() + rb"(?i:" + rest + rb")"
