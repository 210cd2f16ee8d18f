"""Words of scenarios as data: lists of items, durations, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from telltale.errors import InputError
from telltale.items import item_named
from telltale.times import parse_duration
from trials.claims import TableRow

DURATION = r"\d+(?:\.\d+)? (?:milliseconds?|seconds?|minutes?|hours?|days?)"
"""What a duration looks like in a step."""


def duration(words: str) -> int:
    """Nanoseconds. :raises InputError: it is no duration"""
    try:
        return parse_duration(words)
    except ValueError as error:
        raise InputError(str(error)) from None


def items(words: str) -> tuple[str, ...]:
    """Item names in ``no VIN and no account id`` or ``VIN and position``. :raises InputError: unknown item, or none"""
    pieces = [piece.strip() for piece in re.split(r",|\b(?:and|or)\b", words)]
    named = tuple(item_named(re.sub(r"^(no|the|its|a)\s+", "", piece)).name for piece in pieces if piece)
    if not named:
        raise InputError(f"`{words.strip()}` names no item")
    return named


_HEADINGS = ("item", "recipient", "for", "uplink")
_SENDER = "ecu"
"""A fifth column, for scenarios that say which control unit sends."""


def rows(datatable: Sequence[Sequence[str]]) -> tuple[TableRow, ...]:
    """The table as rows. :raises InputError: other headings, or no row"""
    headings, *lines = datatable
    if tuple(headings) not in (_HEADINGS, (*_HEADINGS, _SENDER)):
        expected = f"{', '.join(_HEADINGS)}, and perhaps {_SENDER}"
        raise InputError(f"the table's headings are {', '.join(headings)}; expected {expected}")
    if not lines:
        raise InputError("the table has no rows; to say that nothing leaves, use `nothing leaves the car`")
    return tuple(
        TableRow(
            item=item_named(cells["item"]).name,
            recipient=cells["recipient"],
            function=cells["for"],
            uplink=cells["uplink"],
            ecu=cells.get(_SENDER),
        )
        for cells in (dict(zip(headings, line, strict=True)) for line in lines)
    )
