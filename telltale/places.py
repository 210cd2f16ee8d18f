"""How exactly a position says where the car is, in words."""

from __future__ import annotations

from collections.abc import Mapping

LEVELS: Mapping[str, float] = {"district": 1_000.0, "city": 10_000.0, "province": 100_000.0}
"""Metres from which on a position tells no more than the level; two, one and no decimals of a degree reach them."""


def level(precision: float) -> str:
    """The level of a precision in metres: ``exact``, ``district``, ``city`` or ``province``."""
    return next((name for name, metres in reversed(tuple(LEVELS.items())) if precision >= metres), "exact")
