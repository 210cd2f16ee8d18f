"""What a bench is given to open its unit's traffic with: client keys, key logs, a tap at the backend."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from captures.gateway import Gateway, Treatment
from rigs.access import AccessRow
from rigs.protocols import Adb
from rigs.sim.client_keys import ClientAuthority, ClientKey
from rigs.sim.unit.model import Unit
from telltale.errors import RigError
from telltale.hosts import nearest
from trials.keys import FetchedKeys, KeySources
from trials.observation import CONTROL_HOST

KINDS = ("exportable", "hsm")


def treatments(rows: Iterable[AccessRow], certificates: Mapping[str, Path]) -> dict[str, Treatment]:
    """What the gateway is to do with each host; the bench's controls are always opened.

    :param certificates: host to the client certificate that the bench shows there
    """
    told = {
        row.host: Treatment(untouched=not row.opened_by_gateway, certificate=certificates.get(row.host)) for row in rows
    }
    return {**told, CONTROL_HOST: Treatment()}


class Opening:
    """For one trial: makes the unit's client keys, tells the gateway what it may open, and fetches key logs.

    :param rows: the rig's access rows
    :param secrets: folder for what the unit lets go of its keys; it is the bench's, and goes with it
    :param tap: where the cloud's TLS terminator writes its keys
    :param adb: the unit's ADB, see `KeySources`
    """

    def __init__(
        self, rows: Iterable[AccessRow], unit: Unit, *, secrets: Path, tap: Path, adb: Callable[[], Adb]
    ) -> None:
        self._rows = tuple(rows)
        self._unit = unit
        self.tap = tap
        tap.touch(mode=0o600)
        self._sources = KeySources(self._rows, adb=adb, tap=tap)
        authority = ClientAuthority(Path(tempfile.mkdtemp(prefix="unit-", dir=secrets)))
        self.clients = authority.certificate
        """The authority whose client certificates the cloud asks for, PEM."""
        self.client_keys: Mapping[str, ClientKey] = {
            kind: authority.issue(unit.unit, exportable=kind == "exportable") for kind in KINDS
        }
        self.causes: list[str] = []
        """Why recipients that the rig says it can open cannot be."""

    def grant(self, gateway: Gateway) -> None:
        """Have *gateway* open what the rig says from now on, and hand the rest through; controls are always opened."""
        gateway.treat(treatments(self._rows, dict(self._certificates())))

    def fetch(self) -> FetchedKeys:
        """Fetch every key log."""
        return self._sources.fetch()

    @property
    def held(self) -> bytes:
        """What was fetched so far."""
        return self._sources.held

    def _certificates(self) -> Iterator[tuple[str, Path]]:
        for row in self._rows:
            if row.access != "client_cert":
                continue
            shown = nearest(self._unit.tls, row.host)
            kind = self._unit.tls[shown].key if shown else None
            if kind is None:
                self.causes.append(f"the unit has no client key for {row.host} that the bench could show there")
                continue
            try:
                yield row.host, self.client_keys[kind].export(self.clients.parent)
            except RigError as error:
                self.causes.append(f"the bench cannot stand in for the unit at {row.host}: {error}")
