"""TLS keys that do not come from the gateway: key logs that the unit or its backend writes (RFC 9850).

A key that should be there and is not is a gap with its cause, never a silence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from captures.decode import KeyLog
from rigs.access import AccessRow
from rigs.protocols import Adb
from telltale.errors import RigError
from telltale.hosts import nearest
from telltale.transmission import Transmission


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedKeys:
    """What every key log held when it was last fetched."""

    keylog: bytes = b""
    state: Mapping[str, str] = field(default_factory=dict)
    """By the host of its access row, how the key log that should open it stands, in words."""
    failed: frozenset[str] = frozenset()
    """Hosts of rows whose key log could not be fetched."""


class KeySources:
    """The key logs that a rig's access rows name.

    :param adb: gives the unit's ADB. It raises a `RigError` where there is none
    :param tap: the key log of a simulated backend's terminator, for rows that name none
    """

    def __init__(self, rows: Iterable[AccessRow], *, adb: Callable[[], Adb], tap: Path | None = None) -> None:
        self._rows = [row for row in rows if row.access in ("keylog", "backend_tap")]
        self._adb = adb
        self._tap = tap
        self._held: dict[str, bytes] = {}
        """Content by place; what was fetched once counts even if the unit is off later."""

    def fetch(self) -> FetchedKeys:
        """Fetch them all, each place once. What cannot be fetched is told in the state of its rows."""
        failed: dict[str, str] = {}
        places = {row.host: self._place(row) for row in self._rows}
        for row in self._rows:
            place = places[row.host]
            if place not in failed:
                try:
                    self._held[place] = self._read(row)
                except (RigError, OSError) as error:
                    failed[place] = " ".join(str(error).split())
        state = {host: self._state(place, failed.get(place)) for host, place in places.items()}
        lost = frozenset(host for host, place in places.items() if place in failed)
        return FetchedKeys(keylog=self.held, state=state, failed=lost)

    @property
    def held(self) -> bytes:
        """All that was ever fetched, as one key log."""
        return b"\n".join(self._held[place] for place in sorted(self._held))

    def _state(self, place: str, failure: str | None) -> str:
        if failure is not None:
            return f"{place} could not be fetched: {failure}"
        held = len(KeyLog.parse(self._held[place]))
        if not held:
            return f"{place} is empty"
        return f"{place} holds {held} secret{'' if held == 1 else 's'}"

    def _place(self, row: AccessRow) -> str:
        if row.access == "backend_tap":
            return f"the backend's key log{f' {row.path}' if row.path else ''}"
        return f"the key log {row.path} {'on the unit' if row.from_ == 'adb' else 'on this host'}"

    def _read(self, row: AccessRow) -> bytes:
        """:raises RigError: it cannot be fetched. :raises OSError: the file cannot be read"""
        if row.access == "keylog" and row.from_ == "adb":
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "keys.log"
                self._adb().pull(str(row.path), target)
                return target.read_bytes()
        path = Path(row.path) if row.path else self._tap
        if path is None:
            raise RigError("the rig names no file for it")
        return path.read_bytes()


def missing_keys(transmissions: Sequence[Transmission], state: Mapping[str, str]) -> list[str]:
    """Gaps: which recipients stayed closed although a key log should open them, and why.

    :param state: by host or ``*.ending``, how its key log stands
    """
    gaps: dict[str, None] = {}
    for transmission in transmissions:
        closed = transmission.channel in ("tls", "quic") and any(part.name == "payload" for part in transmission.opaque)
        row = nearest(state, transmission.recipient) if closed else None
        if row is not None:
            reason = f"{state[row]}, and nothing there opens it"
            gaps[f"TLS to {transmission.recipient} stayed closed: {reason}"] = None
    return list(gaps)
