"""YAML files of people, read strictly: every error names file and line, what was given, near-misses and the mend.

A file's shape is a pydantic model derived from `Strict`; `load` checks the file against it and turns the first
complaint into an `InputError` with the line of the key or value at fault.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from telltale.errors import InputError, Line, near_miss
from telltale.times import parse_duration


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
L = TypeVar("L", bound=int)
Location = tuple[int | str, ...]


_NO_BLANK = re.compile(r"[ \t-]*(?P<key>[^\W\d][\w .'-]*):(?!//)[^\s:][^:]*$")
"""A line that means a key and its value and lacks the blank between them; an address such as ``http://…`` does not."""


class _Loader(yaml.SafeLoader):
    """Safe YAML where ``on``, ``off``, ``yes`` and ``no`` stay words, as in YAML 1.2 (a switch is not a boolean)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _word in ("true", "false"):
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(f"^{_word}$"), [_word[0]])


def read(path: Path) -> tuple[Any, dict[Location, int]]:
    """The plain data of a YAML file, and the 1-based line of every key and list item by its location.

    :raises InputError: the file is missing, not UTF-8, not YAML, or repeats a key
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        siblings = [p.name for p in path.parent.glob("*") if p.is_file()] if path.parent.is_dir() else []
        raise InputError("no such file" + near_miss(path.name, siblings), file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot be read: {why}", file=path) from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Location, int] = {}
        if node is not None:
            _walk(node, (), lines, path)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        if line and (without := _without_blank(text, line)):
            at, key = without
            raise InputError(f"is not YAML: a blank is missing after `{key}:`", file=path, line=at) from None
        problem = " ".join(str(error.problem or error.context).split())
        raise InputError(f"is not YAML: {problem}", file=path, line=line) from None
    except yaml.YAMLError as error:
        raise InputError(f"is not YAML: {' '.join(str(error).split())}", file=path) from None
    except ValueError as error:  # a date that is none, for example
        raise InputError(f"holds a value that YAML cannot read: {error}", file=path) from None
    finally:
        loader.dispose()
    return data, lines


def read_whole(path: Path) -> tuple[Any, dict[Location, Line]]:
    """Like `read`, with the parts of a file that has grown too long for one: ``clauses.yaml`` and ``clauses/*.yaml``.

    Parts add to the file and to one another: mappings are joined, lists go on. What only one can say (a text, a
    number) only one may say. With parts, the file itself may be missing.

    :raises InputError: as `read`, or two of them say the same thing
    """
    parts = sorted(path.with_suffix("").glob("*.yaml"))
    files = [path, *parts] if path.exists() or not parts else parts
    whole: Any = None
    lines: dict[Location, Line] = {}
    for file in files:
        data, theirs = read(file)
        if file is files[0]:
            whole, lines = data, {place: Line(line, file) for place, line in theirs.items()}
        elif data is not None:
            whole = _joined(whole, data, (), lines, {place: Line(line, file) for place, line in theirs.items()})
    return whole, lines


def _joined(
    whole: Any, part: Any, place: Location, lines: dict[Location, Line], theirs: Mapping[Location, Line]
) -> Any:
    """*part* joined to *whole*, both found at *place*; *lines* grow by those of the part."""
    if isinstance(whole, list) and isinstance(part, list):
        for at, line in theirs.items():
            if at[: len(place)] == place and len(at) > len(place):
                lines[(*place, int(at[len(place)]) + len(whole), *at[len(place) + 1 :])] = line
        return [*whole, *part]
    if isinstance(whole, dict) and isinstance(part, dict):
        joined = dict(whole)
        for key, value in part.items():
            here = (*place, str(key))
            if key in whole:
                joined[key] = _joined(whole[key], value, here, lines, theirs)
            else:
                joined[key] = value
                lines.update({at: line for at, line in theirs.items() if at[: len(here)] == here})
        return joined
    first = line_of(place, lines)
    where = f"{first.file.name}:{int(first)}" if first else "the file before it"
    what = f"`{'.'.join(map(str, place))}`" if place else "something"
    raise InputError(f"{what} stands in {where} already; a part may only add to it", line=line_of(place, theirs))


def _without_blank(text: str, line: int) -> tuple[int, str] | None:
    """Line and key of a ``key:value`` without a blank that made YAML stumble at *line*; None if there is none.

    YAML takes it for text that may go on in the next line, so what it complains of is that line, or one still later.
    """
    lines = text.splitlines()
    for at in range(min(line, len(lines)), 0, -1):
        if found := _NO_BLANK.match(lines[at - 1]):
            return at, found["key"]
        if at < line and lines[at - 1].strip() and not lines[at - 1].lstrip().startswith("#"):
            return None
    return None


def _walk(node: yaml.Node, place: Location, lines: dict[Location, int], path: Path) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            if here in lines:
                raise InputError(f"repeats the key `{key.value}`", file=path, line=key.start_mark.line + 1)
            lines[here] = key.start_mark.line + 1
            _walk(value, here, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), lines, path)


def load(path: Path, model: type[M]) -> M:
    """The file at *path* as *model*.

    :raises InputError: with file and line, for the first thing that is wrong
    """
    data, lines = read(path)
    return check(data, model, path, lines)


def check(data: Any, model: type[M], path: Path, lines: Mapping[Location, int]) -> M:
    """*data* (from `read`, perhaps patched since) as *model*; see `load`."""
    if not isinstance(data, dict):
        raise InputError(f"holds {_kind(data)}, expected a mapping with {_keys(model)}", file=path, line=1)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _complaint(error, model, path, lines) from None


def line_of(place: Location, lines: Mapping[Location, L]) -> L | None:
    """Line of *place* or of the nearest thing that encloses it."""
    for end in range(len(place), -1, -1):
        if place[:end] in lines:
            return lines[place[:end]]
    return None


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
        shown = f"`{given}`" if isinstance(given, str | int | float | bool) else _kind(given)
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


def _kind(value: Any) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}
    return kinds.get(type(value), f"a {type(value).__name__}")
