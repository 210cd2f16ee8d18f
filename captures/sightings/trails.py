"""Trajectories: positions of several moments that one transmission holds side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from telltale.sighting import Sighting

LEAST = 3
"""Different places that make a trajectory: where it is and where it goes are no way yet."""
_MOMENT, _TRAIL = "position", "trajectory"
"""The item that a place of the car at some moment is, and the one that several of them are."""


def trails(seen: Iterable[Sighting]) -> Iterator[Sighting]:
    """A trajectory for each part of a transmission in which `LEAST` different places of the car stand.

    It is as exact as its most exact place, and written as its first one is.

    :param seen: what was seen in the transmission
    """
    parts: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in seen:
        if sighting.item == _MOMENT:
            parts[sighting.part].append(sighting)
    for part, places in parts.items():
        places.sort(key=lambda sighting: sighting.offset)
        if len({sighting.value for sighting in places}) < LEAST:
            continue
        first = places[0]
        exact = [sighting.precision for sighting in places if sighting.precision is not None]
        yield Sighting(
            transmission=first.transmission,
            item=_TRAIL,
            value=" ".join(sighting.value for sighting in places),
            form=first.form,
            chain=first.chain,
            part=part,
            offset=first.offset,
            length=max(sighting.offset + sighting.length for sighting in places) - first.offset,
            precision=min(exact, default=None),
            generated=first.generated,
        )
