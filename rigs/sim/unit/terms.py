"""What the parts of a unit file have in common: values of facts, conditions over them, times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from telltale.timeline import Condition
from telltale.yamlfile import Duration

Value = str | int | float
Facts = dict[str, Value | list[Value]]
"""Facts and the value, or the values, that each must have."""


def _longer_than_nothing(duration: int) -> int:
    if duration <= 0:
        raise ValueError("expected more than no time at all")
    return duration


Interval = Annotated[Duration, AfterValidator(_longer_than_nothing)]


def condition(facts: Mapping[str, Any]) -> Condition:
    """A file's condition: a value or a list of values for each fact."""
    return Condition({fact: tuple(v) if isinstance(v, list) else (v,) for fact, v in facts.items()})
