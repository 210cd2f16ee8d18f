"""Places of the run: their degrees, and the facts that follow from where the car is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rigs.sim.unit.inputs import value_of
from telltale.items import taxonomy
from telltale.timeline import Fact

AXES = ("lat", "lon")
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


def known_places() -> frozenset[str]:
    """Every item that is a place."""
    return frozenset(name for name, item in taxonomy().items() if item.kind == "position")


def item_of(name: str) -> str:
    """The item that a template's name is about: ``destination`` for ``destination.lat``."""
    item, _, _ = name.partition(".")
    return item if item in known_places() else name


def coordinates(identities: Mapping[str, Any]) -> dict[str, float]:
    """What templates such as ``{destination.lat}`` mean: the degrees of each place of the run."""
    places = {item: value for item, value in identities.items() if isinstance(value, Mapping)}
    return {f"{item}.{axis}": place[axis] for item, place in places.items() for axis in AXES}


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places in degrees, on a plane: good for a few kilometres."""
    north = (one[0] - other[0]) * _METRES_PER_DEGREE
    east = (one[1] - other[1]) * _METRES_PER_DEGREE * math.cos(math.radians(one[0]))
    return math.hypot(north, east)
