"""Whatever a capture holds, it is decoded to its end and every byte is accounted for."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captures.decode import KeyLog, decode
from captures.pcapng import CaptureFile, Packet

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"
FILES = sorted(CAPTURES.rglob("*.pcap*")) if CAPTURES.exists() else []


def check(packets: list[Packet], keylog: bytes = b"") -> None:
    decoded = decode(packets, keylog=KeyLog.parse(keylog), uplinks={})
    for account in decoded.accounts.values():
        assert account.balance == (0, 0)
        assert account.decoded >= 0
    for sent in decoded.transmissions:
        assert sent.sent <= sent.ended
        assert sent.frames[0] <= sent.frames[1]


@pytest.mark.skipif(not FILES, reason="the shared network traces are not beside this checkout")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_public_trace_is_decoded_to_the_byte(path):
    """The accounts close, and every file holds something that was sent."""
    packets = list(CaptureFile(path).packets())
    check(packets)
    assert decode(packets, keylog=KeyLog(), uplinks={}).transmissions


HTTP = (
    (
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n"
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x81\x85abcd\x00\x01\x02\x03\x04\x89\x80abcd"
    ),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 101 Go\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n\x81\x02hi"
    ),
)
HTTP2 = (
    (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
        b"\x00\x00\x06\x01\x04\x00\x00\x00\x01\x82\x84\x86\x41\x01a\x00\x00\x05\x00\x01\x00\x00\x00\x01hello"
    ),
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88",
)
MQTT = (
    b"\x10\x10\x00\x04MQTT\x05\xc2\x00\x3c\x00\x00\x01a\x00\x01b\x00\x01c\x30\x07\x00\x01t\x03\x23\x00\x01hello",
    b"\x20\x02\x00\x00",
)
GBT32960 = (
    b"##\x02\xfeLTESTVIN000000017\x01\x00\x10\x1a\x0b\x16\x0e\x00\x05\x05\x00\x00\x00\x00\x01\x00\x00\x00\x02\x8d" * 3,
    b"##\x02\x01LTESTVIN000000017\x01\x00\x00\x99",
)
DNS = (b"\x00\x1b\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01", b"")
TLS = (
    b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\x17\x03\x03\x00\x03abc\x15\x03\x03\x00\x02\x02\x30",
    b"\x16\x03\x03\x00\x01\x02",
)
JT808 = (
    bytes.fromhex("7e0002000001234567890100008a7e") * 2
    + bytes.fromhex("7e0102000b01234567890100003137323939383431373338b57e"),
    bytes.fromhex("7e8001000501234567890100007fff0002008e7e"),
)
CONVERSATIONS = (HTTP, HTTP2, MQTT, GBT32960, JT808, DNS, TLS)
DATAGRAMS = (
    b"\1\1\6\0" + bytes(24) + b"\2abcde" + bytes(202) + b"\x63\x82\x53\x63\x35\1\3\x0c\3car\x51\4\0\0\0a\xff",
    b"\1abc\0\1\0\4\0\3\0\1\0\x27\0\5\0\3car",
    b"\1\7\0\x1d" + bytes(16) + b"\1\4me\2\5key",
    b"INVITE sip:me@car.example SIP/2.0\r\nTo: you\r\n\r\nv=0\r\n",
    JT808[0][:15],
)
edits = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), st.binary(max_size=6)), max_size=4)


def mutated(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, how, new in changes:
        at = place % (len(data) + 1)
        data = data[:at] if how == 2 and not new else data[:at] + new + data[at + len(new) * how :]
    return data


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CONVERSATIONS), st.data())
def test_mutated_conversations_never_break_the_decoder(wire, said, data):
    """Bytes changed, inserted and cut, segments lost and of any size."""
    fresh = type(wire)()
    connection = fresh.connect(mss=data.draw(st.sampled_from([1, 7, 1400])), server=("203.0.113.10", 1234))
    connection.client(mutated(said[0], data.draw(edits)))
    connection.server(mutated(said[1], data.draw(edits)))
    connection.close()
    for number in data.draw(st.lists(st.integers(0, 99), max_size=3)):
        if number < len(fresh.packets):
            del fresh.packets[number]
    check(fresh.packets)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_frames_never_break_the_decoder(wire, data):
    """Link headers, IP headers, fragments, truncated packets, any link type."""
    fresh = type(wire)()
    connection = fresh.connect(server=("203.0.113.10", 80))
    connection.client(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    fresh.udp(DNS[0][2:])
    packets = []
    for packet in fresh.packets:
        frame = mutated(bytes(packet.data), data.draw(edits))
        link = data.draw(st.sampled_from([0, 1, 9, 101, 113, 276, 999]))
        packets.append(
            Packet(
                packet.number, packet.wall, "x", link, memoryview(frame), max(len(frame), packet.original_length), None
            )
        )
    check(packets)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(DATAGRAMS), st.data())
def test_mutated_datagrams_never_break_the_decoder(wire, said, data):
    """A sound one before the others, so that they are read as its protocol."""
    fresh = type(wire)()
    for sent in (said, mutated(said, data.draw(edits)), mutated(said, data.draw(edits))):
        fresh.udp(sent, destination=("203.0.113.10", 1234))
    check(fresh.packets)


def test_mutated_quic_never_breaks_the_decoder(wire, noise):
    """Long headers with lengths that lead anywhere."""
    for _ in range(300):
        connection_id = noise.randbytes(noise.randrange(21))
        version = noise.choice([b"\0\0\0\1", b"\x6b\x33\x43\xcf", b"\xff\0\0\x1d"])
        head = bytes([0xC0 | noise.randrange(64)]) + version + bytes([len(connection_id)]) + connection_id
        wire.udp(head + noise.randbytes(noise.randrange(90)), source=("10.64.0.2", noise.randrange(1, 9)))
    check(wire.packets)


def test_mutated_tls_never_breaks_the_decoder(wire, tls_bench, tls, noise):
    """Flipped bits and lost segments within opened TLS: what cannot be opened is opaque."""
    session = tls(wire.connect(mss=200), tls_bench.version(ssl.TLSVersion.TLSv1_3))
    session.send(0, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + bytes(5000))
    session.close()
    for _ in range(60):
        packets = list(wire.packets)
        for _ in range(noise.randrange(1, 4)):
            index = noise.randrange(len(packets))
            frame = bytearray(packets[index].data)
            frame[noise.randrange(14, len(frame))] ^= 1 << noise.randrange(8)
            old = packets[index]
            packets[index] = Packet(old.number, old.wall, "x", 1, memoryview(bytes(frame)), len(frame), None)
        check([packet for packet in packets if noise.random() > 0.01], tls_bench.keylog)
