"""Traffic made here: real protocol implementations talk in memory, and what they say is put into packets."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import socket
import ssl
import struct
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from captures.decode import Decoded, KeyLog, Setting, decode, decoding
from captures.pcapng import ETHERNET, Packet

START = 1_790_000_000_000_000_000
CAR, CLOUD = "10.64.0.2", "203.0.113.10"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ip_header(source: str, destination: str, protocol: int, size: int) -> bytes:
    if ":" in source:
        ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
        return struct.pack("!IHBB", 6 << 28, size, protocol, 64) + ends
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + size, 0, 0, 64, protocol, 0) + ends


def ethernet(payload: bytes) -> bytes:
    return bytes(12) + (b"\x08\x00" if payload[0] >> 4 == 4 else b"\x86\xdd") + payload


class Wire:
    """A capture being made, packet by packet."""

    def __init__(self, interface: str = "uplink0") -> None:
        self.packets: list[Packet] = []
        self.wall = START
        self.interface = interface

    def put(self, frame: bytes, link_type: int = ETHERNET, original: int | None = None) -> None:
        number = len(self.packets)
        size = len(frame) if original is None else original
        self.packets.append(Packet(number, self.wall, self.interface, link_type, memoryview(frame), size, None))
        self.wall += 1_000_000

    def udp(self, data: bytes, source=(CAR, 40000), destination=(CLOUD, 53)) -> None:
        body = struct.pack("!HHHH", source[1], destination[1], 8 + len(data), 0) + data
        self.put(ethernet(ip_header(source[0], destination[0], 17, len(body)) + body))

    def connect(self, client=(CAR, 40001), server=(CLOUD, 443), **options) -> Connection:
        return Connection(self, client, server, **options)

    def decode(self, keylog: bytes = b"", **options) -> Decoded:
        """Decode, and check that the accounts close whatever the capture holds."""
        options.setdefault("uplinks", {"uplink0": "cellular"})
        decoded = decode(self.packets, keylog=KeyLog.parse(keylog), **options)
        for account in decoded.accounts.values():
            assert account.balance == (0, 0)
        assert [sent.index for sent in decoded.transmissions] == list(range(len(decoded.transmissions)))
        self.piece_by_piece(decoded, keylog, options)
        return decoded

    def piece_by_piece(self, decoded: Decoded, keylog: bytes, options: dict) -> None:
        """The same packets read as conversations end, and in slices of any size: nothing is lost or counted twice."""
        for slice_size in (1 << 30, 2000, 1):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(decoding, "SLICE", slice_size)
                patch.setattr(decoding, "_OFTEN", 1)
                lazy = decoding.Decoding(Setting(**options), keylog=KeyLog.parse(keylog))
                sent = list(lazy.run(self.packets))
            assert [one.index for one in sent] == list(range(len(sent)))
            for account in lazy.accounts.values():
                assert account.balance == (0, 0)
            if slice_size == 1 << 30:
                assert {(one.sent, one.summary): one.parts for one in sent} == {
                    (one.sent, one.summary): one.parts for one in decoded.transmissions
                }


class Connection:
    """One TCP connection; side 0 is the client."""

    def __init__(self, wire: Wire, client, server, *, mss: int = 1400, isn: int = 0xFFFF_F000, handshake=True) -> None:
        self.wire = wire
        self.ends = (client, server)
        self.mss = mss
        self.next = [isn, 77]
        if handshake:
            for side, flags in ((0, SYN), (1, SYN | ACK)):
                self.segment(side, b"", flags=flags)
                self.next[side] = (self.next[side] + 1) & 0xFFFFFFFF
            self.segment(0, b"")

    def segment(self, side: int, data: bytes, *, flags: int = ACK, sequence: int | None = None) -> None:
        (source, sport), (destination, dport) = self.ends[side], self.ends[1 - side]
        number = self.next[side] if sequence is None else sequence & 0xFFFFFFFF
        tcp = struct.pack("!HHIIBBHHH", sport, dport, number, self.next[1 - side], 0x50, flags, 65535, 0, 0) + data
        self.wire.put(ethernet(ip_header(source, destination, 6, len(tcp)) + tcp))

    def send(self, side: int, data: bytes) -> None:
        for start in range(0, len(data), self.mss):
            piece = data[start : start + self.mss]
            self.segment(side, piece, flags=ACK | PSH)
            self.next[side] = (self.next[side] + len(piece)) & 0xFFFFFFFF

    def client(self, data: bytes) -> None:
        self.send(0, data)

    def server(self, data: bytes) -> None:
        self.send(1, data)

    def close(self) -> None:
        for side in (0, 1):
            self.segment(side, b"", flags=FIN | ACK)
            self.next[side] = (self.next[side] + 1) & 0xFFFFFFFF
        self.segment(0, b"")


class Tls:
    """A TLS client and server of the ``ssl`` module that talk over a `Connection`; their keys go to a key log."""

    def __init__(self, connection: Connection, bench: TlsBench, *, name="cloud.example", trusting=True, session=None):
        self.connection = connection
        self.bench = bench
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        back_in, back_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._wires = ((outgoing, back_in), (back_out, incoming))
        context = bench.client if trusting else bench.stranger
        self.ends = (
            context.wrap_bio(incoming, outgoing, server_hostname=name, session=session),
            bench.server.wrap_bio(back_in, back_out, server_side=True),
        )
        self.error: ssl.SSLError | None = None
        waiting = [True, True]
        for _ in range(8):
            for side in (0, 1):
                try:
                    if waiting[side]:
                        self.ends[side].do_handshake()
                        waiting[side] = False
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError as error:
                    self.error = self.error or error
                    waiting[side] = False
                self.flush(side)

    def flush(self, side: int) -> None:
        source, target = self._wires[side]
        if data := source.read():
            self.connection.send(side, data)
            target.write(data)

    def send(self, side: int, data: bytes) -> None:
        for start in range(0, len(data), 1 << 20):
            self.ends[side].write(data[start : start + (1 << 20)])
        self.flush(side)
        self.receive(1 - side)

    def receive(self, side: int) -> None:
        try:
            while self.ends[side].read(1 << 20):
                pass
        except ssl.SSLWantReadError:
            pass

    def close(self) -> None:
        for side in (0, 1):
            with contextlib.suppress(ssl.SSLError):
                self.ends[side].unwrap()
            self.flush(side)
        self.connection.close()


class TlsBench:
    """Contexts for client and server with a certificate made for the occasion."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cloud.example")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("cloud.example")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.pem = pem = folder / "cloud.pem"
        pem.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.log = folder / "keys.log"
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(pem)
        self.client = ssl.create_default_context(cafile=pem)
        self.stranger = ssl.create_default_context()
        for context in (self.client, self.stranger):
            context.keylog_filename = str(self.log)

    def version(self, version: ssl.TLSVersion, ciphers: str = "") -> TlsBench:
        for context in (self.client, self.server):
            context.minimum_version = context.maximum_version = version
            if ciphers:
                context.set_ciphers(ciphers)
        return self

    @property
    def keylog(self) -> bytes:
        return self.log.read_bytes() if self.log.exists() else b""


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def tls_bench(tmp_path) -> TlsBench:
    return TlsBench(tmp_path)


@pytest.fixture
def tls():
    """The class, for tests that choose what to connect."""
    return Tls


@pytest.fixture
def noise() -> random.Random:
    return random.Random(7)
