"""What a scenario is run with: rig, vehicle, unit and cloud files, policy, defects. Read and checked once a session."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from policies import Policy, load_policy
from rigs.rigfile import RealRig, SimulatedRig, load_rig
from rigs.sim.overlay import Defect, apply, load_defect
from rigs.sim.source import Source
from rigs.vehicle import Vehicle
from telltale.fidelity import Fidelity
from trials import stamps
from trials.fidelity import REAL, SEALED, Asked, Chosen, choose

VERSIONED = ("telltale-bench", "mitmproxy", "scapy", "python-can", "cantools", "pytest", "pytest-bdd", "pyvisa-py")
"""Distributions whose versions stand in every report."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One way to run scenarios."""

    rig: SimulatedRig | RealRig
    vehicle: Vehicle
    policy: Policy
    defects: tuple[Defect, ...] = ()
    unit: Source | None = field(default=None, repr=False)
    """Simulated rigs: the unit file as read."""
    cloud: Source | None = field(default=None, repr=False)
    phone: Source | None = field(default=None, repr=False)
    """The file of the owner's phone, where the simulated rig has one."""
    chosen: Chosen = SEALED
    """What this host lets a simulated rig be; a real one is as it is."""

    @classmethod
    def read(cls, rig: Path, *, policy: Path | None, defects: Sequence[Path]) -> Setup:
        """Read it all, and check that unit, cloud, vehicle and defects fit together.

        :raises InputError: with file, line and mend, for the first thing that is wrong
        """
        return _read(rig.resolve(), policy and policy.resolve(), tuple(path.resolve() for path in defects))

    def on(self, asked: Asked) -> Setup:
        """The same with the fidelity that is asked for, as far as this host allows it; a real rig has its own."""
        return self if self.unit is None else replace(self, chosen=choose(asked))

    def with_defects(self, defects: tuple[Path, ...]) -> Setup:
        """The same with other defects."""
        return replace(self, defects=_checked(self.unit, self.cloud, self.phone, self.vehicle, defects))

    def known_defects(self) -> Iterator[tuple[Path, Defect]]:
        """The defects made for this rig's unit: below ``defects/UNIT/``, beside the folder of its unit file."""
        if self.unit is not None:
            folder = self.unit.path.parent.parent / "defects" / self.unit_name
            for path in sorted(folder.rglob("*.yaml"), key=lambda file: file.name):
                yield path, _defect(path)

    @property
    def unit_name(self) -> str:
        """Name of the unit under test."""
        return str(self.unit.data["unit"]) if self.unit is not None else self.vehicle.name

    @property
    def fidelity(self) -> Fidelity:
        """How much of the unit's doing this bench can see."""
        return self.chosen.fidelity

    @property
    def caption(self) -> str:
        """What kind of rig a report is about; a simulated one says nothing about a vehicle."""
        kind = "a simulated rig, which says nothing about a real vehicle" if self.unit is not None else "a real rig"
        exits = ", ".join(f"{name} {state}" for name, state in self.rig.exits.items())
        return f"{self.rig.name}: {kind}. Fidelity: {self.chosen}. Other ways out: {exits}."

    @property
    def seeded(self) -> str:
        """Which defects the unit is seeded with, for reports; empty for a clean one."""
        return f"Seeded with {', '.join(d.defect for d in self.defects)}." if self.defects else ""

    def labels(self, clauses: Sequence[str]) -> dict[str, list[str]]:
        """Labels of a scenario's report: document, section, clause, unit, fidelity."""
        document = self.policy.document
        return {
            "document": [f"{document.publisher}: {document.title} ({document.version})"],
            "section": sorted({self.policy.clause(clause).section for clause in clauses}),
            "clause": list(clauses),
            "unit": [self.unit_name],
            "fidelity": [self.fidelity],
            "tag": [*clauses, *(["simulated rig"] if self.unit is not None else [])],
        }

    def provenance(self) -> dict[str, object]:
        """Versions, files and kinds that a report rests on."""
        document = self.policy.document
        return {
            "rig": self.rig.name,
            "fidelity": self.fidelity,
            "fidelity because": self.chosen.because,
            "says": " ".join(filter(None, (self.caption, self.seeded))),
            "unit": self.unit_name,
            "vehicle": self.vehicle.name,
            "policy": f"{document.publisher}: {document.title} ({document.version})",
            "policy source sha256": document.source.sha256,
            "policy sha256": stamps.of_policy(self.policy.folder),
            "exits": {f"exit {name}": state for name, state in self.rig.exits.items()},
            "defects": [defect.defect for defect in self.defects],
            "commit": commit(Path(__file__).parent),
            "versions": {name: metadata.version(name) for name in VERSIONED},
            "python": platform.python_version(),
            "kernel": platform.release(),
        }


@cache
def commit(folder: Path) -> str | None:
    """Short id of the git commit that *folder* is at, with ``+`` if its files differ from it; None outside git."""
    git = shutil.which("git")
    if git is None:
        return None
    told = subprocess.run(
        [git, "-C", str(folder), "describe", "--always", "--dirty=+", "--abbrev=10"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or None


@cache
def _read(rig_path: Path, policy: Path | None, defects: tuple[Path, ...]) -> Setup:
    rig = load_rig(rig_path)
    vehicle = Vehicle.load(rig.vehicle)
    unit = Source.read(rig.unit) if isinstance(rig, SimulatedRig) else None
    cloud = Source.read(rig.cloud) if isinstance(rig, SimulatedRig) else None
    phone = Source.read(rig.phone) if isinstance(rig, SimulatedRig) and rig.phone else None
    return Setup(
        rig=rig,
        vehicle=vehicle,
        policy=load_policy(policy or rig.policy),
        defects=_checked(unit, cloud, phone, vehicle, defects),
        unit=unit,
        cloud=cloud,
        phone=phone,
        chosen=SEALED if isinstance(rig, SimulatedRig) else REAL,
    )


@cache
def _defect(path: Path) -> Defect:
    return load_defect(path)


def _checked(
    unit: Source | None, cloud: Source | None, phone: Source | None, vehicle: Vehicle, paths: tuple[Path, ...]
) -> tuple[Defect, ...]:
    """The defects at *paths*, tried on the simulated parts."""
    defects = tuple(_defect(path) for path in paths)
    if unit is not None and cloud is not None:
        apply(unit, cloud, defects, phone=phone, dbc=vehicle.dbc)
    elif defects:
        raise defects[0].source.fault((), "defects are seeded into simulated units; this rig is real")
    return defects
