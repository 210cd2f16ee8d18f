"""Which scenarios there are, by which clauses they are tagged with, and which defects were made for their units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser

from telltale.errors import InputError, near_miss
from trials.defaults import nearest
from trials.setup import Setup
from trials.stamps import of_file, of_unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """One scenario, or an outline with all its examples."""

    feature: Path
    title: str
    tags: frozenset[str]
    """Its own, its rule's and its feature's."""

    def is_called(self, name: str) -> bool:
        """Whether *name* is its title, perhaps with a row of its examples."""
        return name == self.title or (name.startswith(f"{self.title}[") and name.endswith("]"))


def scenarios(place: Path) -> list[Scenario]:
    """Every scenario of the feature file *place*, or of those below the folder.

    :raises InputError: there is no such place, or a file is not Gherkin
    """
    if not place.exists():
        beside = [path.name for path in place.parent.iterdir()] if place.parent.is_dir() else []
        raise InputError("no such feature file or folder" + near_miss(place.name, beside), file=place)
    files = sorted(place.rglob("*.feature")) if place.is_dir() else [place]
    return [scenario for file in files for scenario in _of(file)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seedable:
    """A defect that there is."""

    breaks: tuple[str, ...]
    digests: dict[str, str]
    """Of its own file (``defect``) and of the clean unit (``unit``), as they are today."""


def known_defects(found: list[Scenario]) -> dict[str, Seedable]:
    """Defects made for the units of these scenarios' rigs, by name.

    :raises InputError: a rig's files are wrong
    """
    rigs = {rig for feature in {one.feature for one in found} if (rig := nearest(feature.resolve()).rig)}
    setups = [Setup.read(rig, policy=None, defects=()) for rig in sorted(rigs)]
    return {
        defect.defect: Seedable(breaks=defect.breaks, digests={"defect": of_file(path), "unit": of_unit(setup)})
        for setup in setups
        for path, defect in setup.known_defects()
    }


def _of(file: Path) -> Iterator[Scenario]:
    try:
        feature = Parser().parse(file.read_text(encoding="utf-8")).get("feature")
    except CompositeParserException as error:
        first = error.errors[0]
        raise InputError(str(first).partition(": ")[2], file=file, line=first.location["line"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", file=file) from None
    if feature is not None:
        yield from _inside(file, feature, frozenset())


def _inside(file: Path, block: Mapping[str, Any], outer: frozenset[str]) -> Iterator[Scenario]:
    tags = outer | {tag["name"].removeprefix("@") for tag in block["tags"]}
    for child in block["children"]:
        if rule := child.get("rule"):
            yield from _inside(file, rule, tags)
        elif scenario := child.get("scenario"):
            own = {tag["name"].removeprefix("@") for tag in scenario["tags"]}
            yield Scenario(feature=file, title=scenario["name"], tags=tags | own)
