"""What was found in a part, each thing once, as sightings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


class Ledger:
    """What was found in one part, each thing once."""

    def __init__(self, transmission: Transmission, part: Part) -> None:
        self._transmission = transmission
        self._part = part
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

    def sightings(self) -> list[Sighting]:
        """One sighting a place: where several chains lead to it the shortest counts. Media is told once a part."""
        entries = [
            (span, one)
            for (layer, _, _), found in self._entries.items()
            for one in found
            for span in layer.locate(one.start, one.end)
        ]
        kept: dict[tuple[str, object, str], list[Span]] = defaultdict(list)
        sightings = []
        for span, found in sorted(entries, key=_rank):
            identity = found.identity
            places = kept[identity.item, identity.value, found.form]
            if _meets(places, span) or (places and isinstance(identity.value, bytes)):
                continue
            insort(places, span)
            sightings.append(
                Sighting(
                    transmission=self._transmission.index,
                    item=identity.item,
                    value=identity.text,
                    form=found.form,
                    chain=found.chain,
                    part=self._part.name,
                    offset=span[0],
                    length=span[1] - span[0],
                    precision=found.precision,
                    generated=self._transmission.generated,
                )
            )
        return sorted(sightings, key=lambda sighting: (sighting.offset, sighting.item, sighting.form))


def _rank(entry: tuple[Span, Found]) -> tuple[int, int, int]:
    (start, end), found = entry
    longest_first = start - end if isinstance(found.identity.value, bytes) else 0
    return len(found.chain), longest_first, start


def _meets(places: Sequence[Span], span: Span) -> bool:
    """Whether *span* overlaps one of *places*, which are in order and do not overlap each other."""
    index = bisect_right(places, span)
    return any(place[0] < span[1] and span[0] < place[1] for place in places[max(0, index - 1) : index + 1])
