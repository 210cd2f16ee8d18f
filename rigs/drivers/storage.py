"""The unit's own storage over ADB: what has changed since the bench looked first.

A file counts as changed if its size or its time of change differs, which toybox's ``stat`` tells to the second; its
content is pulled only then.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from pathlib import Path
from typing import NamedTuple

from rigs.addresses import SnoopAddress, StorageAddress
from rigs.protocols import Adb, Clock, Found, KeptFile
from telltale.errors import RigError
from telltale.times import SECOND

LARGEST = 256 << 20
"""Bytes of a file that is pulled."""
_LINE = re.compile(r"(\d+) (\d+) (/.*)")


class _State(NamedTuple):
    size: int
    changed: int
    """Seconds since 1970, by the unit's clock."""


class AdbStorage:
    """The files below some folders of the unit."""

    def __init__(self, adb: Adb, address: StorageAddress, clock: Clock) -> None:
        self._adb = adb
        self._roots = address.roots
        self._left_out = tuple(folder.rstrip("/") + "/" for folder in address.leave_out)
        self._clock = clock
        self._before: dict[str, _State] | None = None
        self._pulled: dict[tuple[str, _State], bytes] = {}
        self._since = 0

    def remember(self) -> None:
        """See `rigs.protocols.Storage`; the first call counts, so that a reboot hides nothing."""
        if self._before is None:
            self._before = self._states()
            self._since = self._clock.now()

    def changed(self) -> Found:
        """See `rigs.protocols.Storage`."""
        if self._before is None:
            raise RigError("the unit's storage was not looked at before, so no difference can be told")
        files: list[KeptFile] = []
        causes: list[str] = []
        now = self._clock.now()
        for path, state in self._states().items():
            if self._before.get(path) == state:
                continue
            if state.size > LARGEST:
                causes.append(f"{path} in the unit's storage has {state.size:,} bytes, more than the bench pulls")
                continue
            # The unit's clock may differ from the bench's: what changed, changed between the two looks
            latest = max(min(state.changed * SECOND + SECOND - 1, now), self._since)
            files.append(
                KeptFile(
                    path=path,
                    data=self._content(path, state),
                    written=(max(min(state.changed * SECOND, now), self._since), latest),
                )
            )
        return Found(files=tuple(files), causes=tuple(causes))

    def _content(self, path: str, state: _State) -> bytes:
        if (path, state) not in self._pulled:
            self._pulled[path, state] = _pulled(self._adb, path)
        return self._pulled[path, state]

    def _states(self) -> dict[str, _State]:
        roots = shlex.join(self._roots)
        told = self._adb.shell(f"find {roots} -type f -exec stat -c '%s %Y %n' {{}} +")
        found: dict[str, _State] = {}
        for text in told.splitlines():
            match = _LINE.fullmatch(text)
            if match is None:
                raise RigError(f"the unit's `stat` answered `{text}`, expected size, time and path")
            if not match[3].startswith(self._left_out):
                found[match[3]] = _State(int(match[1]), int(match[2]))
        return found


class AdbSnoop:
    """The unit's HCI snoop log."""

    def __init__(self, adb: Adb, address: SnoopAddress) -> None:
        self._adb = adb
        self._path = address.path

    def read(self) -> bytes:
        """See `rigs.protocols.Snoop`."""
        return _pulled(self._adb, self._path)


def _pulled(adb: Adb, path: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="telltale-pull-") as folder:
        target = Path(folder) / "file"
        adb.pull(path, target)
        return target.read_bytes()
