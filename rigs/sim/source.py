"""A YAML file as read and perhaps patched since, with the file and line that every key comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel

from telltale.errors import InputError, near_miss
from telltale.yamlfile import Location, check, line_of, read_whole

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Source:
    """Plain data and where each piece of it stands."""

    path: Path
    data: Any
    lines: Mapping[Location, int]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The file with its parts. :raises InputError: one of them cannot be read or is not YAML"""
        return cls(path, *read_whole(path))

    def check(self, model: type[M]) -> M:
        """The data as *model*. :raises InputError: with the file and line of the key at fault"""
        return check(self.data, model, self.path, self.lines)

    def fault(self, place: Location, message: str) -> InputError:
        """The error to be raised about *place*."""
        return InputError(message, file=self.path, line=line_of(place, self.lines))

    def patched(self, patch: Any, by: Source, at: Location) -> Source:
        """This file after an RFC 7386 merge patch, which stands in the file *by* at *at*.

        :raises InputError: the patch deletes what is not there
        """
        data = _merge(self.data, patch, by, at)
        theirs = {place[len(at) :]: line for place, line in by.lines.items() if place[: len(at)] == at != place}
        return Source(self.path, data, {**self.lines, **theirs})


def _merge(target: Any, patch: Any, by: Source, place: Location) -> Any:
    """RFC 7386, section 2; deleting what is not there is an error here, for it is a slip of the pen."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        here = (*place, key)
        if value is None:
            if key not in merged:
                raise by.fault(here, f"`{key}: null` deletes what is not there" + near_miss(str(key), map(str, merged)))
            del merged[key]
        else:
            merged[key] = _merge(merged.get(key), value, by, here)
    return merged
