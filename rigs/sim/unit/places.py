"""Facts that follow from where the car is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rigs.sim.unit.inputs import value_of
from telltale.timeline import Fact

_METRES_PER_DEGREE = 111_320
"""Of latitude, on the WGS-84 ellipsoid, to a third of a percent."""


class Places:
    """The facts with ``near`` of a unit file.

    :param identities: item to value, places as ``{lat, lon}``
    """

    def __init__(self, state: Mapping[str, Mapping[str, Any]], identities: Mapping[str, Any]) -> None:
        self._facts = {
            name: (fact, [identities[item] for item in fact["near"]])
            for name, fact in state.items()
            if fact.get("near")
        }

    def facts(self, position: tuple[float, float] | None) -> dict[str, Fact]:
        """What each is at *position* (degrees); nothing while the position is not known."""
        if position is None:
            return {}
        return {
            name: value_of(
                "near" if any(distance(position, (p["lat"], p["lon"])) <= fact["within"] for p in places) else "away",
                fact["values"],
            )
            for name, (fact, places) in self._facts.items()
        }


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places in degrees, on a plane: good for a few kilometres."""
    north = (one[0] - other[0]) * _METRES_PER_DEGREE
    east = (one[1] - other[1]) * _METRES_PER_DEGREE * math.cos(math.radians(one[0]))
    return math.hypot(north, east)
