"""Link layers, fragments and conversations, through the whole decoder."""

from __future__ import annotations

import struct

import pytest

TEXT = b"VIN=LTESTVIN000000017"


def udp_packet(data: bytes) -> bytes:
    body = struct.pack("!HHHH", 5000, 6000, 8 + len(data), 0) + data
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 7, 0, 64, 17, 0, bytes(4), b"\1\2\3\4") + body


def udp6_packet(data: bytes, extension: bytes = b"", first: int = 17) -> bytes:
    body = extension + struct.pack("!HHHH", 5000, 6000, 8 + len(data), 0) + data
    return struct.pack("!IHBB", 6 << 28, len(body), first, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + body


def gtp_u(inner: bytes, flags: int = 0x30, extra: bytes = b"", kind: int = 255) -> bytes:
    """3GPP TS 29.281 section 5.1, in UDP between two addresses of the network."""
    body = struct.pack("!BBHI", flags, kind, len(extra) + len(inner), 7) + extra + inner
    udp = struct.pack("!HHHH", 2152, 2152, 8 + len(body), 0) + body
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2") + udp


MAC = bytes(12)
LINKS = {
    "ethernet": (1, MAC + b"\x08\x00" + udp_packet(TEXT) + bytes(9)),
    "vlan": (1, MAC + b"\x81\x00\x00\x05\x08\x00" + udp_packet(TEXT)),
    "qinq": (1, MAC + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd" + udp6_packet(TEXT)),
    "pppoe": (1, MAC + b"\x88\x64\x11\x00\x00\x01\x00\x00\x00\x21" + udp_packet(TEXT)),
    "raw v4": (101, udp_packet(TEXT)),
    "raw v6": (101, udp6_packet(TEXT)),
    "cooked": (113, bytes(14) + b"\x08\x00" + udp_packet(TEXT)),
    "cooked v2": (276, b"\x08\x00" + bytes(18) + udp_packet(TEXT)),
    "null": (0, struct.pack("<I", 2) + udp_packet(TEXT)),
    "loop": (108, struct.pack(">I", 24) + udp6_packet(TEXT)),
    "hop-by-hop": (101, udp6_packet(TEXT, bytes([17, 0, 1, 4, 0, 0, 0, 0]), first=0)),
    "gtp-u": (1, MAC + b"\x08\x00" + gtp_u(udp_packet(TEXT))),
    "gtp-u v6 with a sequence number": (101, gtp_u(udp6_packet(TEXT), 0x32, b"\0\7\0\0")),
    "gtp-u with an extension header": (
        1,
        MAC + b"\x08\x00" + gtp_u(udp_packet(TEXT), 0x34, b"\0\0\0\x85" + b"\1\x10\1\0"),
    ),
    "pppoe without ethernet": (51, b"\x11\x00\x00\x01\x00\x00\x00\x21" + udp_packet(TEXT)),
    "6in4": (
        101,
        struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp6_packet(TEXT)), 0, 0, 64, 41, 0, bytes(4), bytes(4))
        + udp6_packet(TEXT),
    ),
}


@pytest.mark.parametrize("name", LINKS)
def test_a_datagram_is_found_under_every_link_layer(wire, name):
    """Tags, tunnels, extension headers and padding are taken off."""
    link_type, frame = LINKS[name]
    wire.put(frame, link_type)
    (sent,) = wire.decode().transmissions
    assert (sent.channel, sent.part("payload").data, sent.destination.port) == ("udp", TEXT, 6000)


@pytest.mark.parametrize(
    "frame",
    [
        gtp_u(udp_packet(TEXT), kind=1),
        gtp_u(b"not an IP packet, long enough to be one"),
        gtp_u(udp_packet(TEXT), 0x34, b"\0\0\0\x85" + b"\0\x10\1\0"),
        gtp_u(udp_packet(TEXT))[:60],
    ],
    ids=["echo", "no ip", "bad extension", "cut"],
)
def test_what_is_no_user_data_of_gtp_u_stays_a_datagram(wire, frame):
    wire.put(frame, 101)
    (sent,) = wire.decode().transmissions
    assert sent.destination.port == 2152


def test_ethernet_padding_is_no_payload(wire):
    """A bare acknowledgement is padded to 60 bytes on the wire; its padding is not the stream's next bytes."""
    connection = wire.connect()
    for packet in wire.packets:
        packet.data = memoryview(bytes(packet.data).ljust(60, b"\0"))
        packet.original_length = 60
    connection.client(TEXT)
    connection.close()
    (sent,) = wire.decode().transmissions
    assert sent.part("payload").data == TEXT


def fragments(data: bytes) -> list[bytes]:
    whole = udp_packet(data)
    body = whole[20:]
    made = []
    for start in range(0, len(body), 16):
        piece = body[start : start + 16]
        flags = start // 8 | (0x2000 if start + 16 < len(body) else 0)
        made.append(struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(piece), 7, flags, 64, 17, 0) + whole[12:20] + piece)
    return made


def test_fragments_in_any_order_make_their_packet(wire):
    """IPv4 fragments, last one first."""
    for piece in reversed(fragments(TEXT * 3)):
        wire.put(piece, 101)
    (sent,) = wire.decode().transmissions
    assert sent.part("payload").data == TEXT * 3


def test_fragments_that_never_become_whole_are_still_searched_and_told(wire):
    """A missing fragment loses only itself."""
    made = fragments(TEXT * 3)
    for piece in (*made[:1], *made[2:]):
        wire.put(piece, 101)
    decoded = wire.decode()
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.complete) == ("ip", False)
    assert TEXT in sent.part("payload").data
    assert "fragments" in decoded.notes[0]
    assert not decoded.accounts.closed


def test_arp_and_icmp_are_background(wire):
    """Counted with their bytes, and no transmission."""
    wire.put(MAC + b"\x08\x06" + bytes(28))
    wire.put(MAC + b"\x08\x00" + udp_packet(b"")[:9] + b"\1" + udp_packet(b"")[10:])
    decoded = wire.decode()
    assert decoded.transmissions == ()
    assert decoded.accounts.background == {"cellular": {"arp": 42, "icmp": 42}}


def test_another_ip_protocol_of_the_unit_is_a_transmission(wire):
    """What hides in GRE or SCTP did leave the unit."""
    wire.put(MAC + b"\x08\x00" + udp_packet(TEXT)[:9] + b"\x2f" + udp_packet(TEXT)[10:])
    (sent,) = wire.decode().transmissions
    assert (sent.channel, sent.kind) == ("ip", "47")
    assert TEXT in sent.part("payload").data


def test_a_datagram_cut_by_the_snap_length_is_incomplete(wire):
    """The bytes that the capture left out are a gap."""
    frame = MAC + b"\x08\x00" + udp_packet(TEXT)
    wire.put(frame[:-5], original=len(frame))
    decoded = wire.decode()
    assert decoded.transmissions[0].complete is False
    assert decoded.accounts["cellular", "sent"].gaps[0].length == 5


def test_a_reused_port_is_another_conversation(wire):
    """The same four numbers with a new SYN."""
    for text in (b"first\n", b"second\n"):
        connection = wire.connect(isn=len(text) * 1000)
        connection.client(text)
        connection.close()
    first, second = wire.decode().transmissions
    assert (first.part("payload").data, second.part("payload").data) == (b"first\n", b"second\n")
    assert first.conversation != second.conversation


def test_a_connection_open_before_the_capture_is_read_and_noted(wire):
    """The side with the lower port is taken for the server."""
    connection = wire.connect(handshake=False)
    connection.server(b"hello from the cloud\n")
    connection.client(TEXT)
    decoded = wire.decode()
    (sent,) = decoded.transmissions
    assert sent.part("payload").data == TEXT
    assert "before the capture began" in decoded.notes[0]


def test_the_units_addresses_decide_who_the_unit_is(wire):
    """Somebody connects to the unit: what the unit answers left it."""
    connection = wire.connect(client=("10.64.0.1", 50000), server=("10.64.0.2", 5555))
    connection.client(b"who are you?\n")
    connection.server(TEXT)
    (sent,) = wire.decode(units=["10.64.0.2"]).transmissions
    assert sent.part("payload").data == TEXT
    assert str(sent.source) == "10.64.0.2:5555"


def test_what_the_capturing_host_says_to_others_is_not_the_units(wire):
    """A router's own broadcast counts as background; anybody else's unknown address does not."""
    wire.udp(b"router here", source=("10.64.0.1", 67), destination=("10.64.0.255", 68))
    wire.packets[-1].outgoing = True
    wire.udp(TEXT, source=("169.254.3.3", 999), destination=("10.64.0.255", 999))
    decoded = wire.decode(units=["10.64.0.2"])
    assert [sent.source.ip for sent in decoded.transmissions] == ["169.254.3.3"]
    assert decoded.accounts.background["cellular"]["payload of other hosts"] == 11


def test_raw_bytes_are_cut_where_the_sender_pauses(wire):
    """A second of silence, in the world or on the bench, ends a message of an unknown protocol."""
    connection = wire.connect()
    connection.client(b"one ")
    connection.client(b"still one")
    wire.wall += 1_500_000_000
    connection.client(b"two")
    connection.close()
    one, two = wire.decode().transmissions
    assert (one.part("payload").data, two.part("payload").data) == (b"one still one", b"two")
    assert two.sent - one.sent > 1_000_000_000


def test_a_lost_segment_is_a_gap_and_what_follows_is_still_read(wire):
    """The stream is cut, never glued together."""
    connection = wire.connect(mss=10)
    connection.client(b"0123456789abcdefghijKLMNOPQRST")
    connection.close()
    del wire.packets[4]
    decoded = wire.decode()
    assert [sent.part("payload").data for sent in decoded.transmissions] == [b"0123456789", b"KLMNOPQRST"]
    assert decoded.transmissions[0].complete is False
    assert [gap.length for gap in decoded.accounts["cellular", "sent"].gaps] == [10]
    assert "10 bytes" in decoded.accounts.problems()[0]


def test_dense_bytes_are_opaque_and_text_is_not(wire, noise):
    """The stated rule for payloads that look encrypted."""
    for data in (noise.randbytes(256), noise.randbytes(255), TEXT * 40, b"\x1f\x8b" + noise.randbytes(600)):
        wire.udp(data, destination=("203.0.113.10", 7777))
    decoded = wire.decode()
    assert [sent.parts[0].opaque for sent in decoded.transmissions] == ["looks encrypted", None, None, None]
    assert decoded.accounts["cellular", "sent"].opaque == {"looks encrypted": 256}
