"""DoIP and SOME/IP, over TCP and UDP."""

import pytest

VIN = b"LTESTVIN000000017"


def doip(kind: int, payload: bytes) -> bytes:
    return b"\x02\xfd" + kind.to_bytes(2, "big") + len(payload).to_bytes(4, "big") + payload


def someip(service: int, method: int, payload: bytes, kind: int = 2) -> bytes:
    head = (service << 16 | method).to_bytes(4, "big") + (8 + len(payload)).to_bytes(4, "big")
    return head + b"\0\1\0\2\1\1" + bytes((kind, 0)) + payload


def test_an_announcement_tells_the_vin_and_a_message_what_it_asks_for(wire):
    """ISO 13400-2, tables 5 and 21."""
    wire.udp(doip(4, VIN + b"\x0e\x80" + bytes(6) * 2 + b"\0"), destination=("255.255.255.255", 13400))
    connection = wire.connect(server=("203.0.113.10", 13400))
    connection.client(doip(5, bytes(7)) + doip(0x8001, b"\x0e\x80\x10\x10\x22\xf1\x90"))
    connection.close()
    sent = wire.decode().transmissions
    assert [(t.channel, t.summary) for t in sent] == [
        ("doip", "vehicle announcement"),
        ("doip", "routing activation"),
        ("doip", "ReadDataByIdentifier 0xF190"),
    ]
    assert [(f.name, f.value, f.offset) for f in sent[0].fields] == [("vin", VIN.decode(), 0)]


def test_services_are_told_with_their_payload_and_discovery_by_name(wire):
    """Two messages may share a datagram."""
    wire.udp(someip(0x1234, 0x8001, VIN) + someip(0xFFFF, 0x8100, bytes(12)), destination=("203.0.113.10", 30490))
    sent = wire.decode().transmissions
    assert [(t.channel, t.kind) for t in sent] == [("someip", "notification"), ("someip", "service discovery")]
    assert sent[0].part("payload").data == VIN


@pytest.mark.parametrize("head", [b"\x02\xfc\0\4", b"\x02\xfd\x77\x77", b"\x12\x34\0\1\0\0\0\x08"])
def test_what_only_begins_alike_stays_raw(wire, head):
    """A wrong complement, an unknown type, a header without its version."""
    wire.udp(head + bytes(40), destination=("203.0.113.10", 9999))
    [sent] = wire.decode().transmissions
    assert sent.channel == "udp"


def test_a_stream_that_is_cut_off_or_turns_to_nonsense_is_told(wire):
    """The frame before is kept."""
    connection = wire.connect(server=("203.0.113.10", 13400))
    connection.client(doip(5, bytes(7)) + b"nonsense")
    connection.close()
    first, rest = wire.decode().transmissions
    assert (first.summary, first.malformed) == ("routing activation", None)
    assert rest.malformed == "no frame of doip"
