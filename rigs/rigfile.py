"""Rig files: which bench this is, and where its instruments are.

``kind: simulated`` names the files of a unit and its cloud; ``kind: real`` names an address for each instrument. Both
name the vehicle and the policy that scenarios are judged by unless told otherwise. Paths are relative to the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from rigs.access import AccessRow, distinct
from rigs.addresses import (
    AdbAddress,
    CanAddress,
    CoverageAddress,
    DigitalAddress,
    PowerAddress,
    ProbeAddress,
    SerialAddress,
    SmsAddress,
    SnoopAddress,
    StickAddress,
    StorageAddress,
    UplinkAddress,
)
from rigs.benchfile import BenchFiles, BenchKeys
from rigs.skills import Skill
from telltale.errors import InputError, near_miss
from telltale.yamlfile import Location, Strict, check, line_of, read

Exit = Literal["observed", "blocked", "unobserved"]
"""What becomes of what leaves by a way that is no uplink: the bench sees it, keeps it from happening, or misses it."""
KNOWN_EXITS = ("bluetooth pan", "usb tethering", "second sim")
"""Ways out that a car often has beside its uplinks. A real bench that says nothing of one does not observe it."""


MANUAL = ("power", "digital", "adb", "gnss", "modem", "diagnosis")
"""What a person can stand in for."""


class Addresses(Strict):
    """Where each instrument is; what the bench lacks is left out."""

    can: CanAddress | None = None
    modem: SerialAddress | None = None
    gnss: SerialAddress | None = None
    adb: AdbAddress | None = None
    phone: AdbAddress | None = None
    """The owner's phone with the maker's app, on the bench's WiFi."""
    sms: SmsAddress | None = None
    power: PowerAddress | None = None
    digital: DigitalAddress | None = None
    coverage: CoverageAddress | None = None
    """What takes the coverage of each uplink away and gives it back."""
    probe: ProbeAddress | None = None
    stick: StickAddress | None = None
    storage: StorageAddress | None = None
    snoop: SnoopAddress | None = None
    manual: tuple[str, ...] = ()
    """Instruments that are a person: those whose address is ``{manual: true}``."""

    @model_validator(mode="before")
    @classmethod
    def _by_hand(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        manual = [key for key, value in data.items() if value == {"manual": True}]
        if unfit := [key for key in manual if key not in MANUAL]:
            raise ValueError(f"`{unfit[0]}` cannot be manual; known: {', '.join(f'`{key}`' for key in MANUAL)}")
        kept = {key: value for key, value in data.items() if key not in manual}
        return {**kept, "manual": manual} if manual else kept


Screens = Literal["keep", "attach"]
"""Whether pictures of the unit's screen stay in the run folder, or are in the report as well."""


class _SimulatedFile(Strict):
    rig: str
    kind: Literal["simulated"]
    unit: Path
    cloud: Path
    phone: Path | None = None
    vehicle: Path
    policy: Path
    screens: Screens = "keep"
    exits: dict[str, Exit] = Field(default_factory=dict)
    access: list[AccessRow] = Field(default_factory=list)
    manual: list[Literal["power", "digital", "adb", "gnss", "modem", "diagnosis"]] = Field(default_factory=list)
    engineer: dict[str, Skill] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _distinct_hosts(self) -> _SimulatedFile:
        distinct(self.access)
        return self


class _RealFile(Addresses, BenchKeys):
    rig: str
    kind: Literal["real"]
    vehicle: Path
    policy: Path
    clock: Literal["wall"] = "wall"
    uplinks: list[UplinkAddress] = Field(min_length=1)
    screens: Screens = "keep"
    exits: dict[str, Exit] = Field(default_factory=dict)
    access: list[AccessRow] = Field(default_factory=list)

    @model_validator(mode="after")
    def _distinct(self) -> _RealFile:
        distinct(self.access)
        for what in ("name", "interface"):
            values = [getattr(uplink, what) for uplink in self.uplinks]
            if len(set(values)) != len(values):
                raise ValueError(f"two uplinks have the same `{what}`")
        return self

    @model_validator(mode="after")
    def _covers_uplinks(self) -> _RealFile:
        captured = {uplink.interface: uplink.name for uplink in self.uplinks}
        for name, row in self.coverage.root.items() if self.coverage else ():
            if name not in captured.values():
                raise ValueError(f"`coverage` has `{name}`, which is no uplink{near_miss(name, captured.values())}")
            if row.interface in captured:
                raise ValueError(
                    f"`coverage` of {name} would set {row.interface} down, where packets are captured; "
                    "name the port of that bridge that leads to the car"
                )
        return self


_KINDS: dict[str, type[_SimulatedFile | _RealFile]] = {"simulated": _SimulatedFile, "real": _RealFile}


@dataclass(frozen=True, kw_only=True)
class Rig:
    """What both kinds of rig have."""

    name: str
    path: Path
    """The rig file."""
    vehicle: Path
    policy: Path
    """Folder of the policy that judges unless another is asked for."""
    exits: Mapping[str, Exit]
    """Ways out of the car that are no uplinks, and what becomes of what leaves there; the known ones are always in."""
    screens: Screens = "keep"
    access: tuple[AccessRow, ...] = ()
    """How much of each recipient's traffic can be opened; hosts without a row are intercepted."""
    lines: Mapping[Location, int] = field(repr=False)

    @property
    def unobserved(self) -> tuple[str, ...]:
        """Exits by which something could leave unseen."""
        return tuple(name for name, state in self.exits.items() if state == "unobserved")

    @property
    def access_by_host(self) -> dict[str, str]:
        """Host or ``*.ending`` to the word of its row, as plain data."""
        return {row.host: row.access for row in self.access}

    def fault(self, place: Location, message: str) -> InputError:
        """An error about the value at *place* of the file, with its line."""
        return InputError(message, file=self.path, line=line_of(place, self.lines))

    @contextmanager
    def blamed(self, *place: str | int) -> Iterator[None]:
        """What turns out to be wrong inside is the fault of the value at *place* of the file."""
        try:
            yield
        except InputError as error:
            named = f"{error.file}: " if error.file is not None else ""
            raise self.fault(place, named + error.message) from None


@dataclass(frozen=True, kw_only=True)
class SimulatedRig(Rig):
    """A bench whose unit and cloud are played from files."""

    unit: Path
    cloud: Path
    phone: Path | None = None
    """The owner's phone with the maker's app: a unit file of its own; None: a bench without one."""
    manual: tuple[str, ...] = ()
    """Instruments that a simulated engineer stands in for."""
    engineer: Mapping[str, Skill] = field(default_factory=dict)
    """Prompt to what a simulated engineer does at it."""


@dataclass(frozen=True, kw_only=True)
class RealRig(Rig):
    """A bench of instruments."""

    addresses: Addresses
    uplinks: tuple[UplinkAddress, ...]
    bench: BenchFiles
    """What it takes to run scenarios."""


def load_rig(path: Path) -> SimulatedRig | RealRig:
    """The rig file at *path*.

    :raises InputError: with file, line and near-misses, for the first thing that is wrong
    """
    data, lines = read(path)
    kind = data.get("kind") if isinstance(data, dict) else None
    if isinstance(data, dict) and kind not in _KINDS:
        given = f"`kind` is `{kind}`" if kind is not None else "`kind` is missing"
        message = f"{given}, expected one of {', '.join(_KINDS)}"
        raise InputError(message, file=path, line=line_of(("kind",), lines))
    file = check(data, _KINDS.get(str(kind), _SimulatedFile), path, lines)
    common: dict[str, Any] = {
        "name": file.rig,
        "screens": file.screens,
        "path": path,
        "vehicle": _found(path, "vehicle", file.vehicle, lines),
        "policy": _found(path, "policy", file.policy, lines, folder=True),
        "exits": _exits(path, file, lines),
        "access": tuple(_placed(path, file, row, index, lines) for index, row in enumerate(file.access)),
        "lines": lines,
    }
    if isinstance(file, _SimulatedFile):
        unit, cloud = _found(path, "unit", file.unit, lines), _found(path, "cloud", file.cloud, lines)
        phone = _found(path, "phone", file.phone, lines) if file.phone else None
        by_hand: dict[str, Any] = {"manual": tuple(file.manual), "engineer": file.engineer}
        return SimulatedRig(**common, unit=unit, cloud=cloud, phone=phone, **by_hand)
    addresses = Addresses(**{name: getattr(file, name) for name in Addresses.model_fields})
    if addresses.probe and addresses.probe.authorities:
        authorities = _found(path, "probe", addresses.probe.authorities, lines)
        probe = addresses.probe.model_copy(update={"authorities": authorities})
        addresses = addresses.model_copy(update={"probe": probe})
    paths = {
        key: _found(path, key, given, lines)
        for key in ("identities", "accounts", "authorities")
        if (given := getattr(file, key)) is not None
    }
    ca = (path.parent / file.ca).resolve() if file.ca is not None else None  # looked into when it is needed
    bench = BenchFiles(boot=file.boot, names=file.names, ca=ca, **paths)
    return RealRig(**common, addresses=addresses, uplinks=tuple(file.uplinks), bench=bench)


def _exits(path: Path, file: _SimulatedFile | _RealFile, lines: Mapping[Location, int]) -> dict[str, Exit]:
    """What becomes of every exit. :raises InputError: one that is a known one misspelt, by all appearances

    A car may have others, and a name that resembles a known one is believed as soon as that one is told of as well.
    """
    untold = [name for name in KNOWN_EXITS if name not in file.exits]
    for name in file.exits:
        if name not in KNOWN_EXITS and (close := difflib.get_close_matches(name.lower(), untold, n=1)):
            message = (
                f"unknown exit `{name}`; did you mean `{close[0]}`? "
                f"If it is another way out of this car, say what becomes of `{close[0]}` too"
            )
            raise InputError(message, file=path, line=line_of(("exits", name), lines))
    # a sealed network has no other way out than its uplinks; a real car has, unless the bench sees to it
    otherwise: Exit = "blocked" if file.kind == "simulated" else "unobserved"
    return dict.fromkeys(KNOWN_EXITS, otherwise) | file.exits


def _placed(
    path: Path, file: _SimulatedFile | _RealFile, row: AccessRow, index: int, lines: Mapping[Location, int]
) -> AccessRow:
    """*row* with its files relative to the rig file. :raises InputError: this kind of rig needs another row"""
    place: Location = ("access", index)
    real = isinstance(file, _RealFile)
    complaint = None
    if row.access == "client_cert" and real != (row.certificate is not None):
        complaint = (
            "access `client_cert` needs `certificate`, a PEM file with the unit's certificate and its key"
            if real
            else "a simulated unit's certificate is taken from the unit: leave `certificate` out"
        )
    elif row.access == "backend_tap" and real and row.path is None:
        complaint = "access `backend_tap` needs `path`, the key log that the backend's TLS terminator writes"
    elif row.access == "keylog" and row.from_ == "adb" and isinstance(file, _RealFile) and file.adb is None:
        complaint = "the key log is to be fetched over ADB, and this rig has no `adb`; give it one, or `from: file`"
    if complaint:
        raise InputError(complaint, file=path, line=line_of(place, lines))
    if row.certificate is not None:
        certificate = _found(path, "certificate", row.certificate, lines, at=(*place, "certificate"))
        return row.model_copy(update={"certificate": certificate})
    here = row.access == "backend_tap" or row.from_ == "file"
    return row.model_copy(update={"path": str((path.parent / row.path).resolve())}) if here and row.path else row


def _found(
    path: Path, key: str, given: Path, lines: Mapping[Location, int], *, folder: bool = False, at: Location = ()
) -> Path:
    """*given* relative to the rig file. :raises InputError: nothing of that kind is there"""
    place = (path.parent / given).resolve()
    if place.is_dir() if folder else place.is_file():
        return place
    siblings = place.parent.iterdir() if place.parent.is_dir() else ()
    names = [other.name for other in siblings if other.is_dir() == folder]
    kind = "folder" if folder else "file"
    message = f"`{key}` is `{given}`: no such {kind}" + near_miss(place.name, names)
    raise InputError(message, file=path, line=line_of(at or (key,), lines))
