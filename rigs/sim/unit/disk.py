"""The car's own storage: files that outlive power-off, and that ADB shows."""

from __future__ import annotations

import os
from pathlib import Path

from rigs.sim.peers.files import File, Storage
from telltale.times import SECOND


class _Writing:
    """A file of the car's being written; what has been appended is there."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk = disk
        self.path = path

    def append(self, data: bytes, moment: int) -> None:
        held = self._disk.files.get(self.path)
        self._disk.put(self.path, (held.data if held else b"") + data, moment)

    def close(self, moment: int) -> None:
        self._disk.put(self.path, self._disk.files[self.path].data if self.path in self._disk.files else b"", moment)


class Disk:
    """Files below *folder*, which is made when the first is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = Storage()
        """Every file by its path, as ADB shows them."""
        for file in folder.rglob("*") if folder.is_dir() else ():
            if file.is_file():
                changed = file.stat().st_mtime_ns // SECOND
                self.files[f"/{file.relative_to(folder)}"] = File(file.read_bytes(), modified=changed)

    def begin(self, path: str, moment: int) -> _Writing:
        """A new, empty file; one of that name makes way."""
        self.put(path, b"", moment)
        return _Writing(self, path)

    def put(self, path: str, data: bytes, moment: int) -> None:
        """The file holds *data* from bench time *moment* on."""
        place = self._folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        os.utime(place, ns=(moment, moment))
        self.files[path] = File(data, modified=moment // SECOND)

    def below(self, folder: str) -> list[str]:
        """Paths of all files below *folder*, sorted."""
        return self.files.below(folder)

    def delete(self, path: str) -> None:
        """Remove a file; nothing happens if there is none."""
        self.files.pop(path, None)
        (self._folder / path.lstrip("/")).unlink(missing_ok=True)

    def done(self) -> None:
        """What is written is there already."""
