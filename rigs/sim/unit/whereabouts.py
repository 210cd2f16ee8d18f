"""Where a unit takes itself to be: its last fix, and how old that is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from rigs.sim.unit.geohash import geohash
from rigs.sim.unit.inputs import value_of
from rigs.sim.unit.places import Places
from rigs.sim.unit.templates import Value
from telltale.timeline import Fact
from telltale.times import SECOND

NAMES = ("position.lat", "position.lon", "position.fix", "position.age", "position.trail", "position.geohash")
"""Names in templates: degrees of the last fix; ``valid`` or ``lost``; whole seconds since it was lost, 0 till then; the
fixes since the unit was switched on; the code of the last fix's cell."""
KEPT = 64
"""Fixes of the trail."""
_SAME_PLACE = 2e-6
"""Degrees within which two positions are one: NMEA carries a ten-thousandth of a minute."""


class Trail(str):
    """Fixes as text, ``39.904200,116.407400;39.9100,…``; a format goes for each number."""

    __slots__ = ("_fixes",)
    _fixes: tuple[tuple[float, float], ...]

    def __new__(cls, fixes: Iterable[tuple[float, float]]) -> Self:
        """Six decimals, unless a format says otherwise."""
        kept = tuple(fixes)
        made = super().__new__(cls, _joined(kept, ".6f"))
        made._fixes = kept
        return made

    def __format__(self, spec: str) -> str:
        return _joined(self._fixes, spec) if spec else str(self)


def _joined(fixes: Iterable[tuple[float, float]], spec: str) -> str:
    return ";".join(f"{latitude:{spec}},{longitude:{spec}}" for latitude, longitude in fixes)


class Whereabouts:
    """What the GNSS receiver tells, and the facts that follow from it.

    :param state: the ``state`` of the unit file
    :param identities: item to value, places as ``{lat, lon}``; ``position`` is where the unit was made
    :param now: bench time, ns
    """

    def __init__(
        self, state: Mapping[str, Mapping[str, Any]], identities: Mapping[str, Any], now: Callable[[], int]
    ) -> None:
        self._places = Places(state, identities)
        self._receivers = {name: fact["values"] for name, fact in state.items() if fact.get("gnss")}
        self._now = now
        self._lost: int | None = None
        self._trail: deque[tuple[float, float]] = deque(maxlen=KEPT)
        self.position: tuple[float, float] | None = None
        """The last fix, degrees; a lost one stays the last known."""
        if "position" in identities:
            self.position = (identities["position"]["lat"], identities["position"]["lon"])

    def fixed(self, latitude: float, longitude: float) -> None:
        """There is a fix."""
        self.position, self._lost = (latitude, longitude), None
        self._trail.append(self.position)

    def lost(self) -> None:
        """There is none any more; telling it again changes nothing."""
        self._lost = self._now() if self._lost is None else self._lost

    @property
    def _fix(self) -> str:
        """Whether the position is that of this moment."""
        return "valid" if self.position is not None and self._lost is None else "lost"

    def facts(self) -> dict[str, Fact]:
        """The facts with ``near``, by the last known position, and those with ``gnss: fix``."""
        return {
            **self._places.facts(self.position),
            **{name: value_of(self._fix, values) for name, values in self._receivers.items()},
        }

    def is_at(self, position: Sequence[float]) -> bool:
        """Whether the receiver has told this place, degrees, last."""
        here = self.position
        return here is not None and all(abs(a - b) <= _SAME_PLACE for a, b in zip(here, position, strict=True))

    def value(self, name: str) -> Value:
        """One of `NAMES`. :raises KeyError: the unit never had a fix"""
        if self.position is None:
            raise KeyError(name)
        if name == "position.fix":
            return self._fix
        if name == "position.trail":
            return Trail(self._trail)
        if name == "position.geohash":
            return geohash(*self.position)
        if name == "position.age":
            return 0 if self._lost is None else (self._now() - self._lost) // SECOND
        return self.position[name == "position.lon"]
