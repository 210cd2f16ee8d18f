"""YAML files of people, read strictly: every error names file and line, what was given, near-misses and the mend.

A file's shape is a pydantic model derived from `Strict`; `load` checks the file against it and turns the first
complaint into an `InputError` with the line of the key or value at fault.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from telltale.errors import InputError, near_miss
from telltale.times import parse_duration
from telltale.yamlread import Location, kind_of, line_of, read, read_whole

__all__ = ["Duration", "Location", "Strict", "check", "line_of", "load", "read", "read_whole"]


class Strict(BaseModel):
    """Base of every file's model: unknown keys are errors, values immutable, ``some_key`` is written ``some key``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.rstrip("_").replace("_", " "),
        populate_by_name=True,
    )


Duration = Annotated[int, BeforeValidator(lambda value: parse_duration(value) if isinstance(value, str) else value)]
"""Nanoseconds, written ``60 minutes`` or ``10 s``."""

M = TypeVar("M", bound=BaseModel)


def load(path: Path, model: type[M]) -> M:
    """The file at *path* as *model*.

    :raises InputError: with file and line, for the first thing that is wrong
    """
    data, lines = read(path)
    return check(data, model, path, lines)


def check(data: Any, model: type[M], path: Path, lines: Mapping[Location, int]) -> M:
    """*data* (from `read`, perhaps patched since) as *model*; see `load`."""
    if not isinstance(data, dict):
        raise InputError(f"holds {kind_of(data)}, expected a mapping with {_keys(model)}", file=path, line=1)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _complaint(error, model, path, lines) from None


def _complaint(error: ValidationError, model: type[BaseModel], path: Path, lines: Mapping[Location, int]) -> InputError:
    problems = error.errors(include_url=False)
    # An unknown key explains a missing one beside it, so it is told first.
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    # pydantic adds union members and validators to the location; only what stands in the file has a line
    place: Location = ()
    for step in problem["loc"]:
        if (*place, step) in lines or problem["type"] == "missing" or step == problem["loc"][-1]:
            place = (*place, step)
    name = ".".join(map(str, place))
    line = line_of(place, lines)
    given = problem.get("input")
    if problem["type"] == "extra_forbidden":
        message = f"unknown key `{place[-1]}`" + near_miss(str(place[-1]), _known(model, place[:-1]))
    elif problem["type"] == "missing":
        message = f"`{name}` is missing"
    elif problem["type"] == "literal_error":
        expected = [word.strip("'\" ") for word in str(problem["ctx"]["expected"]).replace(" or ", ",").split(",")]
        message = f"`{name}` is `{given}`, expected one of {', '.join(expected)}" + (
            near_miss(str(given), expected) if len(expected) > 12 else ""
        )
    else:
        reason = problem["msg"].removeprefix("Value error, ")
        shown = f"`{given}`" if isinstance(given, str | int | float | bool) else kind_of(given)
        message = f"`{name}` is {shown}: {reason[0].lower()}{reason[1:]}" if name else reason
    return InputError(message, file=path, line=line)


def _known(model: Any, place: Location) -> list[str]:
    """Keys that the model allows at *place*, following fields, mappings, lists and unions."""
    for step in place:
        candidates = [m for m in _models(model) if isinstance(m, type)]
        found = None
        for candidate in candidates:
            for name, info in candidate.model_fields.items():
                if step in (name, info.alias):
                    found = info.annotation
        if found is None:  # a mapping's key or a list's index
            found = _item_type(model)
        if found is None:
            return []
        model = found
    keys: list[str] = []
    for candidate in _models(model):
        keys += [info.alias or name for name, info in candidate.model_fields.items()]
    return keys


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, Annotated):
        return [m for arg in typing.get_args(annotation) for m in _models(arg)]
    return []


def _item_type(annotation: Any) -> Any:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType, Annotated):
        return next((t for a in arguments if (t := _item_type(a)) is not None), None)
    if origin is not None and arguments:
        return arguments[-1] if arguments[-1] is not Ellipsis else arguments[0]
    return None


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(f"`{info.alias or name}`" for name, info in model.model_fields.items())
