"""What the features of a folder are run with, unless the command line says otherwise: the nearest ``defaults.yaml``."""

from __future__ import annotations

from pathlib import Path

from telltale.yamlfile import Strict, load

FILE = "defaults.yaml"


class Defaults(Strict):
    """Rig and policy, by paths that are relative to the file."""

    rig: Path | None = None
    policy: Path | None = None


def nearest(feature: Path) -> Defaults:
    """The defaults for a feature file: of its own folder, or of the first one above that has any; paths are whole.

    :raises InputError: the file is wrong
    """
    for folder in feature.parents:
        if (folder / FILE).is_file():
            said = load(folder / FILE, Defaults)
            return Defaults(rig=said.rig and folder / said.rig, policy=said.policy and folder / said.policy)
    return Defaults()
