"""JT/T 808: frames built here from the standard's tables."""

from __future__ import annotations

import functools
import operator
import struct
from datetime import UTC, datetime

import pytest

from captures.decode.jt808_messages import MESSAGES, TABLES
from captures.decode.layout import Ill, Reader, compiled

PHONE = "13800000017"
TIME = bytes.fromhex("261122140005")  # 2026-11-22 14:00:05 in UTC+8
ICCID = bytes.fromhex("89860012345678901234")


def frame(
    ident: int, body: bytes = b"", *, serial: int = 1, newer: bool = False, properties: int = 0, packet: bytes = b""
) -> bytes:
    properties |= len(body) | (0x4000 if newer else 0) | (0x2000 if packet else 0)
    phone = bytes.fromhex(PHONE.rjust(20 if newer else 12, "0"))
    inner = struct.pack("!HH", ident, properties) + (b"\1" if newer else b"") + phone + struct.pack("!H", serial)
    inner += packet + body
    inner += bytes([functools.reduce(operator.xor, inner)])
    return b"\x7e" + inner.replace(b"\x7d", b"\x7d\1").replace(b"\x7e", b"\x7d\2") + b"\x7e"


def location(*extras: bytes, status: int = 2, latitude: int = 39_904_200, longitude: int = 116_407_400) -> bytes:
    return struct.pack("!IIIIHHH", 0, status, latitude, longitude, 44, 583, 90) + TIME + b"".join(extras)


def extra(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value)]) + value


def unit_sends(wire, data: bytes, answer: bytes = b""):
    connection = wire.connect(server=("203.0.113.10", 7611))
    connection.client(data)
    connection.server(answer)
    connection.close()
    return wire.decode()


def fields(sent) -> dict[str, object]:
    return {field.name: field.value for field in sent.fields}


@pytest.mark.parametrize("newer", [False, True])
def test_a_session_is_told_with_the_results_that_the_platform_answers(wire, newer):
    """Registration, authentication and a position, in both editions."""
    sizes = (11, 30, 30) if newer else (5, 20, 7)
    register = struct.pack("!HH", 31, 115) + b"".join(
        text.ljust(size, b"\0") for text, size in zip((b"MAKER", b"MODEL", b"T000017"), sizes, strict=True)
    )
    token = b"\4abcd" + b"490154203237518" + b"1.2.3".ljust(20, b"\0") if newer else b"abcd"
    sent = unit_sends(
        wire,
        frame(0x0100, register + b"\1" + "测A12345".encode("gbk"), serial=1, newer=newer)
        + frame(0x0102, token, serial=2, newer=newer)
        + frame(0x0200, location(extra(1, struct.pack("!I", 123456))), serial=3, newer=newer),
        frame(0x8100, b"\0\1\0abcd", newer=newer)
        + frame(0x8001, b"\0\2\1\2\0", newer=newer)
        + frame(0x8001, b"\0\3\2\0\3", newer=newer),
    ).transmissions
    assert [(one.channel, one.kind, one.status) for one in sent] == [
        ("jt808", "register", 0), ("jt808", "authenticate", 0), ("jt808", "location", 3)
    ]  # fmt: skip
    assert fields(sent[0])["licence_plate"] == "测A12345"
    assert fields(sent[0])["phone_number"] == PHONE
    assert fields(sent[0])["device_id"] == "T000017"
    assert fields(sent[1])["token"] == "abcd"
    assert fields(sent[1]).get("imei") == ("490154203237518" if newer else None)
    told = fields(sent[2])
    assert (told["position"], told["speed"], told["odometer"]) == ((39.9042, 116.4074), 58.3, 12345.6)
    assert sent[2].generated == int(datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC).timestamp()) * 10**9
    assert all(one.malformed is None and one.complete for one in sent)


def test_escapes_are_taken_off_and_fields_point_at_their_bytes(wire):
    """A body full of 7e and 7d; offsets count in the payload without escapes."""
    body = location(extra(0x94, b"LTESTVIN000000017"), latitude=0x017E7D7E, longitude=0x067D7E01)
    (sent,) = unit_sends(wire, frame(0x0200, body)).transmissions
    data = sent.part("payload").data
    assert body in data
    cut = {field.name: data[field.offset : field.offset + field.length] for field in sent.fields}
    assert cut["vin"] == b"LTESTVIN000000017"
    assert struct.unpack("!II", cut["position"]) == (0x017E7D7E, 0x067D7E01)
    assert cut["phone_number"].hex() == PHONE.rjust(12, "0")


def test_what_vendors_add_to_a_position_is_told(wire):
    """WiFi access points, cells, ICCID as BCD, plain or in an extension; placeholders name no access point."""
    points = bytes.fromhex("03 a4b1c2d3e4f5 c8 020000000000 c0 ffffffffffff 00")
    cell = struct.pack("!HBHIb", 460, 0, 0x1234, 0x0ABCDEF0, -71)
    extended = struct.pack("!HH", 12, 0xB2) + ICCID + struct.pack("!HHB", 3, 0x99, 7)
    (sent,) = unit_sends(
        wire, frame(0x0200, location(extra(0x54, points), extra(0xE1, cell), extra(0xEB, extended), extra(0xF0, b"zz")))
    ).transmissions
    assert [field.value for field in sent.fields if field.name == "wifi_bssid"] == ["a4:b1:c2:d3:e4:f5"]
    told = fields(sent)
    assert (told["mcc"], told["lac"], told["cell_id"]) == (460, 0x1234, 0x0ABCDEF0)
    assert told["iccid"] == ICCID.hex()
    assert (told["extra_0x0099"], told["extra_0xf0"]) == ("07", "7a7a")


def test_a_batch_holds_several_positions_south_and_west_too(wire):
    """Status bits 2 and 3; a receiver without a fix sends 0, 0, which is no position."""
    items = (location(), location(status=14), location(status=0, latitude=0, longitude=0))
    body = struct.pack("!HB", 3, 1) + b"".join(struct.pack("!H", len(item)) + item for item in items)
    (sent,) = unit_sends(wire, frame(0x0704, body)).transmissions
    assert sent.kind == "location batch"
    positions = [field.value for field in sent.fields if field.name == "position"]
    assert positions == [(39.9042, 116.4074), (-39.9042, -116.4074)]


def test_packets_of_one_message_are_put_together(wire):
    """In whatever order; one that is missing leaves the others as they are, incomplete."""
    picture = bytes.fromhex("ffd8ffe0") + bytes(range(200))
    body = struct.pack("!IBBBB", 9, 0, 0, 1, 1) + location() + picture
    parts = [body[start : start + 90] for start in range(0, len(body), 90)]
    packets = [
        frame(0x0801, part, serial=10 + number, packet=struct.pack("!HH", len(parts), number))
        for number, part in enumerate(parts, 1)
    ]
    (sent,) = unit_sends(wire, packets[0] + packets[2] + packets[1]).transmissions
    assert picture in sent.part("payload").data
    assert fields(sent)["packet"] == picture.hex()
    assert sent.complete
    decoded = unit_sends(type(wire)(), packets[0] + packets[2])
    assert [(one.complete, one.summary) for one in decoded.transmissions] == [
        (False, "media, packet 1 of 3"), (False, "media, packet 3 of 3")
    ]  # fmt: skip


def test_an_encrypted_body_is_opaque_and_counted(wire):
    """Bit 10 of the properties is RSA; the header stays readable."""
    decoded = unit_sends(wire, frame(0x0200, bytes(range(1, 65)), properties=0x0400))
    (sent,) = decoded.transmissions
    assert [(part.name, part.opaque) for part in sent.parts] == [("payload", None), ("data", "encrypted with RSA")]
    assert fields(sent) == {"phone_number": PHONE}
    (account,) = [one for key, one in decoded.accounts.items() if key[1] == "sent"]
    assert account.opaque["encrypted with RSA"] == 64


def test_what_is_broken_is_told_and_what_follows_is_still_read(wire):
    """A bad checksum, bytes between frames, a body that ends early (what was read is kept), a frame cut off."""
    bad = bytearray(frame(0x0002))
    bad[-2] ^= 1
    short = location(extra(1, b"\0\0\0\1"))[:-3]
    sent = unit_sends(wire, frame(0x0002) + bytes(bad) + b"junk" + frame(0x0200, short) + b"\x7e\2\0").transmissions
    assert [one.malformed for one in sent] == [
        None, "bad checksum", "not a JT/T 808 frame", "body does not fit the message", "not a JT/T 808 frame"
    ]  # fmt: skip
    assert fields(sent[3])["position"] == (39.9042, 116.4074)


def test_many_flags_with_nothing_between_are_one_piece(wire):
    """A stream of empty frames costs neither time nor memory."""
    sent = unit_sends(wire, frame(0x0002) + b"\x7e\0" * 5000 + b"\x7e" * 5000 + frame(0x0002)).transmissions
    assert [one.malformed for one in sent] == [None, "not a JT/T 808 frame", None]


def test_it_is_told_over_udp_as_well(wire):
    """Datagrams hold whole frames."""
    wire.udp(frame(0x0200, location()), destination=("203.0.113.10", 7611))
    (sent,) = wire.decode().transmissions
    assert (sent.channel, sent.kind) == ("jt808", "location")


def test_every_layout_of_the_tables_can_be_read():
    """No row of the tables has a slip; an empty body raises nothing but `Ill`."""
    layouts = [kind.layout for kind in MESSAGES.values()]
    layouts += [text for table in TABLES.values() for text in table.layouts.values()]
    for text in layouts:
        assert compiled(text)
        for newer in (False, True):
            for data in (b"", bytes(64), b"\xff" * 64):
                try:
                    Reader(data, "payload", newer, TABLES).read(text, 0, len(data))
                except Ill:
                    continue


@pytest.mark.parametrize("text", ["id:u16 )", "*u8(id:u8", "id:u16 ;"])
def test_a_slip_in_a_layout_is_an_error(text):
    """Brackets that do not match, and signs that mean nothing."""
    with pytest.raises(ValueError, match=r"layout|bracket"):
        compiled(text)
