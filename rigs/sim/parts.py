"""The bench's handles on its simulated parts: power for the unit, questions for both.

A part's process is started through a `telltale.processes.Spawner`, so it runs wherever the spawner puts it: in a
namespace of the sealed network, or on this host for tests.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigs.protocols import LineState
from rigs.sim.certificates import CloudAuthority
from rigs.sim.client_keys import ClientKey
from rigs.sim.clock import NEVER, Role, VirtualClock
from rigs.sim.cloud.model import Cloud
from rigs.sim.unit.model import Unit
from telltale.control import Control, PeerGoneError
from telltale.errors import InputError, RigError
from telltale.identity import Identities
from telltale.processes import Process, Spawner

_START_SECONDS = 20.0
_SETTLE_SECONDS = 120.0
"""Wall time; a unit whose uplink is dead spends its own time limits first."""
_END_SECONDS = 5.0
_PEERS = ("can", "adb", "modem", "gnss", "power", "radio", "behind")


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A send of the unit that did not arrive."""

    bench: int
    function: str
    send: str
    reason: str
    then: str
    """What the unit did about it: ``retried``, ``queued``, ``lost``, ``not composed``."""
    uplink: str | None = None
    """The way that it was to take."""


@dataclass(frozen=True, kw_only=True)
class UnitBoot:
    """What a unit is given before its first power-up."""

    unit: Unit
    identities: Identities
    flash: Path
    """Folder of what the unit keeps over power-off; made if missing, and reused by the next boot."""
    authorities: Path | None
    """PEM file of the authorities whose certificates the unit trusts."""
    maker_authorities: Path | None = None
    """PEM file of the maker's own root; None: there is none beside the authorities."""
    client_keys: Mapping[str, ClientKey] = field(default_factory=dict)
    """Kind of key (``exportable``, ``hsm``) to the key, for servers that ask for a client certificate."""
    interfaces: Mapping[str, str | None]
    """Uplink to network interface; None: whatever the routing table says."""
    dbc: Path | None = None
    usb: Path | None = None
    """The USB socket: a folder with the volume that is plugged in, if one is."""
    footage: Mapping[str, Path] = field(default_factory=dict)
    """Media item to the file that the car's cameras record."""
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """``host:port`` to where that really is, on a bench without a name server."""
    token: str | None = None
    """What the maker's app on this unit signs in with; only a phone has one."""
    role: Role = "unit"
    """Whose place on the clock it takes: the car's unit, or the owner's phone beside it."""
    behind: Mapping[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    """Control unit behind it to uplink to the addresses (IPv4, IPv6) that it sends from there."""
    proxies: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Uplink to the SOCKS proxy that all of it goes through, on a bench whose network does not lead there."""

    def as_json(self) -> dict[str, Any]:
        """For the unit's process. :raises InputError: the run lacks a value that the unit's file asks for"""
        values: dict[str, Any] = {"app.token": self.token} if self.token else {}
        for identity in self.identities:
            if isinstance(identity.value, tuple):
                values.setdefault(identity.item, {"lat": identity.value[0], "lon": identity.value[1]})
            elif isinstance(identity.value, str):
                values.setdefault(identity.item, identity.value)
        for row in self.unit.tls.values():
            if row.key and row.key not in self.client_keys:
                raise InputError(
                    f"the unit {self.unit.unit} needs a client key of kind `{row.key}`, and was given none"
                )
        if missing := sorted(self.unit.needs - set(values) - set(self.footage)):
            given = ", ".join(sorted({*values, *self.footage})) or "none"
            wanted = ", ".join(f"`{item}`" for item in missing)
            raise InputError(
                f"the unit {self.unit.unit} needs {wanted}, which identities and footage do not give; given: {given}"
            )
        return {
            "unit": self.unit.plain(),
            "role": self.role,
            "behind": {ecu: dict(addresses) for ecu, addresses in self.behind.items()},
            "identities": values,
            "footage": {item: str(path) for item, path in self.footage.items()},
            "flash": str(self.flash),
            "authorities": str(self.authorities) if self.authorities else None,
            "maker authorities": str(self.maker_authorities) if self.maker_authorities else None,
            "client keys": {kind: key.pem for kind, key in self.client_keys.items()},
            "interfaces": dict(self.interfaces),
            "dbc": str(self.dbc) if self.dbc else None,
            "usb": str(self.usb) if self.usb else None,
            "addresses": {name: list(address) for name, address in self.addresses.items()},
            "proxies": {uplink: list(address) for uplink, address in self.proxies.items()},
        }


class _Child:
    """One process with its control line."""

    def __init__(
        self, module: str, *, name: str, boot: Mapping[str, Any], fds: Mapping[str, int], spawner: Spawner, log: Path
    ) -> None:
        self._log = log
        self.line, theirs = Control.pair(name)
        config = os.memfd_create("telltale-boot")
        try:
            os.write(config, json.dumps(boot).encode())
            with log.open("ab") as output:
                self.process: Process = spawner(
                    [sys.executable, "-m", module],
                    fds={**fds, "boot": config, "control": theirs.fileno()},
                    stdout=output.fileno(),
                    stderr=output.fileno(),
                )
        except BaseException:
            self.line.close()
            raise
        finally:
            os.close(config)
            theirs.close()

    def end(self) -> None:
        self.line.close()
        self.process.signal(signal.SIGKILL)
        with contextlib.suppress(TimeoutError):  # the kernel finishes what SIGKILL began
            self.process.wait(_END_SECONDS)

    def obituary(self) -> str:
        status = self.process.poll()
        if status is None:
            return "it still runs"
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        return f"{how}: {lines[-1].strip()}" if status > 0 and lines else how


class _Part:
    """What unit and cloud have in common."""

    role: Role

    def __init__(self, name: str, clock: VirtualClock) -> None:
        self.name = name
        self._clock = clock
        self._child: _Child | None = None
        self._turn = threading.RLock()
        """Held while the process is talked to or ended."""

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.process.poll() is None

    @property
    def pid(self) -> int | None:
        """Process id on this host; None while it is off."""
        return self._child.process.pid if self._child else None

    @property
    def cause_of_death(self) -> str | None:
        """Why it does not run, although nobody has switched it off; None while it runs or is off."""
        if self._child is None or self._child.process.poll() is None:
            return None
        return self._child.obituary()

    def ask(self, do: str, *, timeout: float = _SETTLE_SECONDS, **arguments: Any) -> dict[str, Any]:
        """Put a question to the process.

        :raises PeerGoneError: it is off, has died (with the cause), or is silent
        :raises RigError: it answered with an error
        """
        with self._turn:
            if self._child is None:
                raise PeerGoneError(f"{self.name} is off")
            try:
                return self._child.line.ask(do, timeout=timeout, **arguments)
            except PeerGoneError as error:
                with contextlib.suppress(TimeoutError):  # hung up, but not gone: then the line's own words say it
                    self._child.process.wait(1.0)
                raise PeerGoneError(f"{error} ({self.cause_of_death or 'it still runs'})") from None

    def _start(self, module: str, boot: Mapping[str, Any], fds: Mapping[str, int], spawner: Spawner, log: Path) -> None:
        inherits = {**fds, **self._clock.fds}
        self._child = _Child(module, name=self.name, boot=boot, fds=inherits, spawner=spawner, log=log)

    def _end(self) -> None:
        with self._turn:
            self._clock.detach(self.role)
            if self._child:
                self._child.end()
                self._child = None


class SimulatedUnit(_Part):
    """A unit with a power switch.

    :param spawner: starts the process where the unit lives
    :param log: file for what the process prints; every boot appends
    """

    def __init__(self, boot: UnitBoot, *, clock: VirtualClock, spawner: Spawner, log: Path) -> None:
        super().__init__(f"the {boot.role} {boot.unit.unit}", clock)
        self.role = boot.role
        self._boot = boot
        self._spawner = spawner
        self._log = log
        self._json = boot.as_json()
        self._cut = False
        self.failures: list[Failure] = []
        """Sends that did not arrive, in order, over all boots."""
        self.disbelieved: Counter[str] = Counter()
        """CAN frames that the unit has passed over, by message and cause: ``VehicleStatus: wrong CRC``."""
        self._lines: dict[str, LineState] = {}

    def power_on(self, peers: Mapping[str, int]) -> None:
        """Boot, with what is in flash; returns when the unit is up and idle. Nothing happens if it is on.

        :param peers: descriptors of the unit's ports, by name, each optional: ``can``, ``power`` and ``radio``
            (SOCK_SEQPACKET), ``adb`` (listening), ``modem`` and ``gnss`` (masters of ptys), ``behind``
            (`rigs.sim.network.vending`); they stay the caller's
        :raises RigError: it does not come up, with the reason
        """
        if self._child:
            return
        if unknown := set(peers) - set(_PEERS):
            raise ValueError(f"a unit has no port {', '.join(sorted(unknown))}")
        self._cut = False
        self._boot.flash.mkdir(parents=True, exist_ok=True)
        boot = {**self._json, "peers": sorted(peers), "lines": self._lines}
        self._start("rigs.sim.unit", boot, peers, self._spawner, self._log)
        try:
            self._note(self.ask("settle", timeout=_START_SECONDS))
        except RigError:
            self._end()
            raise
        self._clock.attach(self.role, self)

    def power_off(self) -> None:
        """Cut the power, in the midst of whatever the unit is doing; from any thread.

        Whoever waits for the unit's answer meanwhile is told nothing but that there is nothing to wait for any more.
        """
        self._cut = True
        if self._child:
            self._child.process.signal(signal.SIGKILL)
        self._end()

    def wire(self, lines: Mapping[str, LineState]) -> None:
        """Digital lines stand so from now on, whether the unit is on or not."""
        self._lines.update(lines)
        if self._child:
            with contextlib.suppress(PeerGoneError):  # a wire leads into a dead unit as well
                self.ask("lines", lines=dict(lines))

    @property
    def battery(self) -> int | None:
        """How long it runs on without its supply, ns; None: it has no battery."""
        return self._boot.unit.life.backup_battery if self._boot.unit.life else None

    def settle(self, *, position: tuple[float, float] | None = None) -> None:
        """Return when the unit has digested every input and sends nothing.

        :param position: also wait until the GNSS receiver has told this place (degrees)
        """
        self._act("settle", position=list(position) if position else None)

    def run(self, until: int) -> None:
        """See `rigs.sim.clock.Part`."""
        self._act("run", until=until)

    def socket_changed(self, *, eject: bool = False) -> None:
        """The USB stick was plugged in or taken out; with *eject* it is about to be, and the unit may finish first.

        :raises RigError: it is on, and does not answer
        """
        if self._child:
            self._note(self.ask("usb", eject=eject))

    def state(self) -> dict[str, Any]:
        """What the unit knows about itself: ``facts``, ``position``, ``queues``, ``writing`` (files)."""
        return self.ask("state")

    def _act(self, do: str, **arguments: Any) -> None:
        try:
            answer = self.ask(do, **arguments)
        except PeerGoneError:
            if not self._cut:
                raise
            return  # its power was cut while it did so, or before
        self._note(answer)
        if answer["dead"]:
            self.power_off()

    def _note(self, answer: Mapping[str, Any]) -> None:
        self.failures += [Failure(**failure) for failure in answer["failures"]]
        self.disbelieved.update(answer["disbelieved"])


class SimulatedCloud(_Part):
    """A cloud.

    :param tokens: bearer tokens of the accounts ``owner`` and ``other`` in the owner's app
    :param clients: PEM file of the authorities whose client certificates its servers ask for
    :param keylog: where its TLS terminator writes down its keys
    :param loopback: listen on free ports of 127.0.0.1 (see `addresses`) instead of everywhere on the file's own ports
    """

    role: Role = "cloud"

    def __init__(
        self,
        cloud: Cloud,
        *,
        clock: VirtualClock,
        spawner: Spawner,
        log: Path,
        authority: CloudAuthority,
        tokens: Mapping[str, str],
        clients: Path | None = None,
        keylog: Path | None = None,
        loopback: bool = False,
    ) -> None:
        super().__init__(f"the cloud {cloud.cloud}", clock)
        self.cloud = cloud
        self._spawner = spawner
        self._log = log
        self._json = {
            "cloud": cloud.plain(),
            "certificate": str(authority.certificate),
            "key": str(authority.key),
            "tokens": dict(tokens),
            "clients": str(clients) if clients else None,
            "keylog": str(keylog) if keylog else None,
            "loopback": loopback,
        }
        self._ports: dict[str, int] = {}

    def start(self) -> None:
        """Start; returns when it listens. :raises RigError: it does not come up, with the reason"""
        self._start("rigs.sim.cloud", self._json, {}, self._spawner, self._log)
        try:
            self._ports = self.ask("ports", timeout=_START_SECONDS)["ports"]
        except RigError:
            self._end()
            raise
        self._clock.attach(self.role, self)

    def stop(self) -> None:
        """End it."""
        self._end()

    def settle(self) -> None:
        """Return when the car has fetched every command of its owner's, or cannot be reached."""
        self.ask("settle")

    def run(self, until: int = NEVER) -> None:
        """See `rigs.sim.clock.Part`; the cloud does what is due by now."""
        del until
        self.ask("run")

    def stored(self) -> dict[str, list[dict[str, Any]]]:
        """What each store holds, for tests: ``id``, ``made`` (bench ns), ``places``. A probe asks over the network."""
        return self.ask("stored")

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """``host:port`` (TCP) and ``host:udp/port`` to where the cloud listens, for a loopback bench."""
        return {
            f"{host}:{port}": ("127.0.0.1", listening)
            for host in self.cloud.hosts
            for port, listening in self._ports.items()
        }
