"""NTP, CoAP and DTLS, told by what a datagram holds."""

from __future__ import annotations

import struct

import pytest

from rigs.sim import ntp
from rigs.sim.catchall import coap as server

VIN = b"LSVAU2A37N2183294"
CAR, CLOUD = ("10.64.0.2", 40000), ("203.0.113.10", 5683)


def coap(code: int, ident: int, *options: tuple[int, bytes], payload: bytes = b"", token: bytes = b"\xab") -> bytes:
    out, before = bytes([0x40 | len(token), code]) + struct.pack("!H", ident) + token, 0
    for number, value in options:
        nibbles, more = [], b""
        for size in (number - before, len(value)):
            nibbles.append(min(13, size))
            more += bytes([size - 13]) if size >= 13 else b""
        out += bytes([nibbles[0] << 4 | nibbles[1]]) + more + value
        before = number
    return out + (b"\xff" + payload if payload else b"")


def test_a_clock_that_is_set_by_ntp_is_told_as_such(wire):
    """The request has the server's stratum for its status, and its bytes are searched."""
    question = ntp.request(1_790_000_000_000_000_000)
    wire.udp(question, source=CAR, destination=("203.0.113.10", 123))
    wire.udp(ntp.reply(question, 0), source=("203.0.113.10", 123), destination=CAR)
    (sent,) = wire.decode().transmissions
    assert (sent.channel, sent.kind, sent.status, sent.summary) == ("ntp", "request", 1, "NTP request")
    assert sent.part("payload").data == question


def test_what_rides_along_with_ntp_is_kept(wire):
    """A VIN in an extension field is in the payload."""
    wire.udp(ntp.request(1_790_000_000_000_000_000) + b"\0\1\0\x18" + VIN + bytes(3), destination=("203.0.113.10", 123))
    (sent,) = wire.decode().transmissions
    assert sent.channel == "ntp"
    assert VIN in sent.part("payload").data


def test_a_coap_request_is_read_with_its_path_query_and_answer(wire):
    """Method, path, query, options and payload, and the answer's code."""
    asked = coap(2, 1, (3, b"iot.example"), (11, b"v1"), (11, b"state"), (12, b"2"), (15, b"vin=" + VIN), payload=b"{}")
    for data in (asked, asked):  # sent again, since the answer was late
        wire.udp(data, source=CAR, destination=CLOUD)
    wire.udp(server.reply(asked), source=CLOUD, destination=CAR)
    (sent,) = wire.decode().transmissions
    assert (sent.channel, sent.kind, sent.path, sent.host, sent.status) == (
        "coap",
        "POST",
        "/v1/state",
        "iot.example",
        204,
    )
    assert sent.part("url").data == b"/v1/state?vin=" + VIN
    assert b"Content-Format: 32\r\n" in sent.part("header").data
    assert sent.part("body").data == b"{}"


def test_blocks_of_a_payload_are_one_body(wire):
    """A VIN across the edge of two blocks is in the body (RFC 7959)."""
    body = bytes(range(1, 9)) + VIN + bytes(range(1, 8))
    for number, start in enumerate(range(0, 32, 16)):
        block = bytes([number << 4 | (8 if start == 0 else 0)])
        asked = coap(3, number, (11, b"up"), (27, block), payload=body[start : start + 16], token=bytes([number]))
        wire.udp(asked, source=CAR, destination=CLOUD)
        wire.udp(server.reply(asked), source=CLOUD, destination=CAR)
    (sent,) = wire.decode().transmissions
    assert (sent.part("body").data, sent.complete, sent.status) == (body, True, 204)


def test_a_payload_under_oscore_is_opaque(wire):
    """It is encrypted from end to end (RFC 8613)."""
    wire.udp(coap(2, 1, (9, b"\x09\x01"), payload=bytes(20)), source=CAR, destination=CLOUD)
    (sent,) = wire.decode().transmissions
    assert sent.part("body").opaque == "OSCORE is not opened"


def test_dtls_stays_closed_and_names_its_host(wire):
    """The ClientHello's name, and every protected byte opaque."""
    name = b"iot.example"
    extension = struct.pack("!HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    hello = b"\xfe\xfd" + bytes(32) + b"\0" + b"\4cook" + b"\0\2\xc0\x2b" + b"\1\0" + struct.pack("!H", len(extension))
    hello += extension
    handshake = b"\1" + len(hello).to_bytes(3, "big") + bytes(5) + len(hello).to_bytes(3, "big") + hello
    wire.udp(b"\x16\xfe\xfd" + bytes(8) + struct.pack("!H", len(handshake)) + handshake, source=CAR, destination=CLOUD)
    wire.udp(b"\x17\xfe\xfd\0\1" + bytes(6) + struct.pack("!H", 40) + bytes(40), source=CAR, destination=CLOUD)
    decoded = wire.decode()
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.host, sent.part("sni").data) == ("dtls", "iot.example", name)
    assert sent.part("payload").opaque == "DTLS is not opened"
    assert decoded.accounts["cellular", "sent"].opaque["DTLS is not opened"] == 53


@pytest.mark.parametrize(
    "data",
    [b"\x23" + bytes(47), b"\x40", bytes(48), b"\x41\x02\0\1", VIN, b"\x40\x01\0\1\xff", b"\x50\x09\0\1\x11a"],
    ids=["no time", "cut", "zeroes", "no token", "text", "no payload", "no code"],
)
def test_other_datagrams_are_raw(wire, data):
    """What fits no protocol to its last byte is kept as it is."""
    wire.udp(data, source=CAR, destination=CLOUD)
    (sent,) = wire.decode().transmissions
    assert (sent.channel, sent.part("payload").data) == ("udp", data)
