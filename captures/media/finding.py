"""The search: media where one of the table's beginnings was seen, walked to their ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from captures.media.kinds import KINDS
from captures.media.medium import Kind, Medium

MOST = 1_000
"""Pieces of media that are told of one text."""
_MOST_REFUSED = 10_000
"""Beginnings that turned out to be none, before a text counts as made to keep the search busy."""

_WEAK = tuple((kind, re.compile(kind.magic)) for kind in KINDS if kind.weak)


@dataclass(slots=True)
class Search:
    """What was found in some bytes."""

    media: list[Medium] = field(default_factory=list)
    """In order; none begins inside another."""
    cut: bool = False
    """Whether there was more than is told."""


def search(data: bytes, starts: Iterable[tuple[int, Kind]], texts: Sequence[tuple[int, int]]) -> Search:
    """Media in *texts*, the stretches of *data* that belong together.

    :param starts: where a kind's magic was seen, in any order
    :param texts: in order, none overlapping; each may begin with a kind whose magic is weak
    """
    found = Search()
    refused = 0
    seen = sorted([*starts, *_weak(data, texts)], key=lambda start: start[0])
    at, text = 0, 0
    for start, kind in seen:
        if start < at:
            continue
        while text < len(texts) - 1 and texts[text][1] <= start:
            text += 1
        low, high = texts[text]
        if not low <= start < high:
            continue
        shape = kind.walk(data, start, high)
        if shape is None:
            refused += 1
        else:
            at = shape.end
            name, item = shape.name or kind.name, shape.item or kind.item
            found.media.append(Medium(name=name, item=item, start=start, shape=shape))
        if len(found.media) == MOST or refused == _MOST_REFUSED:
            found.cut = True
            break
    return found


def told(data: bytes) -> Medium | None:
    """The medium that a file is; None for one of no known kind."""
    starts = [(0, kind) for kind in KINDS if re.match(kind.magic, data)]
    return next(iter(search(data, starts, [(0, len(data))]).media), None)


def _weak(data: bytes, texts: Iterable[tuple[int, int]]) -> Iterable[tuple[int, Kind]]:
    """Kinds that a text may begin with."""
    return [(low, kind) for low, high in texts for kind, magic in _WEAK if magic.match(data, low, high)]
