"""From the hits of the one search to the values that were recognised."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache

from captures.sightings.information import stands_in_text
from captures.sightings.positions import same
from captures.sightings.recognisers.reading import Recognised, Recogniser
from captures.sightings.recognisers.table import RECOGNISERS
from captures.sightings.recognisers.vehicle import NAMES, vehicle_shapes
from captures.sightings.scanner import Expression, Scan, scanner
from telltale.identity import Identity
from telltale.items import taxonomy
from telltale.sighting import RECOGNISED, Sighting

FORM = RECOGNISED
_LOCAL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-")
_LONGEST_LOCAL = 64  # RFC 5321, section 4.5.3.1.1


def shapes(items: Collection[str] = (), *, all_values: bool = True) -> Iterator[tuple[Expression, Recogniser]]:
    """What the search is to look for, and whose it is.

    :param items: data of the vehicle that is told by the names of its fields
    :param all_values: whether `RECOGNISERS` are among it
    """
    for recogniser in (*(RECOGNISERS if all_values else ()), *vehicle_shapes(items)):
        for expression in recogniser.expressions:
            yield Expression(expression, 1, fixed=True, gate=recogniser.gate), recogniser


def recognised_at(data: bytes, end: int, recogniser: Recogniser, low: int, high: int) -> Recognised | None:
    """The value whose shape ends at *end*, if its check believes it; it lies in the text from *low* to *high*."""
    span = recogniser.span(data, end, low, high)
    if span and recogniser.item == "email":
        span = _address(data, *span, low)
    if span is None or (recogniser.among_text and not stands_in_text(data, *span, low, high)):
        return None
    try:
        told = recogniser.check(data[slice(*span)].decode(recogniser.encoding))
    except UnicodeDecodeError:
        return None
    if told is None:
        return None
    return Recognised(item=recogniser.item, value=told.value, start=span[0], end=span[1], remark=told.remark)


def _address(data: bytes, start: int, stop: int, low: int) -> tuple[int, int] | None:
    """An address with all of its local part; None where it is a user of a URL (``//user:secret@host``)."""
    least = max(low, stop - 80 - _LONGEST_LOCAL)
    while start > least and data[start - 1] in _LOCAL:
        start -= 1
    authority = data[max(low, start - 80) : start]
    if b"//" in authority and not set(authority[authority.rfind(b"//") + 2 :]) & set(b"/?# \"'<>"):
        return None
    while stop > start and data[stop - 1] in b".-":
        stop -= 1
    return start, stop


class Strangers:
    """Values that are none of the run's own, whatever item the run calls them by.

    :param identities: of the run
    """

    def __init__(self, identities: Iterable[Identity]) -> None:
        known = tuple(identities)
        self._known = {_bare(i.value) for i in known if isinstance(i.value, str)}
        self._positions = [i.value for i in known if isinstance(i.value, tuple)]

    def at(self, data: bytes, end: int, recogniser: Recogniser, low: int, high: int) -> Recognised | None:
        """As `recognised_at`; None for the run's own."""
        one = recognised_at(data, end, recogniser, low, high)
        return None if one is None or self._is_known(one) else one

    def _is_known(self, one: Recognised) -> bool:
        if one.item == "position":
            latitude, longitude = map(float, one.value.split(","))
            return any(same((latitude, longitude), position) for position in self._positions)
        return _bare(one.value) in self._known


def _bare(value: str) -> str:
    """A value as it is compared: without separators, case, and the country code of mainland China."""
    bare = re.sub(r"[^\w@.]", "", value).lower()
    return bare[2:] if re.fullmatch(r"861[3-9]\d{9}", bare) else bare


def beside(found: Sequence[Sighting], known: Iterable[Sighting]) -> list[Sighting]:
    """What was recognised where nothing of that item is known already; one a value and place.

    Of several items that a value may be, the last row's counts, which knows the name of its field (a BSSID is a MAC).
    """
    if not found:
        return []
    taken = defaultdict(list)
    for sighting in known:
        taken[sighting.part, _kind(sighting.item)].append((sighting.offset, sighting.offset + sighting.length))
    kept: dict[tuple[str, int, int, str], Sighting] = {}
    for sighting in sorted(found, key=lambda one: _RANKS[one.item]):
        start, end = sighting.offset, sighting.offset + sighting.length
        if not any(low < end and start < high for low, high in taken[sighting.part, _kind(sighting.item)]):
            kept[sighting.part, start, end, sighting.value] = sighting
    return sorted(kept.values(), key=lambda one: one.offset)


def _kind(item: str) -> str:
    """A home's position is a position."""
    return "position" if taxonomy()[item].kind == "position" else item


_RANKS = {item: rank for rank, item in enumerate((*(recogniser.item for recogniser in RECOGNISERS), *NAMES))}
SHAPED = frozenset(_RANKS)
"""Items that are told by their shape or by the names of their fields."""


def recognise(data: bytes) -> list[Recognised]:
    """Everything that is recognised in *data* as it stands, nothing decoded; for single texts, in one thread."""
    scan, meant = _scan()
    found = [recognised_at(data, hit.end, meant[hit.needle], 0, len(data)) for hit in scan(data)]
    return list(dict.fromkeys(one for one in found if one))


@cache
def _scan() -> tuple[Scan, Sequence[Recogniser]]:
    wanted = list(shapes())
    return scanner([expression for expression, _ in wanted]), [recogniser for _, recogniser in wanted]
