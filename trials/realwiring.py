"""The captured way from a real unit to its clouds: the bench is its router, with gateway and tap on the uplinks."""

from __future__ import annotations

import ipaddress
import secrets
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import certifi

from captures.decode import Behind, Senders
from captures.gateway import Gateway, authority
from captures.tap import PacketTap
from rigs.addresses import UplinkAddress
from rigs.benchfile import ControlAddress, required
from rigs.rigfile import RealRig
from rigs.router import host
from rigs.router.redirect import Redirect
from rigs.router.sink import ControlSink
from rigs.router.station import Station
from rigs.sim.certificates import CloudAuthority
from telltale.errors import RigError, near_miss
from telltale.processes import spawn_here
from trials.observation import CONTROL_HOST, Control
from trials.opening import treatments
from trials.recording import Recording

INSTALL = "make one with `telltale ca FOLDER`, install it on the unit, and name the folder"


class RealWiring(Recording):
    """Gateway, tap and redirection on this host's own interfaces.

    :param stations: uplink to the client that control transmissions come from, and to the sink that they go to
    """

    def __init__(
        self, rig: RealRig, gateway: Gateway, tap: PacketTap, stations: Mapping[str, tuple[Station, ControlSink]]
    ) -> None:
        super().__init__(gateway, tap)
        self.uplinks = {uplink.interface: uplink.name for uplink in rig.uplinks}
        """Captured interface to uplink."""
        self.unit_addresses = tuple(
            address
            for uplink in rig.uplinks
            for address in (*uplink.unit, *(address for row in uplink.behind for address in row.addresses))
        )
        self.senders: Mapping[str, Senders] = {uplink.name: _senders(uplink) for uplink in rig.uplinks}
        """Uplink to the control units that share it."""
        self._stations = stations

    @classmethod
    @contextmanager
    def open(cls, rig: RealRig, folder: Path) -> Iterator[RealWiring]:
        """Take the uplinks of *rig*, and give them back however the block ends.

        :param folder: for the gateway's keys and events
        :raises InputError: an interface, a namespace or the CA is not where the rig file says, with its line
        :raises HostRefusedError: this host does not allow it
        :raises RigError: a part does not come up
        """
        interfaces = _interfaces(rig)
        ca = required(rig.bench.ca, "ca", INSTALL, file=rig.path)
        with rig.blamed("ca"):
            authority.load(ca)
        host.check_rights()
        host.check_settings()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        controls = CloudAuthority.create(folder / "controls")
        with ExitStack() as stack:
            stations = {
                uplink.name: (
                    stack.enter_context(_station(rig, index, uplink)),
                    stack.enter_context(
                        ControlSink(str(_address(rig, index, interfaces)), authority=controls, name=CONTROL_HOST)
                    ),
                )
                for index, uplink in enumerate(rig.uplinks)
                if uplink.control is not None
            }
            gateway = Gateway.start(
                spawn=spawn_here,
                folder=folder,
                names=rig.bench.names,
                upstream_ca=_trusted(rig, controls.certificate, folder / "trusted.pem"),
                modes=("transparent@0", *(["dns@0"] if rig.bench.names else [])),
                ca=ca,
            )
            stack.callback(gateway.close)
            gateway.treat(treatments(rig.access, {r.host: r.certificate for r in rig.access if r.certificate}))
            tap = PacketTap.start(
                spawn=spawn_here, interfaces={uplink.interface: uplink.name for uplink in rig.uplinks}
            )
            stack.callback(tap.close)
            ports = {listening.mode: listening.port for listening in gateway.listening}
            stack.enter_context(
                Redirect(
                    [uplink.interface for uplink in rig.uplinks],
                    proxy_port=ports["transparent"],
                    dns_port=ports.get("dns"),
                )
            )
            yield cls(rig, gateway, tap, stations)

    def control(self, uplink: str) -> Control:
        """Send a control transmission into *uplink* from the bench's own client; if it fails, it will be missed."""
        control = Control(uplink=uplink, nonce=secrets.token_hex(16))
        if uplink in self._stations and self.usable:
            station, sink = self._stations[uplink]
            try:
                plain = station.socket()
            except RigError:
                return control
            with plain:
                return self.deliver(control, plain, (sink.address, sink.port))
        return control

    @property
    def uncontrolled(self) -> list[str]:
        """Causes to distrust silence: uplinks from which no control can be sent."""
        return [
            f"no control transmission can be sent over {uplink}: its row in the rig file names no `control`"
            for uplink in self.uplinks.values()
            if uplink not in self._stations
        ]


def _senders(uplink: UplinkAddress) -> Senders:
    """Who sends through *uplink*, in the decoder's words."""
    rows = (Behind(ecu=row.ecu, ports=row.ports, addresses=frozenset(row.addresses)) for row in uplink.behind)
    return Senders(ecu=uplink.ecu, behind=tuple(rows))


def _interfaces(rig: RealRig) -> Mapping[str, host.Interface]:
    """This host's interfaces. :raises InputError: one that the rig file names is not among them"""
    known = host.interfaces()
    for index, uplink in enumerate(rig.uplinks):
        if uplink.interface not in known:
            near = near_miss(uplink.interface, known)
            raise rig.fault(("uplinks", index, "interface"), f"this host has no interface `{uplink.interface}`{near}")
    return known


def _station(rig: RealRig, index: int, uplink: UplinkAddress) -> Station:
    control = uplink.control or ControlAddress.model_construct()
    if control.namespace is not None:
        with rig.blamed("uplinks", index, "control"):
            return Station.named(control.namespace)
    if control.address is None or not host.interfaces()[uplink.interface].bridge:
        raise rig.fault(
            ("uplinks", index, "control"),
            f"`address` needs a bridge to plug the control's client into, and {uplink.interface} is none; put the "
            "interface into a bridge and name that, or give `namespace`",
        )
    return Station.plug(uplink.interface, ipaddress.IPv4Interface(control.address))


def _address(rig: RealRig, index: int, interfaces: Mapping[str, host.Interface]) -> ipaddress.IPv4Address:
    """This host's address on an uplink, in the segment of the control's client where there are several."""
    uplink = rig.uplinks[index]
    addresses = interfaces[uplink.interface].addresses
    client = uplink.control.address if uplink.control else None
    if client is not None:
        addresses = tuple(a for a in addresses if ipaddress.IPv4Interface(client).ip in a.network) or addresses
    if not addresses:
        raise rig.fault(
            ("uplinks", index, "interface"),
            f"{uplink.interface} has no IPv4 address; the bench is the unit's router there",
        )
    return addresses[0].ip


def _trusted(rig: RealRig, controls: Path, target: Path) -> Path:
    """A PEM file of whom the gateway trusts upstream: the rig's authorities or the host's, and the controls' own."""
    theirs = rig.bench.authorities or Path(ssl.get_default_verify_paths().cafile or certifi.where())
    target.write_bytes(theirs.read_bytes() + b"\n" + controls.read_bytes())
    return target
