"""HCI snoop logs: what the unit said over Bluetooth, and what must never be told of them."""

import random
import struct

import pytest

from captures.decode.bluetooth import ANYBODY, decode, scrubbed
from captures.decode.btsnoop import EPOCH, SnoopError, read

START = 1_795_300_000
PHONE = bytes.fromhex("02005e100002")[::-1]
KEY = bytes(range(0x30, 0x40))


def log(*records):
    """Records as (H4 packet, flags, seconds since START)."""
    out = b"btsnoop\0" + struct.pack(">II", 1, 1002)
    for packet, flags, seconds in records:
        moment = int((START + seconds) * 1_000_000) + EPOCH
        out += struct.pack(">IIIIq", len(packet), len(packet), flags, 0, moment) + packet
    return out


def event(code, body):
    return bytes([4, code, len(body)]) + body


def command(opcode, body):
    return b"\x01" + struct.pack("<HB", opcode, len(body)) + body


def acl(payload, channel=4, handle=0x40, boundary=0):
    packet = struct.pack("<HH", len(payload), channel) + payload
    return b"\x02" + struct.pack("<HH", handle | boundary << 12, len(packet)) + packet


def more(payload, handle=0x40):
    return b"\x02" + struct.pack("<HH", handle | 0x1000, len(payload)) + payload


CONNECTED = (event(0x03, b"\0" + struct.pack("<H", 0x40) + PHONE + b"\x01\0"), 3, 0)
LE_CONNECTED = (event(0x3E, b"\x01\0" + struct.pack("<HBB", 0x40, 0, 0) + PHONE + bytes(7)), 3, 0)
RFCOMM = (
    (acl(struct.pack("<BBHHH", 2, 7, 4, 3, 0x50), 1), 0, 0.1),
    (acl(struct.pack("<BBHHHHH", 3, 7, 8, 0x41, 0x50, 0, 0), 1), 1, 0.2),
)


def uih(payload, channel=2):
    return bytes([channel << 3 | 3, 0xEF, len(payload) << 1 | 1]) + payload + b"\x9a"


def told(data):
    return [(said.peer, said.kind, said.path, bytes(said.data), said.whole) for said in decode(data).said]


def test_an_rfcomm_stream_is_one_until_it_pauses():
    data = log(
        CONNECTED,
        *RFCOMM,
        (acl(uih(b"VIN=LNB"), 0x41), 0, 1.0),
        (acl(uih(b"SCPAE5"), 0x41), 0, 1.2),
        (acl(uih(b"again"), 0x41), 0, 9.0),
    )
    peer = "02:00:5e:10:00:02"
    assert told(data) == [
        (peer, "rfcomm", "channel 2", b"VIN=LNBSCPAE5", True),
        (peer, "rfcomm", "channel 2", b"again", True),
    ]
    first = decode(data).said[0]
    assert (first.first, first.last) == (START * 10**9 + 10**9, START * 10**9 + 1_200_000_000)


def test_a_frame_with_a_credit_and_one_with_a_long_length_hold_their_payload_alone():
    credit = bytes([2 << 3 | 3, 0xFF, 5 << 1 | 1, 7]) + b"hello" + b"\x9a"
    long = bytes([2 << 3 | 3, 0xEF]) + struct.pack("<H", 300 << 1) + b"x" * 300 + b"\x9a"
    data = log(CONNECTED, *RFCOMM, (acl(credit, 0x41), 0, 1), (acl(long, 0x41), 0, 1.1))
    assert told(data)[0][3] == b"hello" + b"x" * 300


def test_the_multiplexer_and_what_the_unit_was_told_are_not_what_it_said():
    data = log(CONNECTED, *RFCOMM, (acl(uih(b"mux", 0), 0x41), 0, 1), (acl(uih(b"in"), 0x50), 1, 1))
    assert told(data) == []


def test_values_of_attributes_are_told_with_their_handle_long_writes_as_one():
    data = log(
        LE_CONNECTED,
        (acl(b"\x1b\x21\x00LNBSC"), 0, 1),
        (acl(b"\x16\x05\x00\x00\x00part one, "), 0, 2),
        (acl(b"\x16\x05\x00\x0a\x00part two"), 0, 3),
        (acl(b"\x18\x01"), 0, 4),
        (acl(b"\x0bread"), 0, 5),
    )
    assert [said[1:] for said in told(data)] == [
        ("att", "handle 0x0021", b"LNBSC", True),
        ("att", "handle 0x0005", b"part one, part two", True),
        ("att", "answer", b"read", True),
    ]


def test_a_packet_in_pieces_is_put_together_and_one_without_its_end_is_told():
    whole = struct.pack("<HH", 8, 4) + b"\x1b\x21\x00VINxy"
    data = log(
        LE_CONNECTED,
        (b"\x02" + struct.pack("<HH", 0x40, 6) + whole[:6], 0, 1),
        (more(whole[6:]), 0, 1),
        (b"\x02" + struct.pack("<HH", 0x40, 6) + whole[:6], 0, 2),
    )
    heard = decode(data)
    assert [bytes(said.data) for said in heard.said] == [b"VINxy"]
    assert heard.problems == ["what was being sent at its end is cut off"]


def test_links_and_channels_that_are_older_than_the_log_are_told_as_unknown():
    assert told(log((acl(b"LNBSC", 0x77), 0, 1))) == [("unknown device", "l2cap", "channel 0x0077", b"LNBSC", True)]


def test_what_is_broadcast_goes_to_anybody_near():
    data = log((command(0x0C13, b"Car of Ms Test".ljust(248, b"\0")), 2, 0), (command(0x2008, b"\x05LNBSC"), 2, 1))
    assert [(peer, kind, text) for peer, kind, _, text, _ in told(data)] == [
        (ANYBODY, "name", b"Car of Ms Test"),
        (ANYBODY, "advertising", b"LNBSC"),
    ]


KEYS = {
    "notification": (event(0x18, PHONE + KEY + b"\x04"), 3),
    "return": (event(0x15, b"\x01" + PHONE + KEY), 3),
    "reply": (command(0x040B, PHONE + KEY), 2),
    "encryption": (command(0x2019, struct.pack("<HQH", 0x40, 1, 2) + KEY), 2),
    "long-term": (command(0x201A, struct.pack("<H", 0x40) + KEY), 2),
    "pairing": (acl(b"\x06" + KEY, 6), 0),
    "pairing, received": (acl(b"\x08" + KEY, 6), 1),
}


@pytest.mark.parametrize("packet", KEYS.values(), ids=KEYS)
def test_keys_are_counted_never_told_and_scrubbed(packet):
    data = log(LE_CONNECTED, (*packet, 1))
    heard = decode(data)
    assert (heard.said, heard.keys) == ([], 1)
    clean = scrubbed(data)
    assert KEY in data
    assert KEY not in clean
    assert len(clean) == len(data)
    assert scrubbed(clean) == clean


@pytest.mark.parametrize(
    "data", [b"", b"btsnoop\0", b"\xd4\xc3\xb2\xa1" * 8, b"btsnoop\0" + struct.pack(">II", 1, 1001)]
)
def test_what_is_no_snoop_log_is_told(data):
    with pytest.raises(SnoopError):
        decode(data)


def test_a_log_that_is_cut_off_or_lies_about_lengths_is_read_as_far_as_it_goes():
    data = log(LE_CONNECTED, (acl(b"\x1b\x21\x00first"), 0, 1), (acl(b"\x1b\x21\x00second"), 0, 2))
    heard = decode(data[:-3])
    assert [bytes(said.data) for said in heard.said] == [b"first"]
    assert heard.problems == ["its last record is cut off"]
    lying = log(LE_CONNECTED) + struct.pack(">IIIIq", 1 << 31, 1 << 31, 0, 0, EPOCH) + b"x"
    assert "claims 2,147,483,648 bytes" in decode(lying).problems[0]


def test_packets_that_the_log_dropped_or_shortened_are_told():
    packet = acl(b"\x1b\x21\x00" + b"v" * 40)
    data = log(LE_CONNECTED) + struct.pack(">IIIIq", len(packet), 30, 0, 5, EPOCH) + packet[:30]
    heard = decode(data)
    assert heard.problems == ["5 packets were dropped", "packets were shortened when they were logged"]
    assert [said.whole for said in heard.said] == [False]


def test_bytes_at_random_end_in_a_reading_or_an_error():
    whole = log(CONNECTED, *RFCOMM, *[(acl(uih(b"VIN=LNB"), 0x41), 0, n) for n in range(20)], (*KEYS["return"], 3))
    draw = random.Random(3)
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(draw.randrange(1, 12)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        try:
            decode(bytes(damaged))
            assert len(scrubbed(bytes(damaged))) == len(damaged)
        except SnoopError:
            assert damaged[:16] != whole[:16]


def test_the_moment_of_a_packet_is_exact_to_the_microsecond():
    [packet] = read(log((b"\x04\x00\x00", 3, 0.000001))).packets
    assert packet.moment == START * 10**9 + 1000
