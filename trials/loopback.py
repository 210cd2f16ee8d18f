"""The captured way on a host without namespaces: ordinary processes, whose sockets are all on 127.0.0.1.

::

    unit ── one SOCKS port an uplink ── recording relay ── gateway (mitmproxy's SOCKS mode) ── the cloud's own ports

The unit is asked to send through the relay, and does; nothing forces it. So presence is shown as in the sealed network,
and absence is not: see `telltale.fidelity`.
"""

from __future__ import annotations

import secrets
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import python_socks
from python_socks.sync import Proxy

from captures.decode import Behind, Senders
from captures.gateway import Gateway
from captures.relay import Relay, unit_at
from rigs.protocols import Clock
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network.layout import UPLINKS
from rigs.sim.parts import SimulatedCloud
from telltale.errors import RigError
from telltale.fidelity import Fidelity
from telltale.processes import Spawner, spawn_here
from trials.observation import CONTROL_HOST, Control
from trials.recording import CONTROL_PATIENCE, Recording, Stock
from trials.wiring import PROBE_PATIENCE

UNIT, BEHIND = "127.0.0.1", "127.0.0.2"
"""Where unit and phone are, and the control unit behind the unit."""


class LoopbackWiring(Recording):
    """Gateway and relay on this host: a `trials.way.CapturedWay`."""

    fidelity = Fidelity.LOOPBACK

    def __init__(self, gateway: Gateway, relay: Relay, authority: CloudAuthority) -> None:
        super().__init__(gateway, relay)
        self.authority = authority
        self.uplinks: Mapping[str, str] = {uplink.gateway_interface: uplink.name for uplink in UPLINKS}
        self.unit_addresses: tuple[str, ...] = (*_seen_at(UNIT), *_seen_at(BEHIND))
        self.senders: Mapping[str, Senders] = {
            uplink.name: Senders(
                ecu=uplink.ecu,
                behind=tuple(Behind(ecu=row.ecu, addresses=frozenset(_seen_at(BEHIND))) for row in uplink.behind),
            )
            for uplink in UPLINKS
        }
        self.behind: Mapping[str, Mapping[str, tuple[str, str]]] = {
            ecu: {uplink.name: _seen_at(BEHIND) for uplink in UPLINKS}
            for ecu in {row.ecu for uplink in UPLINKS for row in uplink.behind}
        }
        self.interfaces: Mapping[str, str | None] = {uplink.name: None for uplink in UPLINKS}
        self.proxies = relay.ports
        self.addresses: Mapping[str, tuple[str, int]] = {}
        self._strays_before: Counter[str] = Counter()

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[LoopbackWiring]:
        """Build it all, and take it all down however the block ends.

        :param folder: for the gateway's keys and events
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as stack:
            authority = CloudAuthority.create(folder / "cloud")
            gateway = Gateway.start(
                spawn=spawn_here,
                folder=folder,
                names={},
                upstream_ca=authority.certificate,
                modes=("socks5@127.0.0.1:0",),
                confined=True,
            )
            stack.callback(gateway.close)
            (listening,) = gateway.listening
            relay = Relay.start(
                spawn=spawn_here,
                interfaces={uplink.gateway_interface: uplink.name for uplink in UPLINKS},
                gateway=(listening.ip, listening.port),
            )
            stack.callback(relay.close)
            yield cls(gateway, relay, authority)

    def coverage(self, clock: Clock) -> None:
        """None to be taken away: the loopback has no uplinks that could be down, so such scenarios are skipped."""

    def plug_behind(self) -> None:
        """Nothing to be plugged: a control unit behind the unit is an address of its own on the loopback."""

    def spawner(self, part: Literal["unit", "phone", "cloud"]) -> Spawner:
        """On this host, whatever the part."""
        del part
        return spawn_here

    def serve(self, cloud: SimulatedCloud) -> None:
        """Lead the cloud's hosts to the ports that it has on this host."""
        self.addresses = cloud.addresses
        self.gateway.reach({place: at for place, at in self.addresses.items() if ":udp/" not in place})

    def dial(self, host: str, port: int) -> socket.socket:
        """The cloud's own port, past the gateway. :raises OSError: it cannot be reached, or has no such host"""
        where = self.addresses.get(f"{host}:{port}")
        if where is None:
            raise ConnectionRefusedError(f"the bench has no cloud at {host}:{port}")
        return socket.create_connection(where, PROBE_PATIENCE)

    def begin(self, capture: Path) -> None:
        """Start a capture file; TLS keys from now on belong to it."""
        super().begin(capture)
        self._strays_before = Counter(self.gateway.refused())

    def control(self, uplink: str) -> Control:
        """Send a control transmission through *uplink*, the way the unit's go; if it fails, it will be missed."""
        control = Control(uplink=uplink, nonce=secrets.token_hex(16))
        if not self.usable:
            return control  # nothing would come of it but the wait
        proxy = Proxy(python_socks.ProxyType.SOCKS5, *self.proxies[uplink], rdns=True)
        try:
            plain = proxy.connect(CONTROL_HOST, 443, timeout=CONTROL_PATIENCE)
        except (OSError, python_socks.ProxyError):
            return control
        with plain:
            return self.deliver(control, plain, None)

    def take_stock(self) -> Stock:
        """Wait for quiet, and tell how far the capture can be trusted."""
        stock = super().take_stock()
        try:
            strays = Counter(self.gateway.refused()) - self._strays_before
        except RigError:
            return stock  # told there already
        causes = (
            f"{place} is nowhere on this bench: {count} connection{'' if count == 1 else 's'} refused"
            for place, count in strays.items()
        )
        return replace(stock, causes=(*stock.causes, *causes))


def _seen_at(ip: str) -> tuple[str, str]:
    """How an address of the loopback shows in the capture, IPv4 and IPv6."""
    return str(unit_at(ip, 4)), str(unit_at(ip, 6))
