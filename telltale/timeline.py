"""Unit state over time: which switch, consent, gear or event was in force at any bench moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

Fact = str | int | float | bool
"""A fact's value. Switches are ``"on"``/``"off"``; gears ``"P"``, ``"D"``; counts are numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A fact took a value."""

    bench: int
    fact: str
    value: Fact
    source: str
    """Who says so: ``stimulus``, ``adb``, ``can``, ``modem`` …"""


@dataclass(frozen=True, slots=True)
class Condition:
    """Facts and the values allowed for each, all of which must hold, e.g. ``{"gear": ("P",), "lock": ("locked",)}``."""

    facts: Mapping[str, tuple[Fact, ...]]

    def unmet(self, state: Mapping[str, Fact]) -> str | None:
        """The first fact that does not hold, as ``experience_plan is off, not on``; None when all hold."""
        for fact, allowed in self.facts.items():
            if fact not in state:
                return f"{fact} is unknown, not {' or '.join(map(str, allowed))}"
            if state[fact] not in allowed:
                return f"{fact} is {state[fact]}, not {' or '.join(map(str, allowed))}"
        return None


class Timeline:
    """Changes in order of bench time. Facts that were never set are unknown, not false."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def __iter__(self) -> Iterator[Change]:
        return iter(self._changes)

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def latest(self) -> int:
        """Bench time of the last change; 0 before the first."""
        return self._changes[-1].bench if self._changes else 0

    def record(self, bench: int, fact: str, value: Fact, source: str) -> None:
        """Append a change. Bench time never runs backwards.

        :raises ValueError: *bench* lies before the last change
        """
        if self._changes and bench < self._changes[-1].bench:
            raise ValueError(f"{fact} at {bench} lies before the last change at {self._changes[-1].bench}")
        self._changes.append(Change(bench=bench, fact=fact, value=value, source=source))

    def state_at(self, bench: int) -> dict[str, Fact]:
        """Every known fact as it stood at *bench* (a change counts from its own moment on)."""
        state: dict[str, Fact] = {}
        for change in self._changes:
            if change.bench > bench:
                break
            state[change.fact] = change.value
        return state

    def phases(self, fact: str, until: int) -> list[tuple[int, int, Fact]]:
        """Half-open spans (from, to, value) of one fact, up to *until*; touching spans differ in value."""
        turns = [(c.bench, c.value) for c in self._changes if c.fact == fact]
        merged: list[tuple[int, Fact]] = []
        for bench, value in turns:
            if not merged or merged[-1][1] != value:
                merged.append((bench, value))
        spans = [(start, stop, value) for (start, value), (stop, _) in pairwise(merged)]
        if merged and merged[-1][0] <= until:
            spans.append((merged[-1][0], until, merged[-1][1]))
        return [span for span in spans if span[0] < span[1]]
