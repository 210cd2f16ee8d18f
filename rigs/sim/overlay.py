"""Defects: seeded violations, as overlays on the files of a simulated unit, its cloud and its owner's phone.

A defect proves that a scenario can fail. Its ``patch`` holds RFC 7386 merge patches, one a file that it changes:
mappings are merged key by key, ``null`` deletes, everything else replaces. What comes out is checked as if it had been
written so, and a complaint names the file and line, of the defect or of what it patches, where the fault stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from rigs.sim.cloud.model import App, Cloud, DirectAddress, Platform, Sink, Store
from rigs.sim.cloud.model import checked as checked_cloud
from rigs.sim.network.layout import UplinkName
from rigs.sim.source import Source
from rigs.sim.unit.checks import checked as checked_unit
from rigs.sim.unit.model import FactSource, Function, Queue, Send, Unit
from telltale.errors import near_miss
from telltale.items import taxonomy
from telltale.yamlfile import Location, Strict


class CaughtAs(Strict):
    """How the harness must tell of the defect; what is None is left open."""

    item: Annotated[list[str] | None, BeforeValidator(lambda item: [item] if isinstance(item, str) else item)] = None
    """One of these."""
    form: str | None = None
    chain: list[str] | None = None
    """Reversible encodings from the outside in; an empty list is none."""
    recipient: str | None = None
    """Host name or address."""
    uplink: UplinkName | Literal["usb", "bluetooth", "storage", "cloud"] | None = None
    """``cloud``: it is what the maker's cloud shows to others."""
    ecu: str | None = None
    """The control unit that it leaves from."""
    request: str | None = None
    """The owner's request that it shows in, where nothing leaves the car for it."""

    @model_validator(mode="after")
    def _somewhere(self) -> CaughtAs:
        sent = self.recipient is not None and self.uplink is not None
        if sent == (self.model_fields_set == {"request"}):
            raise ValueError("expected `recipient` and `uplink` of a transmission, or `request` alone")
        return self


Which = Literal["unit", "cloud", "phone"]
"""The files that a defect may patch."""


class Patch(Strict):
    """Merge patches; at least one of them."""

    unit: dict[str, Any] = Field(default_factory=dict)
    cloud: dict[str, Any] = Field(default_factory=dict)
    phone: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something(self) -> Patch:
        if not (self.unit or self.cloud or self.phone):
            raise ValueError("changes nothing; write `unit:`, `cloud:` or `phone:` with the keys to change")
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

    def patch(self, which: Which, source: Source) -> Source:
        """*source* with the patch for it. :raises InputError: the patch deletes what is not there"""
        changes: Mapping[str, Any] = self.source.data["patch"].get(which) or {}
        return source.patched(changes, self.source, ("patch", which)) if changes else source


def load_defect(path: Path) -> Defect:
    """The defect file at *path*.

    :raises InputError: with file and line, for the first thing that is wrong
    """
    source = Source.read(path)
    file = source.check(_File)
    for item in file.caught_as.item or ():
        if item not in taxonomy():
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


class Models(NamedTuple):
    """What the simulated parts of one rig are made from."""

    unit: Unit
    cloud: Cloud
    phone: Unit | None
    """The owner's phone with the maker's app; None on a rig without one."""


def apply(
    unit: Source,
    cloud: Source,
    defects: Sequence[Defect] = (),
    *,
    phone: Source | None = None,
    dbc: Path | None = None,
) -> Models:
    """The files with *defects* laid over them, one after the other; with *dbc*, the unit's signals are looked up there.

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
        _check_names(defect, "unit", unit)
        _check_names(defect, "cloud", cloud)
        unit, cloud = defect.patch("unit", unit), defect.patch("cloud", cloud)
        if phone is not None:
            _check_names(defect, "phone", phone)
            phone = defect.patch("phone", phone)
        elif defect.source.data["patch"].get("phone"):
            raise defect.source.fault(("patch", "phone"), "this rig has no phone; name its unit file under `phone`")
    return Models(checked_unit(unit, dbc=dbc), checked_cloud(cloud), checked_unit(phone) if phone else None)


_NAMED_IN_UNITS: Mapping[Location, tuple[str, type[BaseModel]]] = {
    ("state", "*"): ("fact of the unit", FactSource),
    ("queues", "*"): ("queue of the unit", Queue),
    ("functions", "*"): ("function of the unit", Function),
    ("functions", "*", "sends", "*"): ("send of this function", Send),
}
_NAMED: Mapping[str, Mapping[Location, tuple[str, type[BaseModel]]]] = {
    "unit": _NAMED_IN_UNITS,
    "phone": _NAMED_IN_UNITS,
    "cloud": {
        ("sinks", "*"): ("sink of the cloud", Sink),
        ("platforms", "*"): ("platform of the cloud", Platform),
        ("apps", "*"): ("app of the cloud", App),
        ("stores", "*"): ("store of the cloud", Store),
        ("stores", "*", "addresses", "*"): ("address of this store", DirectAddress),
    },
}
"""Where a file's author chooses the names, so that a slip of the pen looks like a new entry."""


def _check_names(defect: Defect, which: Which, base: Source) -> None:
    """A name that the file does not have is a slip of the pen, unless it brings all that a new entry needs.

    :raises InputError: at the name, with the near-miss
    """
    patch = defect.source.data["patch"].get(which) or {}
    for pattern, (what, model) in _NAMED[which].items():
        for place, change, known in _new_entries(patch, base.data, pattern):
            try:
                model.model_validate(change)
            except ValidationError:
                name = str(place[-1])
                message = f"`{name}` is no {what}, and as a new one it is not complete" + near_miss(name, known)
                raise defect.source.fault(("patch", which, *place), message) from None


def _new_entries(
    patch: Any, base: Any, pattern: Location, place: Location = ()
) -> Iterator[tuple[Location, Any, list[str]]]:
    """Entries of *patch* at *pattern* whose name *base* lacks: place, content, and the names that are there."""
    if not isinstance(patch, dict) or not isinstance(base, dict):
        return
    step, rest = pattern[0], pattern[1:]
    for name in patch if step == "*" else {step} & set(patch):
        if rest:
            yield from _new_entries(patch[name], base.get(name), rest, (*place, name))
        elif name not in base and patch[name] is not None:
            yield (*place, name), patch[name], [str(known) for known in base]
