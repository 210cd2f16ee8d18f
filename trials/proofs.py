"""What proofs have shown, kept from one session to the next: ``proof.json`` beside the run folders.

One entry for each scenario on each unit. A session replaces the entries of what it tried and leaves the others, so a
proof may be made feature by feature. Each entry has the digests of the files that it rests on.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from telltale.errors import InputError
from trials.proof import Catch, Pair
from trials.setup import Setup
from trials.stamps import of_file, of_policy, of_unit

FILE = "proof.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One scenario on the clean unit, or on one with a defect."""

    feature: str
    """The feature file, relative to the folder that the session was started in if it lies below it."""
    scenario: str
    clauses: tuple[str, ...]
    """Those that the scenario is tagged with."""
    unit: str
    defect: str | None
    breaks: tuple[str, ...]
    """Clauses that the defect declares to break."""
    outcome: Catch
    reason: str
    digests: dict[str, str]
    """What it rests on (``policy``, ``feature``, ``unit``, ``defect``) to its SHA-256."""


def entry(pair: Pair, setup: Setup, *, feature: Path, clauses: Iterable[str]) -> Entry:
    """What *pair* is kept as."""
    seeded = setup.defects[0] if setup.defects else None
    digests = {"policy": of_policy(setup.policy.folder), "feature": of_file(feature), "unit": of_unit(setup)}
    if seeded is not None:
        digests["defect"] = of_file(seeded.path)
    return Entry(
        feature=short(feature),
        scenario=pair.scenario,
        clauses=tuple(clauses),
        unit=setup.unit_name,
        defect=pair.defect,
        breaks=seeded.breaks if seeded else (),
        outcome=pair.catch,
        reason=pair.reason,
        digests=digests,
    )


def short(path: Path) -> str:
    """*path* relative to the present folder, if it lies below it."""
    here, path = Path.cwd(), path.resolve()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def keep(runs: Path, entries: Iterable[Entry]) -> None:
    """Put *entries* into the file below *runs*, each in place of an older one of its scenario and unit."""
    runs.mkdir(parents=True, exist_ok=True)
    handle = os.open(runs, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # another session may have proven other features meanwhile
        known = {_key(one): one for one in read(runs)} | {_key(one): one for one in entries}
        scratch = runs / f"{FILE}.part"
        lines = ",\n".join(json.dumps(asdict(known[key]), ensure_ascii=False) for key in sorted(known))
        scratch.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        scratch.replace(runs / FILE)
    finally:
        os.close(handle)


def read(runs: Path) -> list[Entry]:
    """Every entry of the file below *runs*; none if nothing was proven there.

    :raises InputError: the file is there and is no such file
    """
    file = runs / FILE
    try:
        rows: Any = json.loads(file.read_text(encoding="utf-8"))
        return [restored(row) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        message = f"is not what `telltale prove` writes ({type(error).__name__}); move it away and prove anew"
        raise InputError(message, file=file) from None


def restored(row: Any) -> Entry:
    """The entry that *row* was made of by `dataclasses.asdict`, perhaps by way of JSON."""
    known: dict[str, Any] = {**row, "outcome": Catch(row["outcome"])}
    listed = {name: tuple(known[name]) for name in ("clauses", "breaks")}
    return Entry(**{**known, **listed})


def _key(one: Entry) -> tuple[str, str, str]:
    return one.feature, one.scenario, one.defect or ""
