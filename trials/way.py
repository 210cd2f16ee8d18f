"""What a simulated bench needs of the captured way between unit and cloud, whatever it is made of."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from captures.decode import Senders
from captures.gateway import Gateway
from rigs.protocols import Clock
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network.coverage import SealedCoverage
from rigs.sim.parts import SimulatedCloud
from telltale.fidelity import Fidelity
from telltale.processes import Spawner
from trials.observation import Control
from trials.recording import Stock


class CapturedWay(Protocol):
    """Where unit and cloud live, how they reach each other, and what is recorded in between."""

    fidelity: Fidelity
    gateway: Gateway
    authority: CloudAuthority
    """Who signs the cloud's certificates."""
    uplinks: Mapping[str, str]
    """Captured interface to uplink."""
    unit_addresses: tuple[str, ...]
    senders: Mapping[str, Senders]
    """Uplink to the control units that share it; none where they cannot be told apart."""
    behind: Mapping[str, Mapping[str, tuple[str, str]]]
    """Control unit behind the unit to uplink to the addresses that it sends from there; empty where there is none."""

    @property
    def interfaces(self) -> Mapping[str, str | None]:
        """Uplink to the interface of the unit that it belongs to; None where it has none of its own."""

    @property
    def proxies(self) -> Mapping[str, tuple[str, int]]:
        """Uplink to the SOCKS proxy that the unit must go through, where the network itself does not lead it."""

    @property
    def addresses(self) -> Mapping[str, tuple[str, int]]:
        """``host:port`` to where the cloud really is, for datagrams, which no proxy takes; empty: as names resolve."""

    def spawner(self, part: Literal["unit", "phone", "cloud"]) -> Spawner:
        """Starts programs where the part lives."""

    def coverage(self, clock: Clock) -> SealedCoverage | None:
        """Command of the uplinks' coverage while *clock* is the bench's, if this way has one."""

    def plug_behind(self) -> socket.socket | None:
        """A line with sockets of the control unit behind the unit (`rigs.sim.network.vending`), if there is one."""

    def serve(self, cloud: SimulatedCloud) -> None:
        """A cloud listens now: what leads to clouds leads to this one."""

    def dial(self, host: str, port: int) -> socket.socket:
        """A connection to the cloud from outside the car, as a probe makes it. :raises OSError: it cannot be reached"""

    @property
    def usable(self) -> bool:
        """Whether another capture can be made."""

    def look_after(self) -> None:
        """Make sure that what leaves the unit now would be seen. :raises RigError: it would not"""

    def begin(self, capture: Path) -> None:
        """Start a capture file; TLS keys from now on belong to it."""

    def control(self, uplink: str) -> Control:
        """Send a control transmission through *uplink*, the way the unit's go."""

    def take_stock(self) -> Stock:
        """Wait for quiet, flush the capture, and tell how far it can be trusted."""

    def has_grown(self) -> bool:
        """Whether packets have come into the capture since the last call, or since it began."""

    def keys(self) -> bytes:
        """TLS keys (NSS key log) since the capture began."""

    def seal(self, keylog: bytes) -> str | None:
        """Put the keys into the capture file and close it; returns why that failed, if it did."""
