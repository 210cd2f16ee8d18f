"""Reasons: what makes a decoder look at a place, and how much it says."""

from __future__ import annotations

from typing import NamedTuple

LENGTH, LOOK, VALUE = range(3)
"""How much a reason says: the place is long, it looks encoded, it holds one of the run's values."""


class Reason(NamedTuple):
    """Where a decoder has a reason to look, and how much it says."""

    start: int
    end: int
    strength: int
