"""The captured way from a unit to a cloud: sealed network, gateway and packet tap, put together for one bench."""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from captures.gateway import Gateway
from captures.tap import PacketTap, TapCounts
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network import CatchAll, SealedNetwork
from telltale.errors import RigError
from telltale.processes import Process
from trials.observation import CONTROL_HOST, Control

CONTROL_ADDRESS = "192.0.2.1"
"""The cloud owns every address (AnyIP); this one is of TEST-NET-1 (RFC 5737) and of nobody."""
CONTROL_PATIENCE = 10.0
"""Seconds for a control transmission; one that takes longer was not seen."""
CATCH_ALL_PORT = 9009
QUIET = 10.0
"""Seconds to wait for the gateway to have nothing in flight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """The capture as it stands."""

    counts: TapCounts | None
    """None when the tap could not be asked."""
    keylog: bytes
    causes: tuple[str, ...]
    """What is known to have gone wrong, cause by cause."""
    names: Mapping[str, str]
    """Address to host name, as the gateway's DNS handed them out."""


class Wiring:
    """Sealed network, gateway and tap. Whatever of it dies is a cause, never a silence."""

    def __init__(self, network: SealedNetwork, gateway: Gateway, tap: PacketTap, authority: CloudAuthority) -> None:
        self.network = network
        self.gateway = gateway
        self.tap = tap
        self.authority = authority
        self.uplinks = {uplink.gateway_interface: uplink.name for uplink in network.uplinks}
        """Captured interface to uplink."""
        self.unit_addresses = tuple(address for uplink in network.uplinks for address in uplink.unit_addresses)
        self._keys_from = 0
        self._refusals_before = 0
        self._failed = False
        self._trust = ssl.create_default_context(cafile=str(gateway.ca_certificate))

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, catch_all: bool) -> Iterator[Wiring]:
        """Build it all, and take it all down however the block ends.

        :param folder: for the gateway's keys and events
        :param catch_all: a cloud that answers everything, on every port
        :raises NamespacesRefusedError: this host does not allow a sealed network
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        everything = CatchAll(tcp_port=CATCH_ALL_PORT, udp_port=CATCH_ALL_PORT)
        with ExitStack() as stack:
            network = stack.enter_context(SealedNetwork.open(catch_all=everything if catch_all else None))
            authority = CloudAuthority.create(folder / "cloud")
            gateway = Gateway.start(
                spawn=network.spawner("gateway"),
                folder=folder,
                names={},
                unknown_names="allocate",
                upstream_ca=authority.certificate,
            )
            stack.callback(gateway.close)
            tap = PacketTap.start(
                spawn=network.spawner("gateway"),
                interfaces={uplink.gateway_interface: uplink.name for uplink in network.uplinks},
            )
            stack.callback(tap.close)
            if catch_all:
                stack.enter_context(
                    CatchAllCloud.start(
                        spawn=network.spawner("cloud"),
                        authority=authority,
                        tcp_port=CATCH_ALL_PORT,
                        udp_port=CATCH_ALL_PORT,
                    )
                )
            yield cls(network, gateway, tap, authority)

    @property
    def usable(self) -> bool:
        """Whether another capture can be made: gateway and tap run, and have answered whatever they were asked."""
        return not self._failed and self.gateway.alive and self.tap.alive

    def look_after(self) -> None:
        """Make sure that what leaves the unit now would be seen.

        :raises RigError: gateway or tap has ended, or the gateway does not answer
        """
        for who, cause in (("gateway", self.gateway.cause_of_death), ("packet capture", self.tap.cause_of_death)):
            if cause is not None:
                raise self._failure(who, cause)
        try:
            self.gateway.counts()
        except RigError as error:
            raise self._failure("gateway", self.gateway.cause_of_death or error) from None

    def _failure(self, who: str, cause: object) -> RigError:
        self._failed = True
        return RigError(f"the {who} failed: {cause}")

    def spawn_unit(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, streams: tuple[int, int, int]
    ) -> Process:
        """Start a program as the unit, with the standard streams given."""
        stdin, stdout, stderr = streams
        return self.network.spawner("unit")(argv, env=env, stdin=stdin, stdout=stdout, stderr=stderr)

    def begin(self, capture: Path) -> None:
        """Start a capture file; TLS keys from now on belong to it."""
        self._keys_from = self.gateway.keylog.stat().st_size if self.gateway.keylog.exists() else 0
        self._refusals_before = self.gateway.counts().pinned
        self.tap.begin(capture)

    def control(self, uplink: str) -> Control:
        """Send a control transmission through *uplink*, the way the unit's go; if it fails, it will be missed."""
        control = Control(uplink=uplink, nonce=secrets.token_hex(16))
        if not self.usable:
            return control  # nothing would come of it but the wait
        device = next(u.unit_interface for u in self.network.uplinks if u.name == uplink)
        request = (
            f"POST /control HTTP/1.1\r\nHost: {CONTROL_HOST}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(control.nonce)}\r\nConnection: close\r\n\r\n{control.nonce}"
        ).encode()
        try:
            with self.network.socket("unit", socket.AF_INET, socket.SOCK_STREAM, device=device) as plain:
                plain.settimeout(CONTROL_PATIENCE)
                plain.connect((CONTROL_ADDRESS, 443))
                with self._trust.wrap_socket(plain, server_hostname=CONTROL_HOST) as secured:
                    secured.sendall(request)
                    while secured.recv(4096):
                        pass
        except (OSError, RigError):
            return control  # it is not in the capture then, and the observation says so
        return control

    def take_stock(self) -> Stock:
        """Wait for quiet, flush the capture, and tell how far it can be trusted."""
        causes: list[str] = []
        names: dict[str, str] = {}
        try:
            if not self._quiet():
                causes.append(f"the gateway still had transmissions in flight after {QUIET:g} s")
            names = {address: host for host, addresses in self.gateway.names().items() for address in addresses}
            if refusals := self.gateway.counts().pinned - self._refusals_before:
                causes.append(
                    f"the bench's certificate was refused {refusals} times, so what was to be sent stayed unsent"
                )
        except RigError as error:
            causes.append(str(self._failure("gateway", self.gateway.cause_of_death or error)))
        counts = None
        try:
            counts = self.tap.counts()
        except RigError as error:
            causes.append(str(self._failure("packet capture", self.tap.cause_of_death or error)))
        return Stock(counts=counts, keylog=self.keys(), causes=tuple(causes), names=names)

    def _quiet(self) -> bool:
        until = time.monotonic() + QUIET
        while not self.gateway.idle():
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def keys(self) -> bytes:
        """TLS keys (NSS key log) since the capture began."""
        if not self.gateway.keylog.exists():
            return b""
        with self.gateway.keylog.open("rb") as file:
            file.seek(self._keys_from)
            return file.read()

    def seal(self, keylog: bytes) -> str | None:
        """Put the keys into the capture file and close it; returns why that failed, if it did."""
        try:
            if keylog:
                self.tap.add_keylog(keylog)
            self.tap.end()
        except RigError as error:
            self._failed = True
            return f"the packet capture could not be closed: {self.tap.cause_of_death or error}"
        return None
