"""Everything that stands round a real bench, as separate parts behind sockets, a pty and a wire.

    lab         a CAN bus behind python-can-remote, a SCPI supply, a modem's and a receiver's line
    car         the simulated unit in its own network namespace, its clock pumped along with the wall's
    internet    a DNS server, and the maker's HTTPS, MQTT and reporting servers
    bench host  a namespace that is a plain router between car and internet, with a bridge for each uplink

`RealPeers.run` runs pytest on the bench host, against a rig file of kind ``real``.
"""

import os
import socket
import struct
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import can
import can_remote.server
import yaml

from captures.gateway import Gateway, authority
from rigs.identities import generate
from rigs.rigfile import KNOWN_EXITS, load_rig
from rigs.sim.certificates import CloudAuthority
from rigs.sim.client_keys import ClientAuthority
from rigs.sim.clock import VirtualClock
from rigs.sim.network import SealedNetwork
from rigs.sim.overlay import apply, load_defect
from rigs.sim.parts import SimulatedCloud, SimulatedUnit, UnitBoot
from rigs.sim.peers.host import PeerHost
from rigs.sim.source import Source
from rigs.vehicle import Vehicle

FRAME = struct.Struct("<IB3x8s")
EXTENDED = 0x80000000
"""CAN_EFF_FLAG"""
ROOT = Path(__file__).parents[2]
TOKENS = {"owner": "owner-of-the-car", "other": "somebody-else"}
TICK = 0.02


class Forward:
    """A port of the bench host that leads to one of this host's: instruments in the laboratory's network."""

    def __init__(self, listener, target):
        self._listener = listener
        self._target = target
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        self.port = listener.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            for sock in (near, far):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [near, far]
            threading.Thread(target=self._pump, args=(near, far), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            sink.close()

    def cut(self):
        """The cable is pulled."""
        self._listener.close()
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


class RemoteBus:
    """A bus behind python-can-remote; the unit hears it as raw SocketCAN frames while it is plugged in."""

    def __init__(self, name):
        self._bus = can.Bus(interface="virtual", channel=name)
        self._server = can_remote.server.RemoteServer("127.0.0.1", 0, interface="virtual", channel=name)
        self.port = self._server.server_port
        self._unit = None
        self._closing = False
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True),
            threading.Thread(target=self._listen, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def plug(self):
        ours, units = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.unplug()
        self._unit = ours
        threading.Thread(target=self._speak, args=(ours,), daemon=True).start()
        return units

    def _speak(self, unit):
        """What the unit sends is on the bus as well."""
        while True:
            try:
                frame = unit.recv(FRAME.size)
            except OSError:
                return
            if not frame:
                return
            identifier, length, data = FRAME.unpack(frame)
            self._bus.send(
                can.Message(
                    arbitration_id=identifier & 0x1FFFFFFF,
                    is_extended_id=bool(identifier & EXTENDED),
                    data=data[:length],
                )
            )

    def unplug(self):
        if self._unit is not None:
            with suppress(OSError):
                self._unit.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads it
            self._unit.close()
            self._unit = None

    def _listen(self):
        while not self._closing:
            message = self._bus.recv(0.1)
            if message is not None and self._unit is not None:
                try:
                    flag = EXTENDED if message.is_extended_id else 0
                    self._unit.send(FRAME.pack(message.arbitration_id | flag, message.dlc, bytes(message.data)))
                except OSError:
                    continue  # a unit that is off hears nothing

    def close(self):
        self._closing = True
        self._server.shutdown()
        for thread in self._threads:
            thread.join(10)
        self._server.server_close()
        self.unplug()
        self._bus.shutdown()


class RealPeers:
    """The whole of it, for one car, from `__enter__` to `__exit__`.

    :param rig: rig file of the simulated car whose unit and cloud are to be behind the wires
    :param defects: defect files that the car is seeded with
    """

    def __init__(self, folder, rig, defects=()):
        self.folder = folder
        self._rig = load_rig(rig)
        self._defects = [load_defect(path) for path in defects]
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.failure = None

    def __enter__(self):
        with ExitStack() as stack:
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _open(self, stack):
        self.network = stack.enter_context(SealedNetwork.open(proxy_port=None, open_quic=False))
        self.host = self.network.spawner("gateway")
        self._configure_host()
        self.vehicle = Vehicle.load(self._rig.vehicle)
        self.identities = generate(manufacturer_code=self.vehicle.manufacturer_code)
        self.ca = authority.create(self.folder / "ca")
        cloud_authority = CloudAuthority.create(self.folder / "internet")
        self.authorities = cloud_authority.certificate
        dns = Gateway.start(
            spawn=self.host,
            folder=self.folder / "dns",
            names={},
            unknown_names="allocate",
            upstream_ca=None,
            modes=("dns@53",),
        )
        stack.callback(dns.close)
        self.clock = VirtualClock(self.folder / "clock.bin")
        stack.callback(self.clock.close)
        unit, cloud, _phone = apply(
            Source.read(self._rig.unit), Source.read(self._rig.cloud), self._defects, dbc=self.vehicle.dbc
        )
        self._clients = ClientAuthority(self.folder / "clients")
        self._client_key = self._clients.issue("car", exportable=True)
        self._tap = self.folder / "backend-keys.log"
        self._tap.touch()
        self._cloud = SimulatedCloud(
            cloud,
            clock=self.clock,
            spawner=self.network.spawner("cloud"),
            log=self.folder / "cloud.log",
            authority=cloud_authority,
            tokens=TOKENS,
            clients=self._clients.certificate,
            keylog=self._tap,
        )
        self._cloud.start()
        stack.callback(self._cloud.stop)
        self._unit = SimulatedUnit(
            UnitBoot(
                unit=unit,
                identities=self.identities,
                flash=self.folder / "flash",
                authorities=self.ca.certificate,
                interfaces={uplink.name: uplink.unit_interface for uplink in self.uplinks},
                dbc=self.vehicle.dbc,
                footage=self._media(),
                behind=self._behind(),
                maker_authorities=self.authorities,
                client_keys={"exportable": self._client_key, "hsm": self._clients.issue("car", exportable=False)},
            ),
            clock=self.clock,
            spawner=self.network.spawner("unit"),
            log=self.folder / "unit.log",
        )
        stack.callback(self._unit.power_off)
        self.bus = RemoteBus(str(self.folder))
        stack.callback(self.bus.close)
        self.peers = PeerHost(self._output).start()
        stack.callback(self.peers.close)
        self.lab = {
            name: Forward(self.network.socket("gateway"), port)
            for name, port in {
                "can": self.bus.port,
                "adb": int(self.peers.adb.address.rpartition(":")[2]),
                "power": int(self.peers.supply.address.split("::")[2]),
            }.items()
        }
        for forward in self.lab.values():
            stack.callback(forward.cut)
        time_passes = threading.Thread(target=self._pump, daemon=True)
        time_passes.start()
        stack.callback(time_passes.join, 30)
        stack.callback(self._closing.set)

    def _configure_host(self):
        self.uplinks = [uplink for uplink in self.network.uplinks if uplink.namespace == "unit"]
        bridges = [f"{uplink.gateway_interface}=br-{uplink.gateway_interface}" for uplink in self.uplinks]
        status, said = self.on_host([sys.executable, str(Path(__file__).with_name("bridges.py")), *bridges])
        assert status == 0, said

    def on_host(self, command, **environment):
        """Run a program on the bench host; its exit status and all that it printed."""
        process = self.start_on_host(command, **environment)
        status = process.wait(300)
        return status, process.output.read_text()

    def start_on_host(self, command, **environment):
        output = self.folder / f"output-{time.monotonic_ns()}.txt"
        given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        with output.open("wb") as file:
            process = self.host(
                command,
                env={**given, "COLUMNS": "200", "PYTHONPATH": str(ROOT), **environment},
                stdout=file.fileno(),
                stderr=file.fileno(),
                cwd=self.folder,
            )
        process.output = output
        return process

    def run(self, *arguments, **environment):
        """Run pytest on the bench host."""
        return self.on_host(self.command(*arguments), **environment)

    def command(self, *arguments):
        runs = ["--runs", str(self.folder / "runs")]
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *runs, *map(str, arguments)]

    def rig_file(self, **changes):
        """The bench's rig file, with *changes* to its keys; None leaves one out."""
        values = {i.item: self._written(i.item, i.value) for i in self.identities}
        (self.folder / "identities.yaml").write_text(yaml.safe_dump(values, allow_unicode=True))
        (self.folder / "accounts.yaml").write_text(yaml.safe_dump(TOKENS))
        uplinks = [
            {
                "name": uplink.name,
                "kind": uplink.kind,
                "interface": f"br-{uplink.gateway_interface}",
                "ecu": uplink.ecu,
                "unit": list(uplink.unit_addresses),
                "behind": [
                    {"ecu": row.ecu, "ports": "{}-{}".format(*row.ports), "addresses": [row.address]}
                    for row in uplink.behind
                ],
                "control": {"address": uplink.gateway_addresses[0].rpartition(".")[0] + ".250/24"},
            }
            for uplink in self.uplinks
        ]
        data = {
            "rig": "real peers",
            "kind": "real",
            "vehicle": str(self._rig.vehicle),
            "policy": str(self._rig.policy),
            "identities": "identities.yaml",
            "accounts": "accounts.yaml",
            "ca": "ca",
            "authorities": str(self.authorities),
            "boot": "60 s",
            "can": {"interface": "remote", "channel": f"ws://127.0.0.1:{self.lab['can'].port}/"},
            "modem": {"port": self.peers.modem.path},
            "gnss": {"port": self.peers.gnss.path},
            "adb": {"tcp": f"127.0.0.1:{self.lab['adb'].port}"},
            "power": {
                "visa": f"TCPIP::127.0.0.1::{self.lab['power'].port}::SOCKET",
                "voltage": 13.5,
                "ceiling": {"voltage": 14.4, "current": 5},
            },
            "probe": {"authorities": str(self.authorities)},
            "uplinks": uplinks,
            "access": [self._access(row) for row in self._rig.access],
            "exits": dict.fromkeys(KNOWN_EXITS, "blocked"),
        }
        path = self.folder / "real.yaml"
        kept = {key: value for key, value in {**data, **changes}.items() if value is not None}
        path.write_text(yaml.safe_dump(kept, sort_keys=False))
        return path

    def _access(self, row):
        """How this bench can open what the simulated one opens by itself."""
        given = row.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if row.access == "client_cert":
            return {**given, "certificate": str(self._client_key.export(self.folder / "clients"))}
        return {**given, "path": str(self._tap)} if row.access == "backend_tap" else given

    def _written(self, item, value):
        if isinstance(value, tuple):
            return {"lat": value[0], "lon": value[1]}
        return str((self.folder / item).relative_to(self.folder)) if isinstance(value, bytes) else value

    def _behind(self):
        found = {}
        for uplink in self.uplinks:
            for row in uplink.behind:
                found.setdefault(row.ecu, {})[uplink.name] = (row.inner_address, row.address)
        return found

    def _media(self):
        found = {}
        for identity in self.identities:
            if isinstance(identity.value, bytes):
                found[identity.item] = self.folder / identity.item
                found[identity.item].write_bytes(identity.value)
        return found

    def _output(self, on):
        with self._lock:
            if not on:
                self._unit.power_off()
                self.bus.unplug()
                return
            with self.bus.plug() as plugged, self.network.vendor("ivi") as behind:
                self._unit.power_on(
                    {
                        "behind": behind.fileno(),
                        "can": plugged.fileno(),
                        "adb": self.peers.adb.socket.fileno(),
                        "modem": self.peers.modem.unit_end,
                        "gnss": self.peers.gnss.unit_end,
                    }
                )

    def _pump(self):
        """Everybody's clock is the wall's."""
        try:
            while not self._closing.wait(TICK):
                with self._lock:
                    self.clock.advance(max(0, time.time_ns() - self.clock.now()))
        except Exception as error:  # noqa: BLE001 - told by the test that finds its run spoilt
            self.failure = error
