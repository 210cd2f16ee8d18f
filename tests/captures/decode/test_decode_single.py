"""Datagrams that stand for themselves: DHCP and DHCPv6, RADIUS, SIP."""

from __future__ import annotations

import struct

import pytest

MAC = bytes.fromhex("a4b1c2d3e4f5")
COOKIE = b"\x63\x82\x53\x63"
CAR, ALL = ("0.0.0.0", 68), ("255.255.255.255", 67)


def option(number: int, data: bytes) -> bytes:
    return bytes([number, len(data)]) + data


def dhcp(*options: bytes, kind: int = 3) -> bytes:
    head = b"\1\1\6\0" + bytes(24) + MAC + bytes(10 + 64 + 128)
    return head + COOKIE + option(53, bytes([kind])) + b"\0" + b"".join(options) + b"\xff" + bytes(8)


def option_v6(number: int, data: bytes) -> bytes:
    return struct.pack("!HH", number, len(data)) + data


def one(wire, data: bytes, **ends):
    wire.udp(data, **ends)
    (sent,) = wire.decode().transmissions
    return sent


def fields(sent) -> dict[str, object]:
    return {field.name: field.value for field in sent.fields}


def test_dhcp_tells_names_classes_and_addresses(wire):
    """Every field points at its bytes; the summary holds none of them."""
    options = (
        option(12, b"mikes-car"),
        option(60, b"tbox-4.2"),
        option(61, b"\1" + MAC),
        option(50, bytes([10, 0, 0, 9])),
    )
    sent = one(wire, dhcp(*options), source=CAR, destination=ALL)
    assert (sent.channel, sent.kind, sent.summary) == ("dhcp", "request", "DHCP request")
    assert fields(sent) == {
        "host_name": "mikes-car", "vendor_class": "tbox-4.2", "client_id": "01" + MAC.hex(),
        "requested_address": "10.0.0.9", "hardware_address": "a4:b1:c2:d3:e4:f5",
    }  # fmt: skip
    data = sent.part("payload").data
    cut = {field.name: data[field.offset : field.offset + field.length] for field in sent.fields}
    assert (cut["host_name"], cut["hardware_address"]) == (b"mikes-car", MAC)


def test_dhcp_whose_options_are_cut_off_is_read_as_far_as_they_go(wire):
    """An option that reaches past the end ends it."""
    sent = one(wire, dhcp(option(12, b"car"))[:-9] + b"\x3c\x40abc", source=CAR, destination=ALL)
    assert fields(sent) == {"host_name": "car", "hardware_address": "a4:b1:c2:d3:e4:f5"}


def test_dhcpv6_tells_the_client_and_its_name(wire):
    """The name in the labels of DNS; what has no client id or is not filled by its options is something else."""
    options = option_v6(1, b"\0\3\0\1" + MAC) + option_v6(39, b"\0\4mike\3car\0")
    sent = one(wire, b"\1abc" + options)
    assert (sent.channel, sent.kind) == ("dhcp", "solicit")
    assert fields(sent) == {"client_id": "00030001" + MAC.hex(), "host_name": "mike.car"}
    for data in (b"\1abc" + option_v6(8, b"\0\0"), b"\1abc" + options[:-1]):
        assert one(type(wire)(), data).channel == "udp"


def test_radius_tells_user_and_station_and_its_password_is_opaque(wire):
    """The hidden password is taken out of what can be read."""
    attributes = b"".join(
        bytes([kind, len(data) + 2]) + data
        for kind, data in ((1, b"mike"), (2, b"\x99" * 16), (31, b"A4-B1-C2-D3-E4-F5"))
    )
    sent = one(wire, struct.pack("!BBH", 1, 7, 20 + len(attributes)) + bytes(range(16)) + attributes)
    assert (sent.channel, sent.kind) == ("radius", "access_request")
    assert fields(sent) == {"user_name": "mike", "calling_station": "A4-B1-C2-D3-E4-F5"}
    assert b"\x99" not in sent.part("payload").data
    assert sent.part("password").opaque == "hidden by a RADIUS secret"


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("sip:+8613800000017@ims.example:5060;user=phone", "ims.example"),
        ("sips:[2001:db8::1]:5061", "[2001:db8::1]"),
        ("urn:service:sos.ecall.automatic", "203.0.113.10"),
        ("tel:+8613800000017", "203.0.113.10"),
    ],
)
def test_sip_tells_whom_it_calls_and_what_it_carries(wire, target, host):
    """Request line, header and body apart; no number in the summary."""
    text = f"INVITE {target} SIP/2.0\r\nFrom: <sip:mike@ims.example>\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
    sent = one(wire, text.encode())
    assert (sent.channel, sent.kind, sent.recipient) == ("sip", "INVITE", host)
    assert "138" not in sent.summary
    assert sent.part("url").data == target.encode()
    assert sent.part("header").data.startswith(b"From: <sip:mike")
    assert sent.part("body").data == b"v=0\r\n"


def test_a_sip_answer_has_its_status_and_what_follows_is_told_as_malformed(wire):
    """A keep-alive between messages is none."""
    wire.udp(b"SIP/2.0 180 Ringing\r\nCall-ID: 1\r\n\r\n")
    wire.udp(b"\r\n\r\n")
    ringing, other = wire.decode().transmissions
    assert (ringing.kind, ringing.status, ringing.part("header").data) == ("response", 180, b"Call-ID: 1")
    assert (other.channel, other.malformed) == ("sip", "not a SIP message")
