"""The taxonomy of data items, read from ``items.yaml`` beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import RootModel

from telltale.errors import InputError, near_miss
from telltale.yamlfile import Strict, load

Kind = Literal["text", "words", "position", "media"]


class _Row(Strict):
    en: str
    zh: str
    sensitivity: Literal["sensitive", "personal", "other"]
    parent: str | None = None
    kind: Kind = "text"


class _Table(RootModel[dict[str, _Row]]):
    pass


class Item(Strict):
    """A kind of data: its name in code and files, in English and in Chinese, and the broader item it belongs to."""

    name: str
    en: str
    zh: str
    sensitivity: Literal["sensitive", "personal", "other"]
    parent: str | None
    kind: Kind


@cache
def taxonomy() -> dict[str, Item]:
    """Every item by name."""
    table = load(Path(__file__).with_name("items.yaml"), _Table).root
    return {name: Item(name=name, **row.model_dump()) for name, row in table.items()}


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
