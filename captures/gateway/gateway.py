"""The bench's handle on the gateway: starts the process, asks it, ends it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from captures.gateway.counts import GatewayCounts
from captures.gateway.names import NameTable
from captures.gateway.settings import Settings, Treatment, UnknownNames
from telltale.control import Control, PeerGoneError
from telltale.errors import RigError
from telltale.processes import Process, Spawner, end

_START = 120.0
"""Seconds for the process to listen: 1 s on a quiet machine, much more on a crowded one with cold disks."""
_ANSWER = 15.0
_END = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """Where the gateway listens, e.g. for mode ``transparent``."""

    mode: str
    ip: str
    port: int


class Gateway:
    """mitmproxy between the uplinks and the clouds. A context manager; made by `start`."""

    def __init__(self, process: Process, control: Control, settings: Settings) -> None:
        self._process = process
        self._control = control
        self._settings = settings
        self._closed = False
        self.listening: tuple[Listening, ...] = ()

    @classmethod
    def start(
        cls,
        *,
        spawn: Spawner,
        folder: Path,
        names: Mapping[str, Sequence[str]],
        unknown_names: UnknownNames = "refuse",
        proxy_port: int = 8080,
        dns_port: int = 5353,
        upstream_ca: Path | None,
        modes: Sequence[str] | None = None,
        ca: Path | None = None,
        tun: str | None = None,
        confined: bool = False,
    ) -> Gateway:
        """Start the gateway where *spawn* starts it, and wait until it listens.

        :param folder: made if missing; gets journal, TLS keys, log and the bench's CA, and holds no other gateway's
        :param names: DNS name to its IPv4 and IPv6 addresses
        :param unknown_names: what the DNS does with other names: NXDOMAIN, or an address of its own
        :param upstream_ca: PEM file that the clouds' certificates are checked against; None: they are not checked
        :param modes: mitmproxy's modes, instead of transparent on *proxy_port* and DNS on *dns_port*; port 0 lets the
            kernel choose, see ``listening``
        :param ca: folder of a bench CA that is kept (`captures.gateway.authority`); None: a new one in *folder*
        :param tun: a tun device that QUIC is routed into; without it no QUIC is opened
        :param confined: connect nowhere but where `reach` says
        :raises InputError: an address in *names* is not one
        :raises RigError: the process ended, or could not open its ports
        """
        NameTable(names)  # complains here rather than in the child
        settings = Settings(
            folder=str(folder.resolve()),
            modes=(*_modes(modes, proxy_port, dns_port), *([f"tun:{tun}"] if tun else [])),
            names={name: tuple(addresses) for name, addresses in names.items()},
            unknown_names=unknown_names,
            upstream_ca=None if upstream_ca is None else str(upstream_ca.resolve()),
            ca=None if ca is None else str(ca.resolve()),
            confined=confined,
        )
        for made in (folder, settings.authority):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        for secret in (settings.keylog, settings.log):
            secret.touch(mode=0o600)
        environment = {name: value for name, value in os.environ.items() if name != "SSLKEYLOGFILE"}
        environment["MITMPROXY_SSLKEYLOGFILE"] = str(settings.keylog)
        control, theirs = Control.pair("the gateway")
        try:
            with theirs, settings.log.open("ab") as log:
                process = spawn(
                    [sys.executable, "-m", "captures.gateway.process", str(settings.save())],
                    env=environment,
                    fds={"control": theirs.fileno()},
                    stderr=log.fileno(),
                )
        except BaseException:
            control.close()
            raise
        gateway = cls(process, control, settings)
        try:
            addresses = control.ask("ready", timeout=_START)["addresses"]
        except PeerGoneError:
            cause = gateway._cause_after_end()
            gateway.close()
            raise RigError(f"the gateway did not start: {cause}") from None
        except BaseException:
            gateway.close()
            raise
        gateway.listening = tuple(Listening(**address) for address in addresses)
        return gateway

    @property
    def ca_certificate(self) -> Path:
        """The bench CA's certificate, PEM, for the unit to trust; the key stays in the gateway's folder."""
        return self._settings.authority / "mitmproxy-ca-cert.pem"

    @property
    def keylog(self) -> Path:
        """TLS keys of all connections, of the unit's side and upstream (NSS key log), written as they are agreed."""
        return self._settings.keylog

    @property
    def journal(self) -> Path:
        """Events as JSON lines, written as they happen."""
        return self._settings.journal

    @property
    def upstream_checked(self) -> bool:
        """Whether the clouds' certificates are checked."""
        return self._settings.upstream_ca is not None

    @property
    def pid(self) -> int:
        """Process id as this host sees it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs; whether it also answers, `counts` tells."""
        return not self._closed and self._process.poll() is None

    @property
    def cause_of_death(self) -> str | None:
        """How the process ended when nobody had asked it to, as one line; None while it runs, or after `close`."""
        status = None if self._closed else self._process.poll()
        return None if status is None else self._describe(status)

    def counts(self) -> GatewayCounts:
        """What the gateway has seen so far.

        :raises PeerGoneError: it is dead, or hangs
        """
        return GatewayCounts(**self._ask("counts"))

    def idle(self) -> bool:
        """Whether nothing is under way: no request without its answer, no handshake, no connect, nothing unsent.

        :raises PeerGoneError: it is dead, or hangs
        """
        return self.counts().idle

    def names(self) -> dict[str, list[str]]:
        """The DNS table: what was given, and the names that got an address since.

        :raises PeerGoneError: it is dead, or hangs
        """
        table: dict[str, list[str]] = self._ask("names")["names"]
        return table

    def treat(self, recipients: Mapping[str, Treatment]) -> None:
        """Treat TLS to these hosts or ``*.endings`` so from now on, and to all others openly.

        :raises PeerGoneError: it is dead, or hangs
        """
        self._control.ask("treat", timeout=_ANSWER, rows={host: row.word for host, row in recipients.items()})

    def reach(self, table: Mapping[str, tuple[str, int]]) -> None:
        """Tell a confined gateway where the clouds are: ``host:port`` to an address and port of this host.

        :raises PeerGoneError: it is dead, or hangs
        """
        self._ask("reach", table={place: list(where) for place, where in table.items()})

    def refused(self) -> dict[str, int]:
        """How often a confined gateway refused which ``host:port``, since its start.

        :raises PeerGoneError: it is dead, or hangs
        """
        refused: dict[str, int] = self._ask("refused")["refused"]
        return refused

    def close(self) -> None:
        """End the process; journal, keys and log stay. Doing it twice does no harm."""
        if self._closed:
            return
        self._control.close()
        end(self._process, _END)
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        try:
            return self._control.ask(do, timeout=_ANSWER, **arguments)
        except PeerGoneError:
            with suppress(TimeoutError):  # it hung up, and may take a moment to end and have a cause of death
                self._process.wait(1)
            raise

    def _cause_after_end(self) -> str:
        with suppress(TimeoutError):
            return self._describe(self._process.wait(_END))
        return f"it did not listen within {_START:g} s"

    def _describe(self, status: int) -> str:
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        lines = self._settings.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"exit status {status}" + (f": {lines[-1]}" if lines else "")


def _modes(given: Sequence[str] | None, proxy_port: int, dns_port: int) -> tuple[str, ...]:
    return tuple(given) if given is not None else (f"transparent@{proxy_port}", f"dns@{dns_port}")
