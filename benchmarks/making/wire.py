"""Messages as packets: a pcap file with TCP connections and datagrams, built byte by byte; and as a HAR.

One connection carries many HTTP requests, MQTT or WebSocket messages; each raw TCP message has a connection of its own,
since nothing else would part them.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import BinaryIO

from making.carriers import Message

SEGMENT = 1400
CLIENT, SERVER = bytes([10, 64, 0, 2]), bytes([203, 0, 113, 10])
_BEGIN = 1_763_792_400_000_000  # microseconds
_MAC = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])
_SYN, _ACK, _PUSH, _FIN = 2, 16, 8, 1
_PORTS = {"http": 80, "mqtt": 1883, "ws": 8080, "tcp": 7001, "udp": 7002}
_MASK = b"\x11\x22\x33\x44"


@dataclass
class Connection:
    """A TCP connection whose client sends, and whose server answers."""

    pcap: Pcap
    client: int
    server: int
    sent: int = 1000
    received: int = 5000

    def open(self) -> Connection:
        self._packet(b"", _SYN)
        self.sent += 1
        self._packet(b"", _SYN | _ACK, back=True)
        self.received += 1
        self._packet(b"", _ACK)
        return self

    def send(self, data: bytes) -> None:
        for at in range(0, len(data), SEGMENT):
            piece = data[at : at + SEGMENT]
            self._packet(piece, _ACK | _PUSH)
            self.sent = (self.sent + len(piece)) & 0xFFFFFFFF

    def answer(self, data: bytes) -> None:
        self._packet(data, _ACK | _PUSH, back=True)
        self.received = (self.received + len(data)) & 0xFFFFFFFF

    def close(self) -> None:
        self._packet(b"", _FIN | _ACK)
        self.sent += 1
        self._packet(b"", _FIN | _ACK, back=True)
        self.received += 1
        self._packet(b"", _ACK)

    def _packet(self, data: bytes, flags: int, *, back: bool = False) -> None:
        ports = (self.server, self.client) if back else (self.client, self.server)
        numbers = (self.received, self.sent) if back else (self.sent, self.received)
        ack = numbers[1] if flags & _ACK else 0
        self.pcap.packet(
            6, struct.pack(">HHIIBBHHH", *ports, numbers[0], ack, 0x50, flags, 65535, 0, 0) + data, back=back
        )


class Pcap:
    """A pcap file (libpcap, microseconds, Ethernet) that messages are written to."""

    def __init__(self, file: BinaryIO, link_type: int = 1) -> None:
        self._file = file
        self._ports = count(20_000)
        self._clock = count(_BEGIN, 150)
        self._open: dict[str, Connection] = {}
        self._identifiers = count()
        self.bytes = 0
        """Written so far, the file's header aside."""
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, link_type))

    def packet(self, protocol: int, data: bytes, *, back: bool = False) -> None:
        ends = (SERVER, CLIENT) if back else (CLIENT, SERVER)
        ip = struct.pack(
            ">BBHHHBBH", 0x45, 0, 20 + len(data), next(self._identifiers) & 0xFFFF, 0x4000, 64, protocol, 0
        )
        frame = (_MAC[6:] + _MAC[:6] if back else _MAC) + b"\x08\x00" + _summed(ip + ends[0] + ends[1]) + data
        self.frame(frame)

    def frame(self, frame: bytes) -> None:
        now = next(self._clock)
        self._file.write(struct.pack("<IIII", now // 1_000_000, now % 1_000_000, len(frame), len(frame)))
        self._file.write(frame)
        self.bytes += 16 + len(frame)

    def datagram(self, data: bytes, client: int, server: int, *, back: bool = False) -> None:
        ports = (server, client) if back else (client, server)
        self.packet(17, struct.pack(">HHHH", *ports, 8 + len(data), 0) + data, back=back)

    def send(self, message: Message) -> None:
        """Write what *message* is on the wire."""
        getattr(self, f"_{message.protocol}")(message)

    def connect(self, protocol: str, port: int | None = None) -> Connection:
        """A new connection to *port*, or to the one of *protocol*."""
        return Connection(self, next(self._ports) % 40_000 + 20_000, port or _PORTS[protocol]).open()

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _lasting(self, protocol: str, hello: bytes = b"", answer: bytes = b"") -> Connection:
        if protocol not in self._open:
            connection = self._open[protocol] = self.connect(protocol)
            if hello:
                connection.send(hello)
                connection.answer(answer)
        return self._open[protocol]

    def _http(self, message: Message) -> None:
        connection = self._lasting("http")
        body = message.parts.get("body", b"")
        kind = f"Content-Type: {message.kind}\r\n" if message.kind else ""
        head = b"POST " + message.parts["url"] + b" HTTP/1.1\r\n" + message.parts["header"]
        connection.send(head + f"{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        connection.answer(b"HTTP/1.1 204 No Content\r\n\r\n")

    def _mqtt(self, message: Message) -> None:
        hello = _mqtt_packet(0x10, b"\0\4MQTT\4\2\0\x3c" + _counted(b"unit"))
        connection = self._lasting("mqtt", hello, b"\x20\2\0\0")
        connection.send(_mqtt_packet(0x30, _counted(message.parts["topic"]) + message.parts["payload"]))

    def _ws(self, message: Message) -> None:
        hello = (
            b"GET /live HTTP/1.1\r\nHost: cloud.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        answer = (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        connection = self._lasting("ws", hello, answer)
        data = message.parts["payload"]
        size = len(data)
        long = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
        if size > 65535:
            long = b"\xff" + struct.pack(">Q", size)
        mask = (_MASK * (size // 4 + 1))[:size]
        hidden = (int.from_bytes(data) ^ int.from_bytes(mask)).to_bytes(size)
        connection.send(b"\x82" + long + _MASK + hidden)

    def _tcp(self, message: Message) -> None:
        connection = self.connect("tcp")
        connection.send(message.parts["payload"])
        connection.close()

    def _udp(self, message: Message) -> None:
        self.datagram(message.parts["payload"], next(self._ports) % 40_000 + 20_000, _PORTS["udp"])


def _counted(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def _mqtt_packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([kind, *length, size]) + body


def _summed(header: bytes) -> bytes:
    """An IPv4 header with its checksum (RFC 1071)."""
    total = sum(struct.unpack(">10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + struct.pack(">H", ~total & 0xFFFF) + header[12:]


def har(made: Iterable[Message]) -> Iterator[str]:
    """HTTP messages as an HTTP Archive 1.2, piece by piece."""
    yield '{"log": {"version": "1.2", "creator": {"name": "benchmark", "version": "1"}, "entries": [\n'
    for index, message in enumerate(made):
        body = message.parts.get("body", b"")
        began = datetime.fromtimestamp(_BEGIN / 1e6 + index * 0.01, UTC).isoformat(timespec="milliseconds")
        headers = [line.partition(": ") for line in message.parts["header"].decode("latin-1").split("\r\n") if line]
        posted: dict[str, object] = {"mimeType": message.kind, "params": []}
        try:
            posted["text"] = body.decode()
        except UnicodeDecodeError:
            posted |= {"text": base64.b64encode(body).decode(), "encoding": "base64"}
        request = {
            "method": "POST",
            "url": "http://cloud.example" + message.parts["url"].decode("latin-1"),
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": name, "value": value} for name, _, value in headers],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": len(body),
            "postData": posted,
        }
        response = {
            "status": 204,
            "statusText": "No Content",
            "httpVersion": "HTTP/1.1",
            "headers": [],
            "cookies": [],
            "content": {"size": 0, "mimeType": ""},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": 0,
        }
        timings = {"send": 1, "wait": 1, "receive": 1}
        entry = {"startedDateTime": began, "time": 3, "request": request, "response": response, "cache": {}}
        yield (",\n" if index else "") + json.dumps({**entry, "timings": timings}, ensure_ascii=False)
    yield "\n]}}\n"
