"""Layouts of binary messages as text: what stands where is written down as a table, and read by one reader.

A layout is a row of entries, separated by blanks:

name:type        a value; types are below; ``u16/10`` divides, ``s7|30`` is the type in an older and in a newer edition
name             a latitude and a longitude, four bytes each, in millionths of a degree
*u8(…)           a number, then so many times what is in the brackets; ``*(…)`` to the end; ``total:*u8(…)`` keeps it
[u16](…)         a number, then so many bytes which hold what stands in the brackets
?name&3(…)       only if the value read last under that name has one of the bits; ``=`` equals, ``!`` differs
new(…) old(…)    only in the newer or the older edition
{table}          type-length-value items, by a table of layouts
… // …           the second, where the first does not use up every byte

Types: ``u8 i8 u16 i16 u32 u64``; ``s20`` text in so many bytes, ``s`` to the end, ``t1`` behind its length in so many;
``x8`` bytes, ``x`` to the end, as hex; ``bcd6`` digits; ``time`` BCD year to second; ``mac`` an address of six bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import and_, eq, ne
from typing import NamedTuple

from telltale.transmission import Field

_ENTRY = re.compile(
    r"\s*(?:(?P<close>\))"
    r"|\?(?P<test>\w+)(?P<how>[&=!])(?P<bits>\d+)\("
    r"|(?P<kept>\w+(?=:\*))?:?\*(?P<count>u8|u16|u32)?\("
    r"|\[(?P<size>u8|u16|u32)\]\("
    r"|(?P<edition>new|old)\("
    r"|\{(?P<table>\w+)\}"
    r"|(?P<name>\w+)(?::(?P<type>[a-z]+)(?P<length>\d+)?(?:\|(?P<newer>\d+))?(?:/(?P<divisor>\d+))?)?)"
)
_INTEGERS = {"u8", "u16", "u32", "u64", "i8", "i16"}
_TESTS: Mapping[str, Callable[[int, int], object]] = {"&": and_, "=": eq, "!": ne}
_NO_ADDRESSES = frozenset({bytes(6), b"\xff" * 6, b"\x02" + bytes(5)})
"""Of MAC addresses: placeholders of terminals and of Android, which name nobody."""
_MOST_ITEMS = 4096
"""Fields of one message that are told; a report holds some dozens."""


class Ill(Exception):  # noqa: N818 - control flow of a reader and its alternatives
    """The bytes do not fit the layout."""


class Node(NamedTuple):
    """An entry."""

    kind: str
    """value, place, repeat, sized, test, new, old, table."""
    name: str = ""
    type: str = ""
    length: tuple[int | None, int | None] = (None, None)
    """Older and newer edition."""
    divisor: int = 1
    how: str = ""
    bits: int = 0
    inner: tuple[Node, ...] = ()


class Item(NamedTuple):
    """A row of a table of type-length-value items, and the layouts of its values by their type."""

    identifier: int
    """Bytes."""
    size: int
    name: str
    """Of an item with no layout, completed by its type in hex: ``extra`` gives ``extra_0xe4``."""
    layouts: Mapping[int, str]
    length_first: bool = False
    """The length stands in front of the type, and counts it."""
    numbers: bool = False
    """What has no layout is a number, not bytes."""


@lru_cache(maxsize=1024)
def compiled(text: str) -> tuple[tuple[Node, ...], ...]:
    """The alternatives of a layout."""
    return tuple(_compile(alternative) for alternative in text.split("//"))


def _compile(text: str) -> tuple[Node, ...]:
    stack: list[tuple[Node | None, list[Node]]] = [(None, [])]
    place, text = 0, text.strip()
    while place < len(text):
        match = _ENTRY.match(text, place)
        if match is None:
            raise ValueError(f"no entry of a layout: {text[place:]!r}")
        place = match.end()
        node = _node(match)
        if node is None:
            opened, inner = stack.pop()
            if opened is None:
                raise ValueError(f"a bracket too many in {text!r}")
            stack[-1][1].append(opened._replace(inner=tuple(inner)))
        elif match[0].endswith("("):
            stack.append((node, []))
        else:
            stack[-1][1].append(node)
    if len(stack) != 1:
        raise ValueError(f"a bracket is open in {text!r}")
    return tuple(stack[0][1])


def _node(match: re.Match[str]) -> Node | None:
    """The entry of a match; None if it closes a bracket."""
    if match["close"]:
        return None
    if match["table"]:
        return Node("table", match["table"])
    if match["type"]:
        length = int(match["length"]) if match["length"] else None
        newer = int(match["newer"]) if match["newer"] else length
        kind = f"{match['type']}{length}" if match["type"] in "uit" else match["type"]
        return Node("value", match["name"], kind, (length, newer), int(match["divisor"] or 1))
    if match["name"]:
        return Node("place", match["name"])
    if match["test"]:
        return Node("test", match["test"], how=match["how"], bits=int(match["bits"]))
    kind = match["edition"] or ("sized" if match["size"] else "repeat")
    return Node(kind, match["kept"] or "", match["size"] or match["count"] or "")


@dataclass(slots=True)
class Reader:
    """Reads layouts from one part of a message."""

    data: bytes
    part: str
    newer: bool
    tables: Mapping[str, Item]
    fields: list[Field] = field(default_factory=list)
    _place: int = 0
    _end: int = 0
    _last: dict[str, int] = field(default_factory=dict)

    def read(self, text: str, start: int, end: int) -> None:
        """Enter the fields of the alternative that uses up every byte, else of the first one that fits.

        :raises Ill: none fits; the fields of the one that came furthest are entered all the same
        """
        before = len(self.fields)
        fitting: list[Field] | None = None
        furthest: list[Field] = []
        for nodes in compiled(text):
            self._place, self._end = start, end
            try:
                self._nodes(nodes)
            except Ill:
                furthest = max(furthest, self.fields[before:], key=len)
            else:
                if self._place == end:
                    return
                fitting = fitting or self.fields[before:]
            del self.fields[before:]
        self.fields += furthest if fitting is None else fitting
        if fitting is None:
            raise Ill

    def _nodes(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if len(self.fields) > _MOST_ITEMS:
                self._place = self._end
                return
            if node.kind == "value":
                self._value(node)
            elif node.kind == "place":
                self._position(node.name)
            elif node.kind == "repeat":
                self._repeat(node)
            elif node.kind == "sized":
                self._sized(node)
            elif node.kind == "table":
                self._items(self.tables[node.name])
            elif self._applies(node):
                self._nodes(node.inner)

    def _applies(self, node: Node) -> bool:
        if node.kind == "test":
            return bool(_TESTS[node.how](self._last.get(node.name, 0), node.bits))
        return self.newer is (node.kind == "new")

    def _take(self, size: int) -> bytes:
        if self._place + size > self._end:
            raise Ill
        self._place += size
        return self.data[self._place - size : self._place]

    def _number(self, kind: str) -> int:
        return int.from_bytes(self._take(int(kind[1:]) // 8), signed=kind[0] == "i")

    def _enter(self, name: str, value: str | float | tuple[float, float], start: int) -> None:
        self.fields.append(
            Field(name=name, value=value, part=self.part, offset=start, length=self._place - start),
        )

    def _value(self, node: Node) -> None:
        start = self._place
        if node.type in _INTEGERS:
            number = self._number(node.type)
            self._last[node.name] = number
            self._enter(node.name, number / node.divisor if node.divisor > 1 else number, start)
            return
        size = node.length[self.newer]
        if node.type[0] == "t" and node.type != "time":
            size = self._number(f"u{8 * int(node.type[1:])}")
            start = self._place
        elif node.type in _FIXED:
            size = _FIXED[node.type]
        data = self._take(self._end - self._place if size is None else size)
        text = _TEXTS["s" if node.type[0] == "t" and node.type != "time" else node.type](data)
        if text:
            self._enter(node.name, text, start)

    def _position(self, name: str) -> None:
        """South and west stand in bits 2 and 3 of ``status_bit`` where there is one. 0, 0 is a receiver with no fix."""
        start = self._place
        latitude, longitude = self._number("u32"), self._number("u32")
        status = self._last.get("status_bit", 0)
        if latitude <= 90_000_000 and longitude <= 180_000_000 and (latitude or longitude):
            value = (latitude / 1e6 * (-1 if status & 4 else 1), longitude / 1e6 * (-1 if status & 8 else 1))
            self._enter(name, value, start)
            return
        self._place = start + 4
        self._enter("latitude", latitude / 1e6, start)
        self._place = start + 8
        self._enter("longitude", longitude / 1e6, start + 4)

    def _repeat(self, node: Node) -> None:
        start = self._place
        count = self._number(node.type) if node.type else -1
        if node.name:
            self._enter(node.name, count, start)
        while count and (count > 0 or self._place < self._end):
            before = self._place
            self._nodes(node.inner)
            if self._place == before:
                return
            count -= 1

    def _sized(self, node: Node) -> None:
        outer = self._end
        size = self._number(node.type)
        if self._place + size > outer:
            raise Ill
        self._end = end = self._place + size
        self._nodes(node.inner)
        self._place, self._end = end, outer

    def _items(self, table: Item) -> None:
        """An item whose layout does not fit is kept as bytes: its type means something else to this vendor."""
        outer = self._end
        while self._place < outer:
            widths = (table.size, table.identifier) if table.length_first else (table.identifier, table.size)
            first, second = (self._number(f"u{8 * width}") for width in widths)
            kind, size = (second, first - table.identifier) if table.length_first else (first, second)
            start, end = self._place, self._place + size
            if size < 0 or end > outer:
                raise Ill
            before = len(self.fields)
            text = table.layouts.get(kind, "")
            fits = bool(text)
            if text:
                try:
                    self.read(text, start, end)
                    fits = self._place == end
                except Ill:
                    fits = False
            self._place, self._end = end, outer
            if not fits and size:
                del self.fields[before:]
                data = self.data[start:end]
                value = int.from_bytes(data) if table.numbers and size in (1, 2, 4) else data.hex()
                self._enter(f"{table.name}_0x{kind:0{2 * table.identifier}x}", value, start)


def _text(data: bytes) -> str:
    """GBK, as the standards ask; what is none stays to be searched as it is."""
    try:
        return data.strip(b"\0 ").decode("gb18030")
    except UnicodeDecodeError:
        return ""


def _digits(data: bytes) -> str:
    """:raises Ill: a half-byte is no digit, but for the filling F at the end"""
    text = data.hex().rstrip("f")
    if text and not text.isdecimal():
        raise Ill
    return text


def _time(data: bytes) -> str:
    """ISO 8601 of a BCD time, without its zone; nothing where it was never set."""
    try:
        return datetime.strptime(data.hex(), "%y%m%d%H%M%S").isoformat()  # noqa: DTZ007 - the protocol says the zone
    except ValueError:
        return ""


def _mac(data: bytes) -> str:
    return "" if data in _NO_ADDRESSES else data.hex(":")


_TEXTS: Mapping[str, Callable[[bytes], str]] = {
    "s": _text,
    "x": bytes.hex,
    "bcd": _digits,
    "time": _time,
    "mac": _mac,
}
_FIXED = {"time": 6, "mac": 6}
