"""Values that a protocol decoder names itself: a field of a GB/T 32960 report is a sighting without any search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from captures.sightings import positions
from telltale.identity import Identity
from telltale.items import taxonomy
from telltale.sighting import Sighting
from telltale.transmission import Field, Transmission


def named(transmission: Transmission, identities: Iterable[Identity], seen: Sequence[Sighting]) -> list[Sighting]:
    """Sightings of the values that the protocol itself names, where no identity was seen at the same place."""
    sightings = []
    for field in transmission.fields:
        if field.name not in taxonomy():
            continue
        for item, value in _values(field, identities).items():
            covered = any(
                sighting.item == item
                and sighting.part == field.part
                and sighting.offset < field.offset + field.length
                and field.offset < sighting.offset + sighting.length
                for sighting in seen
            )
            if not covered:
                sightings.append(
                    Sighting(
                        transmission=transmission.index,
                        item=item,
                        value=value,
                        form="plain",
                        part=field.part,
                        offset=field.offset,
                        length=field.length,
                        precision=_precision(field),
                        generated=transmission.generated,
                    )
                )
    return sightings


def _values(field: Field, identities: Iterable[Identity]) -> dict[str, str]:
    """The items that a field tells, with their values: its own, and every position of the run that it agrees with."""
    if not isinstance(field.value, tuple):
        return {field.name: str(field.value)}
    told = {field.name: Identity(item=field.name, value=field.value).text}
    for identity in identities:
        if isinstance(identity.value, tuple) and positions.same(field.value, identity.value):
            told[identity.item] = identity.text
    return told


def _precision(field: Field) -> float | None:
    """Metres, as far as the decimals of the value show them."""
    if not isinstance(field.value, tuple):
        return None
    return positions.precision_of(max(map(positions.decimals_of, field.value)))
