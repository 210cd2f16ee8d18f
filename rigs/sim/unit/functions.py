"""What an engine keeps of each function of its unit while it plays it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rigs.sim.agenda import Entry
from rigs.sim.unit.terms import condition
from telltale.timeline import Condition, Fact


@dataclass(slots=True)
class Send:
    """One send, and whether its edge has been seen."""

    name: str
    data: Mapping[str, Any]
    rank: int
    unless: Condition
    """Its own ``while``."""
    when: Condition | None
    held: bool = False
    """`when` held when it was last looked at."""


@dataclass(slots=True)
class Function:
    """One function, and whether it acts."""

    name: str
    condition: Condition
    unless: Condition | None
    """Not while this holds."""
    sends: dict[str, Send]
    wanted: bool = False
    """Its own condition holds."""
    active: bool = False
    """And the unit is awake, or the condition says in which state of its life it acts."""
    periodic: list[Entry] = field(default_factory=list)


def functions_of(unit: Mapping[str, Any]) -> list[Function]:
    """Every function of a unit file, behind the unit's gate; the sends of one rank before those of the next."""
    return [
        _of_file(name, data, index * 100, {} if data["regardless"] else unit["gate"])
        for index, (name, data) in enumerate(unit["functions"].items())
    ]


def _of_file(name: str, data: Mapping[str, Any], rank: int, gate: Mapping[str, Any]) -> Function:
    """The function *name*; its sends take the ranks from *rank* on. What it asks of a fact comes before the gate's."""
    sends = {
        send: Send(
            name=send,
            data=content,
            rank=rank + index,
            unless=condition(content.get("while") or {}),
            when=condition(content["when"]) if content.get("when") else None,
        )
        for index, (send, content) in enumerate(data["sends"].items())
    }
    unless = condition(data["unless"]) if data.get("unless") else None
    return Function(name, condition({**gate, **(data.get("while") or {})}), unless, sends)


def orders(state: Mapping[str, Any]) -> dict[str, dict[str, tuple[Fact, bool]]]:
    """Command, or page of an app, to the facts that it sets: each one's value, and whether it outlives power-off."""
    found: dict[str, dict[str, tuple[Fact, bool]]] = {}
    for name, source in state.items():
        if source.get("command") or source.get("app"):
            for order, value in source["values"].items():
                found.setdefault(order, {})[name] = value, source["kept"]
    return found
