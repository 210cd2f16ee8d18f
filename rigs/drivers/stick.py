"""What is on a USB stick, as the bench reads it."""

from __future__ import annotations

from typing import BinaryIO

from rigs.fat import File, Volume
from rigs.fat.layout import TICK, FatError
from rigs.protocols import Found, KeptFile
from telltale.errors import RigError


def found_on(stream: BinaryIO, *, now: int, zone: int = 0) -> Found:
    """Every file on a FAT32 volume.

    :param now: bench time, ns; nothing on it was written later
    :param zone: ns that the car's local time, which FAT keeps, is ahead of UTC
    :raises RigError: it is no FAT32 volume
    """
    try:
        volume = Volume(stream)
        files = []
        for file in volume.files():
            content = volume.read(file)
            files.append(
                KeptFile(path=file.path, data=content.data, written=_written(file, now, zone), torn=content.torn)
            )
    except FatError as error:
        raise RigError(f"the USB stick {error}") from None
    return Found(files=tuple(files), causes=tuple(f"on the USB stick {note}" for note in volume.notes))


def _written(file: File, now: int, zone: int) -> tuple[int, int] | None:
    created = file.entry.created
    if created is None:
        return None
    return min(created - zone, now), min(created - zone + TICK - 1, now)
