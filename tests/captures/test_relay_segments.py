"""A relayed connection written as TCP segments: what any reader of packets makes of them."""

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.decode import KeyLog, decode
from captures.pcapng import RAW_IP, CaptureFile, Interface, PcapngWriter
from captures.relay.segments import MOST, Conversation, Endpoint, payload_of

UNIT = {4: "127.0.0.1", 6: "::1"}
PEER = {4: "198.18.0.7", 6: "2001:db8::7"}


def conversation(version=4):
    return Conversation(
        Endpoint(ipaddress.ip_address(UNIT[version]), 40_000), Endpoint(ipaddress.ip_address(PEER[version]), 7001)
    )


def ones_complement_sum(data):
    """RFC 1071, word by word."""
    data += bytes(len(data) & 1)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@given(data=st.binary(max_size=200), version=st.sampled_from([4, 6]), from_unit=st.booleans())
def test_every_checksum_is_right(data, version, from_unit):
    packet = conversation(version).carried(data, from_unit=from_unit).packet
    header = 20 if version == 4 else 40
    addresses = packet[12:20] if version == 4 else packet[8:40]
    length = len(packet) - header
    pseudo = addresses + (struct.pack("!HH", 6, length) if version == 4 else struct.pack("!II", length, 6))
    assert ones_complement_sum(pseudo + packet[header:]) == 0xFFFF
    if version == 4:
        assert ones_complement_sum(packet[:header]) == 0xFFFF
    assert payload_of(packet) == len(data)


@pytest.mark.parametrize("version", [4, 6])
def test_what_was_carried_is_what_is_decoded(tmp_path, version):
    """Both ways, the largest segment among them; the accounts close to the byte, and the unit's side is known."""
    sent = [b"\x01\x02 hello", bytes(MOST), b"end"]
    talk = conversation(version)
    segments = [
        *talk.opened(),
        *(talk.carried(data, from_unit=True) for data in sent),
        talk.carried(b"\x00thanks", from_unit=False),
        talk.ended(from_unit=True),
        talk.ended(from_unit=False),
    ]
    with PcapngWriter(tmp_path / "c.pcapng", [Interface("cell0", RAW_IP)]) as writer:
        for number, one in enumerate(segments):
            writer.write(0, number, one.packet, outgoing=not one.from_unit)
    decoded = decode(
        CaptureFile(tmp_path / "c.pcapng").packets(),
        keylog=KeyLog.parse(b""),
        uplinks={"cell0": "cellular"},
        units=list(UNIT.values()),
    )
    assert decoded.accounts.closed
    assert decoded.accounts["cellular", "sent"].unique == sum(map(len, sent))
    assert decoded.accounts["cellular", "received"].unique == len(b"\x00thanks")
    assert [(t.destination.ip, t.complete) for t in decoded.transmissions] == [(PEER[version], True)]
    assert b"".join(part.data for t in decoded.transmissions for part in t.parts) == b"".join(sent)


def test_the_sequence_numbers_of_a_long_upload_wrap():
    talk = conversation()
    *_, last = talk.opened()
    talk._next[True] = 0xFFFF_FFFE
    talk.carried(b"four", from_unit=True)
    assert struct.unpack_from("!I", talk.carried(b"", from_unit=True).packet, 24) == (2,)
    assert last.from_unit


def test_sides_of_two_ip_versions_cannot_speak():
    with pytest.raises(ValueError, match=r"127\.0\.0\.1 cannot speak with ::1"):
        Conversation(Endpoint(ipaddress.ip_address("127.0.0.1"), 1), Endpoint(ipaddress.ip_address("::1"), 2))
