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


def of_file(name: str, data: Mapping[str, Any], rank: int) -> Function:
    """The function *name* as its unit file has it; its sends take the ranks from *rank* on."""
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
    return Function(name, condition(data.get("while") or {}), unless, sends)


def orders(state: Mapping[str, Any]) -> dict[str, dict[str, tuple[Fact, bool]]]:
    """Command, or page of an app, to the facts that it sets: each one's value, and whether it outlives power-off."""
    found: dict[str, dict[str, tuple[Fact, bool]]] = {}
    for name, source in state.items():
        if source.get("command") or source.get("app"):
            for order, value in source["values"].items():
                found.setdefault(order, {})[name] = value, source["kept"]
    return found
