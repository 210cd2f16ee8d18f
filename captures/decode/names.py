"""Which name an address had when, for whom: what a control unit was told over its own uplink comes first.

An address may have different names over two uplinks, since a private APN has a DNS of its own. So a name is taken from
another uplink's look-ups only where there is no other, and that is said.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from captures.decode.model import NameSeen


class Asker(NamedTuple):
    """Who looks names up, or sends."""

    uplink: str | None
    ecu: str | None
    """None where it cannot be told."""


class Named(NamedTuple):
    """A name of an address."""

    name: str
    elsewhere: str | None = None
    """The uplink over which alone it had been looked up, if not the one that it is wanted for."""


@dataclass(slots=True)
class Names:
    """What DNS told last before a moment, else what is known beforehand."""

    given: Mapping[str, str]
    _seen: dict[str, dict[Asker, list[tuple[int, str]]]] = field(default_factory=dict)

    def add(self, seen: Iterable[NameSeen], asker: Asker) -> None:
        """Enter answers of DNS that *asker* got."""
        for one in seen:
            told = self._seen.setdefault(one.ip, {}).setdefault(asker, [])
            place = bisect.bisect_right(told, (one.wall, one.name))
            if not place or told[place - 1][1] != one.name:
                told.insert(place, (one.wall, one.name))

    def of(self, ip: str, wall: int, asker: Asker) -> Named | None:
        """The name of an address at *wall* for *asker*; None if nobody told.

        Its own look-ups count first, then those of its uplink (a T-Box may ask for those behind it), then what is known
        beforehand, then those of other uplinks.
        """
        told = [(row, who) for who, rows in self._seen.get(ip, {}).items() if (row := _last(rows, wall))]
        for near in (
            [row for row, who in told if who == asker],
            [row for row, who in told if who.uplink == asker.uplink],
        ):
            if near:
                return Named(max(near)[1])
        if ip in self.given:
            return Named(self.given[ip])
        (_, name), who = max(told, key=lambda one: one[0], default=((0, ""), asker))
        return Named(name, who.uplink or "an unknown uplink") if name else None


def _last(rows: list[tuple[int, str]], wall: int) -> tuple[int, str] | None:
    """The newest row of *rows*, which are in order, up to *wall*."""
    place = bisect.bisect_right(rows, wall, key=lambda row: row[0]) - 1
    return rows[place] if place >= 0 else None
