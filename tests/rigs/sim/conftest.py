"""A loopback bench for the tests of simulated parts: cloud, unit and clock as real processes on real sockets."""

import http.client
import http.server
import itertools
import json
import os
import socket
import ssl
import struct
import textwrap
import threading
import tty
import urllib.parse
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

import cantools.database
import pytest

import rigs.sim
from rigs.e2e import protections
from rigs.identities import generate
from rigs.sim.certificates import CloudAuthority
from rigs.sim.client_keys import ClientAuthority
from rigs.sim.clock import VirtualClock
from rigs.sim.cloud.model import load_cloud
from rigs.sim.parts import SimulatedCloud, SimulatedUnit, UnitBoot
from rigs.sim.stick import SimulatedStick
from rigs.sim.unit.checks import load_unit
from rigs.words import words
from telltale.identity import Identities, Identity
from telltale.processes import spawn_here
from telltale.times import parse_duration

SIM = Path(rigs.sim.__file__).parent
START = 1_795_300_000_000_000_000
VIN = "LNBSCPAE5RW000017"
IDENTITIES = {
    **{identity.item: identity.value for identity in generate(17) if not isinstance(identity.value, bytes)},
    "vin": VIN,
    "iccid": "89860012345678901234",
    "imei": "867530900000017",
    "account_id": "mi-7700421",
    "device_id": "5d2f0c61-8a52-4f0e-9d7b-3c6a1e40b7f2",
    "licence_plate": "琼SD00017",
    "bluetooth_mac": "02:54:00:17:00:17",
    "position": (39.904200, 116.407400),
    "home_position": (39.604200, 116.207400),
    **words(Random(17)),
}


class Bench:
    """Everything that one test needs; parts end with the test."""

    def __init__(self, folder, stack):
        self.folder = folder
        self._stack = stack
        self.clock = VirtualClock(folder / "clock", start=START)
        stack.callback(self.clock.close)
        self.authority = CloudAuthority.create(folder / "authority")
        self.clients = ClientAuthority(folder / "units")
        self.client_keys = {
            kind: self.clients.issue("unit", exportable=kind != "hsm") for kind in ("exportable", "hsm")
        }
        self.dbc = SIM.parent / "dbc" / "body.dbc"
        self._database = cantools.database.load_file(self.dbc)
        self._values = {"VehicleStatus": {}, "BodyStatus": {}, "NetworkManagement": {}}
        self._protections = protections(self._database)
        self._frames = itertools.count()
        self.bench_authorities = None
        self.cloud = None
        self.tokens = {"owner": "token-of-owner", "other": "token-of-other"}

    def file(self, name, text):
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return path

    def start_cloud(self, text_or_path):
        path = self.file("cloud.yaml", text_or_path) if isinstance(text_or_path, str) else text_or_path
        self.cloud = SimulatedCloud(
            load_cloud(path),
            clock=self.clock,
            spawner=spawn_here,
            log=self.folder / "cloud.log",
            authority=self.authority,
            tokens=self.tokens,
            clients=self.clients.certificate,
            keylog=self.folder / "backend-keys.log",
            loopback=True,
        )
        self._stack.callback(self.cloud.stop)
        self.cloud.start()
        return self.cloud

    def make_unit(self, text_or_path, *, footage=None, addresses=None, interfaces=None):
        socket_folder = self.folder / "usb"
        socket_folder.mkdir(exist_ok=True)
        path = self.file("unit.yaml", text_or_path) if isinstance(text_or_path, str) else text_or_path
        self.unit = SimulatedUnit(
            UnitBoot(
                unit=load_unit(path, dbc=self.dbc),
                identities=Identities([Identity(item=item, value=value) for item, value in IDENTITIES.items()]),
                flash=self.folder / "flash",
                authorities=self.bench_authorities or self.authority.certificate,
                maker_authorities=self.authority.certificate,
                client_keys=self.client_keys,
                interfaces=interfaces or {"cellular": None, "wifi": None},
                dbc=self.dbc,
                usb=socket_folder,
                footage=footage or {},
                addresses={**(self.cloud.addresses if self.cloud else {}), **(addresses or {})},
            ),
            clock=self.clock,
            spawner=spawn_here,
            log=self.folder / "unit.log",
        )
        self.stick = SimulatedStick(self.folder, socket_folder, self.unit, self.clock)
        self._stack.callback(self.unit.power_off)
        return self.unit

    def power_on(self, **peers):
        """Boot with a fresh CAN connection, as the bench does."""
        self.can, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._stack.callback(self.can.close)
        with theirs:
            self.unit.power_on({"can": theirs.fileno(), **peers})

    def start_unit(self, text_or_path, *, footage=None, addresses=None, **peers):
        self.make_unit(text_or_path, footage=footage, addresses=addresses)
        self.power_on(**peers)
        return self.unit

    def send(self, message, **signals):
        """Put signals on the bus; the others of the message keep their values. Returns when the unit is idle again."""
        definition = self._database.get_message_by_name(message)
        values = {signal.name: 0 for signal in definition.signals} | self._values[message] | signals
        self._values[message] = values
        if protection := self._protections.get(message):
            data = protection.protected(definition.encode(values | {protection.counter: next(self._frames) % 15}))
        else:
            data = definition.encode(values)
        self.can.send(struct.pack("<IB3x8s", definition.frame_id, len(data), data))
        self.unit.settle()

    def open_ports(self):
        """Fresh ADB, modem and GNSS ports for `power_on`; the bench keeps their other ends."""
        adb = socket.create_server(("127.0.0.1", 0))
        self._stack.callback(adb.close)
        self.adb_address = adb.getsockname()
        ports = {"adb": adb.fileno()}
        for name in ("modem", "gnss"):
            master, slave = os.openpty()
            tty.setraw(slave)
            for descriptor in (master, slave):
                self._stack.callback(os.close, descriptor)
            ports[name] = master
            setattr(self, name, slave)
        return ports

    def adb_shell(self, line):
        """What ``adb shell`` does, without the program."""
        with socket.create_connection(self.adb_address, timeout=10) as peer, peer.makefile("rb") as stream:

            def say(command, first, second, data):
                word = struct.unpack("<I", command)[0]
                peer.sendall(struct.pack("<6I", word, first, second, len(data), sum(data), word ^ 0xFFFFFFFF) + data)

            def hear():
                head = stream.read(24)
                if not head:
                    return b"CLSE", 0, b""  # a unit that reboots just goes
                word, first, _, length, _, _ = struct.unpack("<6I", head)
                return struct.pack("<I", word), first, stream.read(length)

            say(b"CNXN", 0x01000000, 4096, b"host::\0")
            hear()
            say(b"OPEN", 1, 0, f"shell:{line}\0".encode())
            output = b""
            command = b"OPEN"
            while command != b"CLSE":
                command, remote, data = hear()
                if command == b"WRTE":
                    output += data
                    say(b"OKAY", 1, remote, b"")
            return output.decode()

    def move(self, latitude, longitude):
        """Tell the GNSS receiver a place, and wait until it has heard."""
        body = f"GNRMC,120000.00,A,{_nmea(latitude, 2)},N,{_nmea(longitude, 3)},E,0.0,0.0,211126,,,A"
        checksum = 0
        for byte in body.encode():
            checksum ^= byte
        os.write(self.gnss, f"${body}*{checksum:02X}\r\n".encode())
        self.unit.settle(position=(latitude, longitude))

    def wait(self, text, progress=None):
        self.clock.advance(parse_duration(text), progress)

    def fetch(self, url, *, method="GET", token=None, body=None, headers=None):
        """Ask the cloud as a phone would: status and body."""
        parts = urllib.parse.urlsplit(url)
        host, port = self.cloud.addresses[f"{parts.hostname}:{parts.port or 443}"]
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        headers = {"host": parts.hostname, **({"authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        raw = socket.create_connection((host, port), timeout=10)
        with context.wrap_socket(raw, server_hostname=parts.hostname) as sock:
            connection = http.client.HTTPConnection(parts.hostname)
            connection.sock = sock
            with closing(connection):
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request(method, target, body=body, headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.read()

    def owner(self, url, method="GET"):
        status, body = self.fetch(url, method=method, token=self.tokens["owner"])
        return status, json.loads(body)


def _nmea(degrees, digits):
    return f"{int(degrees):0{digits}d}{(degrees % 1) * 60:09.6f}"


class Recorder:
    """An HTTPS server that notes every request and answers as told."""

    def __init__(self, authority, name):
        seen = self.seen = []
        self.status = 200
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                seen.append((self.command, self.path, dict(self.headers.items()), body))
                self.send_response(recorder.status)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_PUT = do_POST  # noqa: N815 - the names that http.server looks for

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a unit whose power is cut hangs up as it likes

        self._server = Server(("127.0.0.1", 0), Handler)
        context = authority.context_for(name, alpn=("http/1.1",))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = self._server.server_address
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def bodies(self):
        return [json.loads(body) for _, _, _, body in self.seen]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sim():
    """The folder of the simulated rig's files."""
    return SIM


@pytest.fixture
def recorder(bench):
    """Stands in for https://ux.maker.test."""
    with closing(Recorder(bench.authority, "ux.maker.test")) as recorder:
        yield recorder


@pytest.fixture
def bench(tmp_path):
    with ExitStack() as stack:
        yield Bench(tmp_path, stack)
