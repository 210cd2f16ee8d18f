"""What can be fuzzed: each target takes any bytes, and fails where the code under it breaks a promise.

The promises: nothing is raised on what a capture contains, every byte is accounted for, a sighting lies within its
part, and a file that makes no sense ends in one line.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import operator
import ssl
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli
import can
import zstandard

from captures.decode import KeyLog, decode
from captures.decode.content import decode_content
from captures.pcapng import CaptureFile, Packet
from captures.sources import KINDS, open_source
from making.carriers import Message
from making.cases import cases
from making.searched import engine_for, transmission
from making.values import identities
from making.wire import Pcap, har
from telltale.errors import InputError

VALUES = identities(1)
TURN = b"\xff\x00\xff"
"""Stands in a fuzzed conversation where the other side begins to talk."""
TCP_PORTS = (80, 443, 1883, 8883, 8080, 32960, 8808, 53, 853, 5683, 13400, 30490, 7001)
UDP_PORTS = (53, 5353, 67, 123, 443, 5683, 5684, 13400, 30490, 7002)
CODINGS = ("gzip", "deflate", "br", "zstd", "gzip, br", "x-gzip, nothing")
LINK_TYPES = (1, 101, 113, 276, 228, 227, 0, 201)


engine = cache(lambda: engine_for(VALUES))


def part(data: bytes) -> None:
    """A body of any bytes, searched."""
    one = transmission(Message(protocol="https", parts={"body": data}))
    for sighting in engine().examine(one).sightings:
        assert 0 <= sighting.offset <= sighting.offset + sighting.length <= len(data)
        assert sighting.length > 0


def content(data: bytes) -> None:
    """A body under a Content-Encoding that may be a lie."""
    if data:
        decode_content(data[1:], CODINGS[data[0] % len(CODINGS)])


def stream(data: bytes) -> None:
    """A TCP conversation of any bytes, in turns."""
    if not data:
        return
    wire = Wire()
    connection = wire.connect("tcp", TCP_PORTS[data[0] % len(TCP_PORTS)])
    for index, turn in enumerate(data[1:].split(TURN)):
        (connection.answer if index % 2 else connection.send)(turn)
    connection.close()
    check(wire.packets())


def datagrams(data: bytes) -> None:
    """Datagrams of any bytes, in turns."""
    if not data:
        return
    wire = Wire()
    for index, turn in enumerate(data[1:].split(TURN)):
        wire.datagram(turn[:1400], 40_000, UDP_PORTS[data[0] % len(UDP_PORTS)], back=index % 2 == 1)
    check(wire.packets())


def frames(data: bytes) -> None:
    """Frames of any bytes on a link of any type."""
    if not data:
        return
    wire = Wire(LINK_TYPES[data[0] % len(LINK_TYPES)])
    for frame in data[1:].split(TURN):
        wire.frame(frame)
    check(wire.packets())


def file(data: bytes) -> None:
    """A file of any bytes, under the name of any kind of capture."""
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    suffix = kind.suffixes[0] if kind.suffixes else f".{kind.name}"
    with tempfile.NamedTemporaryFile(suffix=suffix) as written:
        written.write(data[1:])
        written.flush()
        refused = ""
        try:
            source = open_source(Path(written.name))
            for index, one in enumerate(source.transmissions()):
                assert one.index == index
        except InputError as error:
            refused = str(error)
        assert "\n" not in refused


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "part": part,
    "content": content,
    "stream": stream,
    "datagrams": datagrams,
    "frames": frames,
    "file": file,
}


@dataclass(frozen=True, slots=True)
class Seed:
    """An input worth changing."""

    target: str
    data: bytes


def seeds() -> Iterator[Seed]:
    """Messages of every protocol, and a few hundred of the corpus, as every target takes them."""
    for port, said in _openings():
        ports, target = (UDP_PORTS, "datagrams") if port in {53, 123} else (TCP_PORTS, "stream")
        yield Seed(target, bytes([_index(ports, port)]) + said)
    for kind, text in _files():
        yield Seed("file", bytes([[row.name for row in KINDS].index(kind)]) + text)
    for index, packed in enumerate((gzip.compress(_TEXT), zlib.compress(_TEXT), brotli.compress(_TEXT))):
        yield Seed("content", bytes([index]) + packed)
    yield Seed("content", b"\3" + zstandard.compress(_TEXT))
    for case in cases(VALUES, 3, 300):
        message = case.message
        body = message.parts[case.truth.part]
        yield Seed("part", body)
        wire = Wire()
        wire.send(message)
        wire.close()
        port = {"http": 80, "mqtt": 1883, "ws": 8080}.get(message.protocol, 7001)
        turns = TURN.join(said for _, said in wire.said)
        yield Seed("datagrams" if message.protocol == "udp" else "stream", bytes([_index(TCP_PORTS, port)]) + turns)
        yield Seed("frames", b"\0" + TURN.join(frame for frame in wire.frames_written[:4]))
        yield Seed("file", b"\0" + wire.file.getvalue())


_TEXT = b'{"speed": 61.5, "text": "tyre pressure within limits"}' * 4


def _openings() -> Iterator[tuple[int, bytes]]:
    """How conversations begin that the corpus does not have, by port."""
    report = bytes([2, 0xFE]) + str(VALUES["vin"]).encode() + b"\1\0\x1e" + bytes([26, 11, 22, 14, 0, 5, 5]) + bytes(9)
    report += bytes([1, 1, 3, 1, 2, 0x58, 0, 0, 0x30, 0x39, 0x0E, 0xA6, 0x27, 0x10])
    yield 32960, b"##" + report + bytes([functools.reduce(operator.xor, report)])
    hello = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="cloud.example")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    yield 443, hello.read()
    yield (
        80,
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\6\1\4\0\0\0\1\x82\x84\x86\x41\1a"
            b"\0\0\5\0\1\0\0\0\1hello" + TURN + b"\0\0\0\4\0\0\0\0\0\0\0\1\1\5\0\0\0\1\x88"
        ),
    )
    chunked = b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    yield 80, b"POST /a HTTP/1.1\r\nHost: a\r\n" + chunked + TURN + b"HTTP/1.1 200 OK\r\n\r\ndata: x\n\n"
    yield 53, b"\0\7\1\0\0\1\0\0\0\0\0\0\5cloud\7example\0\0\1\0\1"
    yield 123, b"\x23" + bytes(47)
    # protocols are told by their bytes, so any port will do for these
    yield 32960, bytes.fromhex("7e0102000b01234567890100003137323939383431373338b57e7e0002000001234567890100008a7e")
    yield 53, b"\1\1\6\0" + bytes(232) + b"\x63\x82\x53\x63\x35\1\3\x0c\3car\xff"
    yield 53, b"INVITE sip:me@car.example SIP/2.0\r\nTo: you\r\n\r\nv=0\r\n"
    yield 53, b"\1\7\0\x1d" + bytes(16) + b"\1\4me\2\5key"


def _files() -> Iterator[tuple[str, bytes]]:
    """Files that hold no packets, by the name of their kind."""
    sent = [case.message for case in cases(VALUES, 4, 40) if case.message.protocol == "http"]
    yield "har", "".join(har(sent[:3])).encode()
    yield "candump", b"(1763792400.000100) can0 123#0102030405060708\n(1763792400.000200) can0 7E0#0322F19000000000\n"
    head = b"date Sat Nov 22 06:00:00.000 am 2025\nbase hex  timestamps absolute\nno internal events logged\n"
    yield "asc", head + b"   0.000100 1  123             Rx   d 8 01 02 03 04 05 06 07 08\n"
    yield (
        "trc",
        b";$FILEVERSION=1.1\n;$STARTTIME=45983.25\n     1)      0.1  Rx         0123  8  01 02 03 04 05 06 07 08\n",
    )
    with tempfile.NamedTemporaryFile(suffix=".blf") as written:
        with can.BLFWriter(written.name) as log:
            for number in range(4):
                log.on_message_received(can.Message(timestamp=1763792400 + number, arbitration_id=0x7E0, data=bytes(8)))
        yield "blf", Path(written.name).read_bytes()


def _index(ports: tuple[int, ...], port: int) -> int:
    return ports.index(port)


def check(packets: list[Packet]) -> None:
    decoded = decode(packets, keylog=KeyLog(), uplinks={})
    for account in decoded.accounts.values():
        assert account.balance == (0, 0)
        assert account.decoded >= 0
    for sent in decoded.transmissions:
        assert sent.sent <= sent.ended
        for field in sent.fields:
            held = sent.part(field.part)
            if held is None:  # what is told of the message as a whole, such as a fingerprint
                assert not field.length
                continue
            assert 0 <= field.offset <= field.offset + field.length <= len(held.data)


class Wire(Pcap):
    """Packets in memory."""

    def __init__(self, link_type: int = 1) -> None:
        self.file = io.BytesIO()
        self.frames_written: list[bytes] = []
        self.said: list[tuple[bool, bytes]] = []
        super().__init__(self.file, link_type)

    def frame(self, frame: bytes) -> None:
        self.frames_written.append(frame)
        super().frame(frame)

    def packet(self, protocol: int, data: bytes, *, back: bool = False) -> None:
        head = 20 if protocol == 6 else 8
        if len(data) > head:
            if self.said and self.said[-1][0] is back:
                self.said[-1] = (back, self.said[-1][1] + data[head:])
            else:
                self.said.append((back, data[head:]))
        super().packet(protocol, data, back=back)

    def packets(self) -> list[Packet]:
        with tempfile.NamedTemporaryFile() as written:
            written.write(self.file.getvalue())
            written.flush()
            return list(CaptureFile(Path(written.name)).packets())
