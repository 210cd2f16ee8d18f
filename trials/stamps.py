"""Digests of what a run rests on, by which the matrix tells whether what it shows is still about the files of today."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trials.setup import Setup


@cache
def of_policy(folder: Path) -> str:
    """SHA-256 over the YAML files of a policy folder, their names among it."""
    files = sorted(folder.rglob("*.yaml"))
    return _digest(*((file.relative_to(folder).as_posix(), file.read_text(encoding="utf-8")) for file in files))


@cache
def of_file(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def of_unit(setup: Setup) -> str:
    """SHA-256 over the clean simulated parts: unit, cloud and phone, as read; of nothing on a real rig."""
    parts = (setup.unit, setup.cloud, setup.phone)
    return _digest(*(part.data for part in parts if part is not None))


def _digest(*what: object) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()
