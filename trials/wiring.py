"""The captured way from a unit to a cloud: sealed network, gateway and packet tap, put together for one bench."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from captures.decode import Behind, Senders
from captures.gateway import Gateway
from captures.tap import PacketTap
from rigs.protocols import Clock
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network import QUIC_TUN, CatchAll, SealedNetwork, Uplink
from rigs.sim.network.coverage import SealedCoverage
from rigs.sim.parts import SimulatedCloud
from telltale.errors import RigError
from telltale.fidelity import Fidelity
from telltale.processes import Process, Spawner
from trials.observation import Control
from trials.recording import Recording

CONTROL_ADDRESS = "192.0.2.1"
"""The cloud owns every address (AnyIP); this one is of TEST-NET-1 (RFC 5737) and of nobody."""
CLOUD_ADDRESS = "192.0.2.2"
"""Where the probe meets the cloud; likewise."""
PROBE_PATIENCE = 30.0
"""Seconds for the probe to reach the cloud."""
CATCH_ALL_PORT = 9009


class Wiring(Recording):
    """Sealed network, gateway and tap: a `trials.way.CapturedWay`."""

    fidelity = Fidelity.SEALED
    proxies: Mapping[str, tuple[str, int]] = MappingProxyType({})
    addresses: Mapping[str, tuple[str, int]] = MappingProxyType({})

    def __init__(self, network: SealedNetwork, gateway: Gateway, tap: PacketTap, authority: CloudAuthority) -> None:
        super().__init__(gateway, tap)
        self.network = network
        self.authority = authority
        self.uplinks: Mapping[str, str] = {uplink.gateway_interface: uplink.name for uplink in network.uplinks}
        """Captured interface to uplink."""
        self.unit_addresses = tuple(
            address
            for uplink in network.uplinks
            for address in (*uplink.unit_addresses, *(behind.address for behind in uplink.behind))
        )
        self.senders: Mapping[str, Senders] = {uplink.name: _senders(uplink) for uplink in network.uplinks}
        """Uplink to the control units that share it."""
        self.remarks = {"QUIC": self.quic}
        self.behind: Mapping[str, Mapping[str, tuple[str, str]]] = {
            ecu: {u.name: (b.inner_address, b.address) for u in network.uplinks for b in u.behind if b.ecu == ecu}
            for ecu in {behind.ecu for uplink in network.uplinks for behind in uplink.behind}
        }
        """Control unit behind the unit to uplink to the addresses that it sends from there."""

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, catch_all: bool = False) -> Iterator[Wiring]:
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
                tun=None if network.quic_refused else QUIC_TUN,
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
    def interfaces(self) -> Mapping[str, str | None]:
        """Where each uplink begins, in the namespace of the unit that it belongs to."""
        return {uplink.name: uplink.unit_interface for uplink in self.network.uplinks}

    @property
    def quic(self) -> str:
        """What becomes of QUIC, as a clause."""
        if self.network.quic_refused is None:
            return "opened at the gateway"
        return f"blocked at the gateway, so that clients fall back to TCP ({self.network.quic_refused})"

    def spawner(self, part: Literal["unit", "phone", "cloud"]) -> Spawner:
        """Starts programs in the part's namespace."""
        return self.network.spawner(part)

    def coverage(self, clock: Clock) -> SealedCoverage:
        """Of every uplink."""
        return SealedCoverage(self.network, clock)

    def plug_behind(self) -> socket.socket:
        """A line with sockets of the head unit's namespace."""
        return self.network.vendor("ivi")

    def serve(self, cloud: SimulatedCloud) -> None:
        """Nothing to be done: every address is the cloud's already."""

    def dial(self, host: str, port: int) -> socket.socket:
        """From the gateway's namespace, to the cloud whatever the host. :raises OSError: it cannot be reached"""
        del host
        dialled = self.network.socket("gateway", socket.AF_INET, socket.SOCK_STREAM)
        dialled.settimeout(PROBE_PATIENCE)
        try:
            dialled.connect((CLOUD_ADDRESS, port))
        except BaseException:
            dialled.close()
            raise
        return dialled

    def spawn_unit(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, streams: tuple[int, int, int]
    ) -> Process:
        """Start a program as the unit, with the standard streams given."""
        stdin, stdout, stderr = streams
        return self.network.spawner("unit")(argv, env=env, stdin=stdin, stdout=stdout, stderr=stderr)

    def control(self, uplink: str) -> Control:
        """Send a control transmission through *uplink*, the way the unit's go; if it fails, it will be missed."""
        control = Control(uplink=uplink, nonce=secrets.token_hex(16))
        if not self.usable:
            return control  # nothing would come of it but the wait
        way = next(u for u in self.network.uplinks if u.name == uplink)
        with (
            contextlib.suppress(RigError),
            self.network.socket(way.namespace, socket.AF_INET, device=way.unit_interface) as plain,
        ):
            return self.deliver(control, plain, (CONTROL_ADDRESS, 443))
        return control


def _senders(uplink: Uplink) -> Senders:
    """Who sends through *uplink*, in the decoder's words."""
    rows = (Behind(ecu=row.ecu, ports=row.ports, addresses=frozenset({row.address})) for row in uplink.behind)
    return Senders(ecu=uplink.ecu, behind=tuple(rows))
