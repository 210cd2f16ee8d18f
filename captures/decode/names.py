"""Which name an address had when."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from captures.decode.model import NameSeen


@dataclass(slots=True)
class Names:
    """What DNS told last before a moment, else what is known beforehand."""

    given: Mapping[str, str]
    _seen: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, seen: Iterable[NameSeen]) -> None:
        """Enter answers of DNS."""
        for one in seen:
            told = self._seen.setdefault(one.ip, [])
            place = bisect.bisect_right(told, (one.wall, one.name))
            if not place or told[place - 1][1] != one.name:
                told.insert(place, (one.wall, one.name))

    def of(self, ip: str, wall: int) -> str | None:
        """The name of an address at *wall*; None if nobody told."""
        told = self._seen.get(ip, ())
        place = bisect.bisect_right(told, wall, key=lambda row: row[0]) - 1
        return told[place][1] if place >= 0 else self.given.get(ip)
