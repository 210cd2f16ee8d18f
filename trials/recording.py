"""Gateway and packet tap of one bench, on whatever wires: captures are begun, looked after and sealed."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from captures.gateway import Gateway
from telltale.errors import RigError
from trials.observation import CONTROL_HOST, Control, Counts
from trials.places import Held

CONTROL_PATIENCE = 10.0
"""Seconds for a control transmission; one that takes longer was not seen."""
QUIET = 10.0
"""Seconds to wait for the gateway to have nothing in flight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """The capture as it stands."""

    counts: Counts | None
    """None when the tap could not be asked."""
    keylog: bytes
    causes: tuple[str, ...]
    """What is known to have gone wrong, cause by cause."""
    names: Mapping[str, str]
    """Address to host name, as the gateway's DNS handed them out."""
    remarks: Mapping[str, str]
    """How the bench looked, e.g. what became of QUIC."""
    held: tuple[Held, ...] = ()
    """What is kept in places that are no network."""
    key_state: Mapping[str, str] = field(default_factory=dict)
    """By the host of an access row, how the key log that should open it stands, see `trials.keys`."""


class Tap(Protocol):
    """What writes the capture: `captures.tap.PacketTap`, or what stands in for it."""

    @property
    def pid(self) -> int:
        """Process id."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    @property
    def cause_of_death(self) -> str | None:
        """How it ended, in one line; None while it runs."""

    def begin(self, path: Path) -> None:
        """Begin a capture file."""

    def counts(self) -> Counts:
        """The file's account so far; the file holds, for any reader, what it says."""

    def add_keylog(self, data: bytes) -> None:
        """Put TLS keys into the file."""

    def end(self) -> Counts:
        """Close the file."""


class Recording:
    """Whatever of it dies is a cause, never a silence."""

    remarks: Mapping[str, str] = MappingProxyType({})
    """What a reader of its captures should know about it, by subject."""

    def __init__(self, gateway: Gateway, tap: Tap) -> None:
        self.gateway = gateway
        self.tap = tap
        self._keys_from = 0
        self._refusals_before = 0
        self._capture: Path | None = None
        self._measured = 0
        self._failed = False
        self._trust = ssl.create_default_context(cafile=str(gateway.ca_certificate))

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

    def begin(self, capture: Path) -> None:
        """Start a capture file; TLS keys from now on belong to it."""
        self._keys_from = self.gateway.keylog.stat().st_size if self.gateway.keylog.exists() else 0
        self._refusals_before = self.gateway.counts().pinned
        self.tap.begin(capture)
        self._capture, self._measured = capture, 0

    def has_grown(self) -> bool:
        """Whether packets have come into the capture since the last call, or since it began."""
        self.take_stock()  # flushes the capture
        before, self._measured = self._measured, self._capture.stat().st_size if self._capture else 0
        return self._measured != before

    def deliver(self, control: Control, plain: socket.socket, address: tuple[str, int] | None) -> Control:
        """Send *control* through *plain*, a socket of the unit's side, and wait for the answer; tells when that was.

        If it fails, it will be missed in the capture, and the observation says so.

        :param address: where to connect it; None if it is connected already
        """
        request = (
            f"POST /control HTTP/1.1\r\nHost: {CONTROL_HOST}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(control.nonce)}\r\nConnection: close\r\n\r\n{control.nonce}"
        ).encode()
        with contextlib.suppress(OSError):
            plain.settimeout(CONTROL_PATIENCE)
            if address is not None:
                plain.connect(address)
            with self._trust.wrap_socket(plain, server_hostname=CONTROL_HOST) as secured:
                control = replace(control, began=time.time_ns())
                secured.sendall(request)
                if secured.recv(4096):
                    control = replace(control, answered=time.time_ns())
                while secured.recv(4096):
                    pass
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
        return Stock(counts=counts, keylog=self.keys(), causes=tuple(causes), names=names, remarks=self.remarks)

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
