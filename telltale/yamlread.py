"""YAML as plain data with the line of everything in it; what is no YAML is told with file, line and the mend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from telltale.errors import InputError, Line, near_miss

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


def line_of(place: Location, lines: Mapping[Location, L]) -> L | None:
    """Line of *place* or of the nearest thing that encloses it."""
    for end in range(len(place), -1, -1):
        if place[:end] in lines:
            return lines[place[:end]]
    return None


def kind_of(value: Any) -> str:
    """What a value is, for people: ``a mapping``."""
    kinds = {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}
    return kinds.get(type(value), f"a {type(value).__name__}")
