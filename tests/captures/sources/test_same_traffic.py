"""What a real client says through a real mitmdump gives the same sightings as packets with keys, HAR and flows."""

import base64
import contextlib
import gzip
import json
import re
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from captures.pcapng import RAW_IP, Interface, PcapngWriter
from captures.sightings import Engine
from captures.sources import open_source
from rigs.sim.certificates import CloudAuthority
from telltale.identity import Identities, Identity

VIN, MAIL, NAME = "LSVAM4187C2184847", "li@example.cn", "张三"
IDENTITIES = Identities(
    [
        Identity(item="vin", value=VIN),
        Identity(item="email", value=MAIL),
        Identity(item="person_name", value=NAME),
    ]
)
MITMDUMP = "from mitmproxy.tools.main import mitmdump; mitmdump()"
CAR, CLOUD = bytes((10, 64, 0, 2)), bytes((203, 0, 113, 10))
PACKED = gzip.compress(json.dumps({"id": VIN}).encode())


def posted(path: str, kind: str, body: bytes, *more: str) -> bytes:
    head = [
        f"POST {path} HTTP/1.1",
        "Host: cloud.example",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *more,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


REQUESTS = (
    f"GET /v1/cars/{VIN}?mail=li%40example.cn HTTP/1.1\r\nHost: cloud.example\r\nX-Car: {VIN}\r\n\r\n".encode(),
    posted("/json", "application/json", json.dumps({"vin": VIN, "n": NAME}, ensure_ascii=False).encode()),
    posted("/form", "application/x-www-form-urlencoded", f"a=1&vin={VIN}&mail=li%40example.cn".encode()),
    posted("/packed", "application/json", PACKED, "Content-Encoding: gzip"),
    posted("/nested", "text/plain", b"d=" + base64.b64encode(PACKED)),
    posted("/binary", "application/octet-stream", bytes(range(256)) + VIN.encode() + bytes(range(255, -1, -1))),
    posted("/text", "text/plain; charset=gb2312", f"车主 {NAME} {MAIL}".encode("gb2312")),
    posted("/nothing", "application/json", b'{"speed": 31.5}'),
)


class Cloud(socketserver.StreamRequestHandler):
    """Answers every request with 204."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            size = 0
            while (line := self.rfile.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    size = int(line.partition(b":")[2])
            self.rfile.read(size)
            self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")


@contextlib.contextmanager
def cloud(context: ssl.SSLContext) -> Iterator[int]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def get_request(self):
            plain, address = super().get_request()
            return context.wrap_socket(plain, server_side=True), address

        def handle_error(self, request, client_address):
            """A connection that the proxy gave up is no concern of the test."""

    with Server(("127.0.0.1", 0), Cloud) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def mitmdump(folder: Path, upstream: int) -> Iterator[int]:
    options = {
        "hardump": folder / "x.har",
        "confdir": folder / "conf",
        "keep_host_header": "true",
        "ssl_insecure": "true",
    }
    settings = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
    mode = ["--mode", f"reverse:https://127.0.0.1:{upstream}@127.0.0.1:0", "-w", str(folder / "x.mitm")]
    command = [sys.executable, "-c", MITMDUMP, *mode, *settings]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            for line in process.stdout:
                if found := re.search(r"listening at .*:([0-9]+)", line):
                    yield int(found[1])
                    break
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            process.wait(timeout=30)


class Tap:
    """A socket whose bytes, each way, also become packets."""

    def __init__(self, writer: PcapngWriter, under: socket.socket) -> None:
        self.under, self.writer = under, writer
        self.next = [1, 1]

    def send(self, data: bytes) -> None:
        self.under.sendall(data)
        self.packet(0, data)

    def receive(self) -> bytes:
        data = self.under.recv(1 << 16)
        self.packet(1, data)
        return data

    def packet(self, side: int, data: bytes, flags: int = 0x18) -> None:
        for start in range(0, max(len(data), 1), 1400):
            piece = data[start : start + 1400]
            ports = (40000, 443) if side == 0 else (443, 40000)
            tcp = (
                struct.pack("!HHIIBBHHH", *ports, self.next[side], self.next[1 - side], 0x50, flags, 9999, 0, 0) + piece
            )
            ends = CAR + CLOUD if side == 0 else CLOUD + CAR
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends
            self.writer.write(0, time.time_ns(), ip + tcp)
            self.next[side] += len(piece) + bool(flags & 3)


def speak(port: int, folder: Path) -> None:
    """A TLS client that writes down its packets and keys."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.keylog_filename = str(folder / "keys")
    writer = PcapngWriter(folder / "x.pcapng", [Interface("uplink0", RAW_IP)])
    with writer, socket.create_connection(("127.0.0.1", port)) as under:
        tap = Tap(writer, under)
        tap.packet(0, b"", 2)
        tap.packet(1, b"", 18)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname="cloud.example")

        def until_done(work):
            while True:
                try:
                    return work()
                except ssl.SSLWantReadError:
                    if pending := outgoing.read():
                        tap.send(pending)
                    incoming.write(tap.receive())

        until_done(tls.do_handshake)
        for request in REQUESTS:
            tls.write(request)
            tap.send(outgoing.read())
            assert until_done(lambda: tls.read(4096)).startswith(b"HTTP/1.1 204")
        tap.packet(0, b"", 17)
        tap.packet(1, b"", 17)
        writer.add_keylog((folder / "keys").read_bytes())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    server = CloudAuthority.create(folder / "authority").context_for("cloud.example", ["http/1.1"])
    with cloud(server) as upstream, mitmdump(folder, upstream) as port:
        speak(port, folder)
    return folder


def seen(path: Path) -> list[tuple]:
    """What is to be the same, in order of time."""
    engine = Engine(IDENTITIES)
    source = open_source(path)
    found = []
    for sent in sorted(source.transmissions(), key=lambda one: one.sent):
        for one in engine.examine(sent).sightings:
            place = (one.part, one.offset, one.length)
            found.append((sent.recipient, sent.channel, sent.path, one.item, one.value, one.form, one.chain, *place))
    assert source.gaps == ()
    return found


def test_packets_har_and_flows_give_the_same_sightings(recorded):
    """Item, value, form, chain, part, offset, length, recipient and channel."""
    packets = seen(recorded / "x.pcapng")
    assert {item for _, _, _, item, *_ in packets} == {"vin", "email", "person_name"}
    assert len({path for _, _, path, *_ in packets}) == len(REQUESTS) - 1
    assert all(recipient == "cloud.example" and channel == "https" for recipient, channel, *_ in packets)
    assert seen(recorded / "x.har") == packets
    assert seen(recorded / "x.mitm") == packets


def test_statuses_and_parts_are_the_same(recorded):
    told = [
        [
            (sent.kind, sent.path, sent.status, [(part.name, part.data) for part in sent.parts if part.name != "sni"])
            for sent in open_source(recorded / name).transmissions()
        ]
        for name in ("x.pcapng", "x.har", "x.mitm")
    ]
    assert told[0] == told[1] == told[2]
