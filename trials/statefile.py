"""The state of a unit over time, as people write it down beside a capture that was made elsewhere.

YAML: a mapping from fact to its value, or to its values over time::

    user_experience_plan: off
    gear: {2026-11-22T06:00:00Z: P, 2026-11-22T06:10:00Z: D}

CSV: the columns time, fact and value; an empty time is the beginning::

    time,fact,value
    ,user_experience_plan,off
    2026-11-22T06:00:00Z,gear,P

Times are ISO 8601 with their zone, on the clock of the capture. A fact has no value before its first time: it is
unknown then, and no verdict rests on it.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from policies import Policy
from telltale.errors import InputError, near_miss
from telltale.timeline import Fact, Timeline
from telltale.times import SECOND
from telltale.yamlfile import read

_HEADINGS = ["time", "fact", "value"]
_TIMES = "expected a time with its zone, `2026-11-22T06:00:00Z`"


class _Row(NamedTuple):
    at: int
    fact: str
    value: Fact
    line: int | None


def load_state(path: Path, policy: Policy | None) -> Timeline:
    """The timeline in a state file.

    :param policy: its facts are the only ones that the file may name; None lets it name any
    :raises InputError: no such file, a fact or a value that the policy does not know, a time without a zone
    """
    rows = list(_from_csv(path) if path.suffix.lower() == ".csv" else _from_yaml(path))
    if not rows:
        raise InputError("holds no state; write e.g. `user_experience_plan: off`", file=path, line=1)
    timeline = Timeline()
    for row in sorted(rows, key=lambda row: row.at):
        _check(row, path, policy)
        timeline.record(row.at, row.fact, row.value, path.name)
    return timeline


def _check(row: _Row, path: Path, policy: Policy | None) -> None:
    if policy is None:
        return
    facts = policy.document.facts
    if row.fact not in facts:
        raise InputError(f"unknown fact `{row.fact}`" + near_miss(row.fact, facts), file=path, line=row.line)
    known = facts[row.fact]
    if row.value not in known:
        expected = ", ".join(f"`{value}`" for value in known)
        raise InputError(f"`{row.fact}` is `{row.value}`, expected one of {expected}", file=path, line=row.line)


def _from_yaml(path: Path) -> Iterator[_Row]:
    data, lines = read(path)
    if not isinstance(data, Mapping):
        raise InputError("expected a mapping from fact to value, e.g. `user_experience_plan: off`", file=path, line=1)
    for fact, given in data.items():
        line = lines.get((str(fact),))
        if not isinstance(given, Mapping):
            yield _Row(0, str(fact), _value(given, str(fact), path, line), line)
            continue
        for time, value in given.items():
            yield _Row(_moment(time, path, line), str(fact), _value(value, str(fact), path, line), line)


def _from_csv(path: Path) -> Iterator[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            headings = [heading.strip() for heading in next(reader, [])]
            if headings != _HEADINGS:
                raise InputError(
                    f"has the columns `{','.join(headings)}`, expected `{','.join(_HEADINGS)}`", file=path, line=1
                )
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(_HEADINGS):
                    raise InputError(f"holds {len(cells)} of {len(_HEADINGS)} cells", file=path, line=reader.line_num)
                time, fact, value = (cell.strip() for cell in cells)
                at = _moment(time, path, reader.line_num) if time else 0
                yield _Row(at, fact, _number(value), reader.line_num)
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is no CSV in UTF-8: {error}", file=path) from None


def _number(cell: str) -> Fact:
    """A cell's value as YAML would read it; words stay words."""
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(cell, cell)


def _value(given: object, fact: str, path: Path, line: int | None) -> Fact:
    if isinstance(given, str | int | float | bool):
        return given
    raise InputError(f"`{fact}` has no value that a fact can take; write e.g. `{fact}: off`", file=path, line=line)


def _moment(given: object, path: Path, line: int | None) -> int:
    """ns since 1970-01-01 UTC."""
    time = given
    if isinstance(given, str):
        try:
            time = dt.datetime.fromisoformat(given)
        except ValueError:
            time = None
    if not isinstance(time, dt.datetime) or time.tzinfo is None:
        raise InputError(f"`{given}` is no moment: {_TIMES}", file=path, line=line)
    return int(time.replace(microsecond=0).timestamp()) * SECOND + time.microsecond * 1000
