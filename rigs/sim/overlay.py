"""Defects: seeded violations, as overlays on the files of a simulated unit and its cloud.

A defect proves that a scenario can fail. Its ``patch`` is an RFC 7386 merge patch on the unit file and one on the cloud
file: mappings are merged key by key, ``null`` deletes, everything else replaces. What comes out is checked as if it had
been written so, and a complaint names the file and line, of the defect or of what it patches, where the fault stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from rigs.sim.cloud.model import Cloud
from rigs.sim.cloud.model import checked as checked_cloud
from rigs.sim.source import Source
from rigs.sim.unit.model import Unit
from rigs.sim.unit.model import checked as checked_unit
from telltale.errors import near_miss
from telltale.items import taxonomy
from telltale.yamlfile import Strict


class CaughtAs(Strict):
    """How the harness must tell of the defect; what is None is left open."""

    item: str | None = None
    form: str | None = None
    chain: list[str] | None = None
    """Reversible encodings from the outside in; an empty list is none."""
    recipient: str
    """Host name or address."""
    uplink: Literal["cellular", "wifi"]


class Patch(Strict):
    """Merge patches; at least one of them."""

    unit: dict[str, Any] = Field(default_factory=dict)
    cloud: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something(self) -> Patch:
        if not self.unit and not self.cloud:
            raise ValueError("changes nothing; write `unit:` or `cloud:` with the keys to change")
        return self


class _File(Strict):
    defect: str
    unit: str
    story: str
    breaks: list[str] = Field(min_length=1)
    collateral: list[str] = Field(default_factory=list)
    caught_as: CaughtAs
    patch: Patch


@dataclass(frozen=True)
class Defect:
    """One defect file."""

    source: Source
    defect: str
    """Its name."""
    unit: str
    """The unit it is for."""
    story: str
    """How such a thing comes about, for people."""
    breaks: tuple[str, ...]
    """Clauses."""
    collateral: tuple[str, ...]
    """Further clauses that it breaks as well."""
    caught_as: CaughtAs

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path

    def patch(self, which: Literal["unit", "cloud"], source: Source) -> Source:
        """*source* with the patch for it. :raises InputError: the patch deletes what is not there"""
        changes: Mapping[str, Any] = self.source.data["patch"].get(which) or {}
        return source.patched(changes, self.source, ("patch", which)) if changes else source


def load_defect(path: Path) -> Defect:
    """The defect file at *path*.

    :raises InputError: with file and line, for the first thing that is wrong
    """
    source = Source.read(path)
    file = source.check(_File)
    item = file.caught_as.item
    if item is not None and item not in taxonomy():
        raise source.fault(("caught as", "item"), f"unknown item `{item}`" + near_miss(item, taxonomy()))
    return Defect(
        source=source,
        defect=file.defect,
        unit=file.unit,
        story=file.story,
        breaks=tuple(file.breaks),
        collateral=tuple(file.collateral),
        caught_as=file.caught_as,
    )


def apply(
    unit: Source, cloud: Source, defects: Sequence[Defect] = (), *, dbc: Path | None = None
) -> tuple[Unit, Cloud]:
    """Unit and cloud with *defects* laid over them, one after the other; with *dbc*, signals are looked up there.

    :raises InputError: a defect is for another unit, patches what is not there, or makes nonsense of the file
    """
    name = unit.data.get("unit") if isinstance(unit.data, dict) else None
    for defect in defects:
        if defect.unit != name:
            raise defect.source.fault(
                ("unit",),
                f"the defect is for the unit `{defect.unit}`, and this rig's unit is `{name}`"
                + (near_miss(defect.unit, [str(name)]) if name else ""),
            )
        _known_keys("functions", "function of the unit", unit, defect, "unit", complete="sends")
        _known_keys("stores", "store of the cloud", cloud, defect, "cloud", complete="upload")
        unit, cloud = defect.patch("unit", unit), defect.patch("cloud", cloud)
    return checked_unit(unit, dbc=dbc), checked_cloud(cloud)


def _known_keys(
    section: str, what: str, base: Source, defect: Defect, which: Literal["unit", "cloud"], *, complete: str
) -> None:
    """A key that the file does not have is a slip of the pen, unless it brings all that a new entry needs."""
    known = base.data.get(section) or {} if isinstance(base.data, dict) else {}
    patch = (defect.source.data["patch"].get(which) or {}).get(section) or {}
    for name, change in patch.items():
        place = ("patch", which, section, name)
        if name not in known and not (isinstance(change, dict) and complete in change):
            raise defect.source.fault(place, f"`{name}` is no {what}" + near_miss(str(name), known))
