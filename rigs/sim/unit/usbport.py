"""The unit's USB socket. What is plugged in is a FAT32 volume, a file in the socket's folder."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from rigs.fat import Recorder, Recording
from rigs.fat.layout import FatError

VOLUME = "stick.img"
"""Name of the volume in the socket's folder."""


class UsbPort:
    """Mounts what it finds, and notices with each write that it is still there.

    :param folder: the socket; None for a unit that has none
    """

    def __init__(self, folder: Path | None) -> None:
        self._volume = folder / VOLUME if folder else None
        self._stream: BinaryIO | None = None
        self._recorder: Recorder | None = None
        self._ejected = False

    @property
    def plugged(self) -> bool:
        """Whether there is a stick that can be written to."""
        return self._recorder is not None and self._is_there

    @property
    def _is_there(self) -> bool:
        return self._volume is not None and self._volume.exists()

    def look(self) -> None:
        """Mount what was plugged in, forget what was taken out; a stick that is not FAT32 is not used."""
        if not self._is_there:
            self._forget()
            self._ejected = False
        elif self._recorder is None and not self._ejected and self._volume is not None:
            self._stream = self._volume.open("r+b", buffering=0)
            try:
                self._recorder = Recorder(self._stream)
            except FatError:
                self._forget()

    def eject(self) -> None:
        """Finish with the stick: it may be taken out."""
        if self._recorder is not None:
            self._recorder.close()
        self._forget()
        self._ejected = True

    def begin(self, path: str, moment: int) -> Recording:
        """A new file. :raises OSError: there is no stick, or it is full"""
        if self._recorder is None or not self._is_there:
            raise OSError("no USB stick is plugged in")
        return self._recorder.begin(path, moment)

    def delete(self, path: str) -> None:
        """Remove a file from the stick, if that is still there."""
        if self._recorder is not None and self._is_there:
            self._recorder.delete(path)
            self._recorder.close()

    def done(self) -> None:
        """Nothing is being written any more."""
        if self._recorder is not None and self._is_there:
            self._recorder.close()

    def _forget(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = self._recorder = None
