"""What was found in parts, each thing once, as sightings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from captures.sightings.decoders import COMPRESSIONS
from captures.sightings.layers import Layer, Span
from telltale.identity import Identity
from telltale.sighting import Sighting
from telltale.transmission import Part, Transmission


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An identity in a layer, before its place in the part is known."""

    identity: Identity
    form: str
    chain: tuple[str, ...]
    start: int
    end: int
    precision: float | None = None


_Entry = tuple[Span, Found]
"""Where something was found in its part."""
_CUT = "truncated"
_WHERE_IT_IS = "position"
"""The item that a place of the car itself is."""
_Reading = tuple[Identity, str, tuple[str, ...]]
"""What was found, in which form, and through which chain."""
_BREAKING = frozenset({"json", "percent"})
"""Escapes that encoded texts are broken by."""


class Ledger:
    """What was found in parts that lie side by side in one outermost layer, each thing once."""

    def __init__(self, root: Layer, parts: Sequence[tuple[Transmission, Part]]) -> None:
        self._root = root
        self._parts = parts
        self._entries: dict[tuple[Layer, Identity, str], list[Found]] = defaultdict(list)

    def enter(self, layer: Layer, found: Iterable[Found]) -> None:
        """Note what was found in *layer*; outer layers come before inner ones."""
        for one in found:
            if layer.verbatim and layer.parent:
                self._forget(layer.parent, one, layer.piece_at(one.start).sources)
            self._entries[layer, one.identity, one.form].append(one)

    def _forget(self, layer: Layer, found: Found, texts: Sequence[Span]) -> None:
        """Take back what was found in encoded *texts* by reading them as they are."""
        key = (layer, found.identity, found.form)
        if key in self._entries:
            self._entries[key] = [
                one
                for one in self._entries[key]
                if not any(low <= one.start and one.end <= high for low, high in texts)
            ]

    def sightings(self) -> list[list[Sighting]]:
        """Those of each part, in its order."""
        entries: list[list[_Entry]] = [[] for _ in self._parts]
        for (layer, _, _), found in self._entries.items():
            for one in found:
                for start, end in layer.locate(one.start, one.end):
                    index = self._root.index_at(start)
                    low = self._root.pieces[index].start
                    entries[index].append(((start - low, end - low), one))
        return [
            _told(transmission, part, inside) if inside else []
            for (transmission, part), inside in zip(self._parts, entries, strict=True)
        ]


def _told(transmission: Transmission, part: Part, entries: Sequence[_Entry]) -> list[Sighting]:
    """One sighting a place: where several chains lead to it the shortest counts. Media is told once a part.

    Of positions that share numbers, those that stand closest together belong together.
    """
    kept: dict[tuple[str, object, str], list[Span]] = defaultdict(list)
    sightings = []
    for span, found in sorted(_believed(entries), key=_rank):
        identity = found.identity
        # one writing may be that of many places that the car passed: it is told once, as one that it fits best
        value = None if isinstance(identity.value, tuple) else identity.value
        places = kept[identity.item, value, found.form]
        if _meets(places, span) or (places and isinstance(identity.value, bytes)):
            continue
        insort(places, span)
        sightings.append(
            Sighting(
                transmission=transmission.index,
                item=identity.item,
                value=identity.text,
                form=found.form,
                chain=found.chain,
                part=part.name,
                offset=span[0],
                length=span[1] - span[0],
                precision=found.precision,
                generated=transmission.generated,
            )
        )
    return sorted(_told_apart(sightings), key=lambda sighting: (sighting.offset, sighting.item, sighting.form))


def _believed(entries: Sequence[_Entry]) -> Iterator[_Entry]:
    """Entries without the shadows of others: a piece of what is there whole, and what was read past a compression.

    A piece may also be what an escape leaves of an encoded text that goes on behind it. A zip file that Zstandard could
    not make smaller stands in its stream as it is, and can be read there as if nothing were round it.
    """
    wholes: dict[tuple[Identity, str], list[Span]] = defaultdict(list)
    beneath: dict[_Reading, list[Span]] = defaultdict(list)
    longer: dict[_Reading, list[Span]] = defaultdict(list)
    for span, found in entries:
        wholes[found.identity, found.form].append(span)
        for at, link in enumerate(found.chain if len(found.chain) > 1 else ()):
            key = found.identity, found.form, found.chain[:at] + found.chain[at + 1 :]
            if link in COMPRESSIONS:
                beneath[key].append(span)
            elif link in _BREAKING:
                longer[key].append(span)
    for spans in (*wholes.values(), *beneath.values(), *longer.values()):
        spans.sort()
    for span, found in entries:
        whole = "plain" if found.form == _CUT else found.form.removesuffix(f" {_CUT}")
        if whole != found.form and _meets(wholes.get((found.identity, whole), ()), span):
            continue
        key = found.identity, found.form, found.chain
        if not _meets(beneath.get(key, ()), span) and not _meets(longer.get(key, ()), span, beyond=True):
            yield span, found


def _told_apart(sightings: Sequence[Sighting]) -> Iterator[Sighting]:
    """Those that are left when a writing too coarse to tell the car's own place from another counts as the car's."""
    own = {(s.offset, s.length, s.form): s.value for s in sightings if s.item == _WHERE_IT_IS}
    for sighting in sightings:
        value = own.get((sighting.offset, sighting.length, sighting.form), sighting.value)
        if sighting.precision is None or sighting.item == _WHERE_IT_IS or value == sighting.value:
            yield sighting


def _rank(entry: _Entry) -> tuple[int, int, float, int]:
    (start, end), found = entry
    match found.identity.value:
        case bytes():  # the longest first
            length = start - end
        case tuple():  # the shortest first
            length = end - start
        case _:
            length = 0
    return len(found.chain), length, found.precision or 0.0, start


def _meets(places: Sequence[Span], span: Span, *, beyond: bool = False) -> bool:
    """Whether *span* overlaps one of *places*, which are in order and do not overlap each other.

    :param beyond: whether only those count that are longer
    """
    index = bisect_right(places, span)
    return any(
        place[0] < span[1] and span[0] < place[1] and (not beyond or place[1] - place[0] > span[1] - span[0])
        for place in places[max(0, index - 1) : index + 1]
    )
