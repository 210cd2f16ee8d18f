"""pcap and pcapng files as sources, with the TLS keys that pcapng can hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from captures.decode import Decoding, KeyLog, Setting, StreamAccounts
from captures.pcapng import CaptureFile
from captures.sources.file import FileSource, SourceFile
from telltale.transmission import Transmission

_ANY = Setting()
_LARGE = 96 << 20
"""Bytes on disk."""


class PacketSource(FileSource):
    """A capture of packets."""

    def __init__(self, file: SourceFile, keylog: KeyLog, kind: str) -> None:
        super().__init__(file, kind)
        self._keylog = keylog
        self._capture = CaptureFile(file.path, unpacked=file.open if file.gzipped else None)
        self._decoding: Decoding | None = None

    @property
    def position(self) -> int:
        """Bytes on disk that were read so far."""
        return self._file.position if self._file.gzipped else self._capture.position

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read and why."""
        return (*self._ends(), *(self._decoding.notes if self._decoding else ()))

    @property
    def gaps(self) -> tuple[str, ...]:
        """What keeps silence from meaning anything."""
        accounts = self.accounts
        return (*self._ends(), *(accounts.problems() if accounts else ()))

    @property
    def accounts(self) -> StreamAccounts | None:
        """Equations 2 and 3 of the accounting."""
        return self._decoding.accounts if self._decoding else None

    def transmissions(self, setting: Setting = _ANY) -> Iterator[Transmission]:
        """What left the unit, conversation by conversation as they end."""
        keylog = self._keylog
        if self.kind == "pcapng":
            keylog |= KeyLog.parse(self._capture.keylog())
        self._decoding = Decoding(setting, keylog=keylog)
        return self._decoding.run(self._capture.batches() if self._is_large else self._capture.packets())

    @property
    def _is_large(self) -> bool:
        """Whether packets are read by the batch: it saves more time than it takes to load what it needs."""
        return self.size >= _LARGE or "numpy" in sys.modules

    def _ends(self) -> tuple[str, ...]:
        """Why the file ends before its end."""
        if self._decoding is None:
            return ()
        return tuple(why for why in (self._capture.truncated, self._file.damage) if why)


def open_file(file: SourceFile, keylog: KeyLog, kind: str) -> PacketSource:
    """The capture in *file*.

    :raises InputError: it is cut off inside its first header
    """
    return PacketSource(file, keylog, kind)
