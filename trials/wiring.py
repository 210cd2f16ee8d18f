"""The captured way from a unit to a cloud: sealed network, gateway and packet tap, put together for one bench."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from captures.gateway import Gateway
from captures.tap import PacketTap
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network import CatchAll, SealedNetwork
from telltale.errors import RigError
from telltale.processes import Process
from trials.observation import Control
from trials.recording import Recording

CONTROL_ADDRESS = "192.0.2.1"
"""The cloud owns every address (AnyIP); this one is of TEST-NET-1 (RFC 5737) and of nobody."""
CATCH_ALL_PORT = 9009


class Wiring(Recording):
    """Sealed network, gateway and tap."""

    def __init__(self, network: SealedNetwork, gateway: Gateway, tap: PacketTap, authority: CloudAuthority) -> None:
        super().__init__(gateway, tap)
        self.network = network
        self.authority = authority
        self.uplinks = {uplink.gateway_interface: uplink.name for uplink in network.uplinks}
        """Captured interface to uplink."""
        self.unit_addresses = tuple(address for uplink in network.uplinks for address in uplink.unit_addresses)

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
        device = next(u.unit_interface for u in self.network.uplinks if u.name == uplink)
        with (
            contextlib.suppress(RigError),
            self.network.socket("unit", socket.AF_INET, socket.SOCK_STREAM, device=device) as plain,
        ):
            self.deliver(control, plain, (CONTROL_ADDRESS, 443))
        return control
