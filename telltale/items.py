"""The taxonomy of data items, read from ``items.yaml`` beside this file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from telltale.errors import InputError, near_miss
from telltale.yamlread import Location, kind_of, read

Kind = Literal["text", "words", "position", "media"]


Sensitivity = Literal["sensitive", "personal", "other"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A kind of data: its name in code and files, in English and in Chinese, and the broader item it belongs to."""

    name: str
    en: str
    zh: str
    sensitivity: Sensitivity
    parent: str | None = None
    kind: Kind = "text"


@cache
def taxonomy() -> dict[str, Item]:
    """Every item by name."""
    return table(Path(__file__).with_name("items.yaml"))


def table(path: Path) -> dict[str, Item]:
    """The items of a file. Without a model: an audit of a small file need not wait for one.

    :raises InputError: with file and line, for the first thing that is wrong
    """
    rows, lines = read(path)
    if not isinstance(rows, dict):
        raise InputError(f"holds {kind_of(rows)}, expected a mapping from item to its names", file=path, line=1)
    return {name: _item(name, row, path, lines) for name, row in rows.items()}


_WORDS: Mapping[str, Sequence[str]] = {"sensitivity": get_args(Sensitivity), "kind": get_args(Kind)}
_NEEDED = ("en", "zh", "sensitivity")


def _item(name: str, row: Any, path: Path, lines: Mapping[Location, int]) -> Item:
    line = lines.get((name,))
    if not isinstance(row, dict):
        raise InputError(
            f"`{name}` is {kind_of(row)}, expected a mapping with {', '.join(_NEEDED)}", file=path, line=line
        )
    known = [field.name for field in fields(Item) if field.name != "name"]
    for key, value in row.items():
        line = lines.get((name, str(key)), line)
        if key not in known:
            raise InputError(f"unknown key `{key}`" + near_miss(str(key), known), file=path, line=line)
        if not isinstance(value, str) or value not in _WORDS.get(key, (value,)):
            expected = f"one of {', '.join(_WORDS[key])}" if key in _WORDS else "text"
            raise InputError(f"`{name}.{key}` is `{value}`, expected {expected}", file=path, line=line)
    if missing := [key for key in _NEEDED if key not in row]:
        raise InputError(f"`{name}.{missing[0]}` is missing", file=path, line=lines.get((name,)))
    return Item(name=name, **row)


def item_named(words: str) -> Item:
    """The item called *words* in code, in English or in Chinese: ``cabin_video``, ``VIN``, ``车内视频``.

    :raises InputError: no item has that name; the message shows the near-misses
    """
    wanted = words.strip().casefold()
    by_name: dict[str, Item] = {}
    for item in taxonomy().values():
        for name in (item.name, item.name.replace("_", " "), item.en, item.zh):
            by_name.setdefault(name.casefold(), item)
    if wanted not in by_name:
        raise InputError(f"unknown item `{words}`" + near_miss(wanted, [i.name for i in taxonomy().values()]))
    return by_name[wanted]


def is_within(name: str, broader: str) -> bool:
    """Whether the item *name* is *broader* itself or one of its narrower items."""
    table = taxonomy()
    step: str | None = name
    while step is not None:
        if step == broader:
            return True
        step = table[step].parent if step in table else None
    return False
