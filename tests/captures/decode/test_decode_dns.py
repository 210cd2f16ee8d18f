"""DNS, with messages made by scapy."""

from __future__ import annotations

import struct

from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT, EDNS0TLV

from captures.decode import Behind, Senders


def ask(name: str, kind: str = "A", ident: int = 7) -> bytes:
    return bytes(DNS(id=ident, rd=1, qd=DNSQR(qname=name, qtype=kind)))


def tell(name: str, *addresses: str, ident: int = 7, rcode: int = 0) -> bytes:
    records = [DNSRR(rrname=name, type="CNAME", rdata="cdn.example")]
    records += [DNSRR(rrname="cdn.example", type="AAAA" if ":" in ip else "A", rdata=ip) for ip in addresses]
    return bytes(DNS(id=ident, qr=1, rcode=rcode, qd=DNSQR(qname=name), an=records))


def answer(wire, data: bytes, port: int = 40000) -> None:
    wire.udp(data, source=("203.0.113.53", 53), destination=("10.64.0.2", port))


def test_a_query_is_a_transmission_with_its_rcode(wire):
    """The name is a part; the answer only contributes its status."""
    wire.udp(ask("ux.example"), destination=("203.0.113.53", 53))
    answer(wire, tell("ux.example", rcode=3))
    (sent,) = wire.decode().transmissions
    assert (sent.channel, sent.kind, sent.path, sent.summary) == ("dns", "query", "ux.example", "A? ux.example")
    assert [(part.name, part.data) for part in sent.parts] == [("name", b"ux.example")]
    assert sent.status == 3


def test_answers_name_the_addresses_that_are_met_afterwards(wire):
    """What was asked for counts, through CNAMEs; the latest answer before a connection wins."""
    for port, name in ((1, "old.example"), (2, "new.example")):
        wire.udp(ask(name), source=("10.64.0.2", port), destination=("203.0.113.53", 53))
        answer(wire, tell(name, "203.0.113.10", "fd20::10"), port)
        connection = wire.connect(client=("10.64.0.2", 50000 + port), server=("203.0.113.10", 9000))
        connection.client(b"hello")
        connection.close()
    wire.udp(b"raw", source=("fd64::2", 5), destination=("fd20::10", 6))
    raw = [sent for sent in wire.decode().transmissions if sent.channel != "dns"]
    assert [sent.host for sent in raw] == ["old.example", "new.example", "new.example"]


def test_names_given_beforehand_help_where_dns_says_nothing(wire):
    """Address to host name."""
    wire.udp(b"raw", destination=("203.0.113.77", 6))
    assert wire.decode(names={"203.0.113.77": "known.example"}).transmissions[0].host == "known.example"


def test_what_rides_in_additional_records_is_kept(wire):
    """An EDNS option can carry anything."""
    option = DNSRROPT(rdata=[EDNS0TLV(optcode=65001, optdata=b"LTESTVIN000000017")])
    wire.udp(bytes(DNS(qd=DNSQR(qname="a.example"), ar=option)), destination=("203.0.113.53", 53))
    (sent,) = wire.decode().transmissions
    assert b"LTESTVIN000000017" in sent.part("payload").data


def test_dns_over_tcp_is_read(wire):
    """Each message with its length in front."""
    connection = wire.connect(server=("203.0.113.53", 53))
    for name in ("a.example", "b.example"):
        data = ask(name, ident=len(name))
        connection.client(struct.pack("!H", len(data)) + data)
    connection.close()
    assert [sent.path for sent in wire.decode().transmissions] == ["a.example", "b.example"]


def test_a_name_that_points_forwards_is_malformed(wire):
    """Compression pointers that loop end nothing but themselves."""
    wire.udp(ask("a.example"), destination=("203.0.113.53", 53))
    wire.udp(struct.pack("!HHHHHH", 8, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", destination=("203.0.113.53", 53))
    decoded = wire.decode()
    assert decoded.transmissions[1].malformed == "not a DNS message"


UPLINKS = {"uplink0": "cellular", "uplink1": "private"}
SHARED = {"cellular": Senders(ecu="T-Box", behind=(Behind(ecu="IVI", ports=(40_000, 44_999)),))}


def look_up(wire, name: str, port: int, interface: str = "uplink0") -> None:
    wire.interface = interface
    wire.udp(ask(name), source=("10.64.0.2", port), destination=("203.0.113.53", 53))
    answer(wire, tell(name, "203.0.113.10"), port)


def hosts(decoded) -> list:
    return [sent.host for sent in decoded.transmissions if sent.channel != "dns"]


def test_a_recipient_is_named_by_look_ups_of_its_own_uplink(wire):
    """A private APN has a DNS of its own: a newer answer there renames nothing on the public one."""
    look_up(wire, "public.example", 1)
    look_up(wire, "private.example", 2, "uplink1")
    for interface in UPLINKS:
        wire.interface = interface
        wire.udp(b"raw", source=("10.64.0.2", 5), destination=("203.0.113.10", 6))
    decoded = wire.decode(uplinks=UPLINKS)
    assert hosts(decoded) == ["public.example", "private.example"]
    assert decoded.notes == ()


def test_a_name_from_another_uplink_is_the_last_resort_and_said(wire):
    """After what is known beforehand."""
    look_up(wire, "public.example", 1)
    wire.interface = "uplink1"
    wire.udp(b"raw", source=("10.64.0.2", 5), destination=("203.0.113.10", 6))
    decoded = wire.decode(uplinks=UPLINKS)
    assert hosts(decoded) == ["public.example"]
    (note,) = decoded.notes
    assert note.startswith(
        "what was sent over private to public.example is named by a look-up over cellular, since none"
    )
    known = wire.decode(uplinks=UPLINKS, names={"203.0.113.10": "known.example"})
    assert (hosts(known), known.notes) == (["known.example"], ())


def test_each_control_unit_is_named_its_own_recipients(wire):
    """One that asked for nothing, since the other resolves for it, has the names of the uplink."""
    look_up(wire, "tbox.example", 1)
    look_up(wire, "ivi.example", 40_001)
    for port in (5, 40_002):
        wire.udp(b"raw", source=("10.64.0.2", port), destination=("203.0.113.10", 6))
    assert hosts(wire.decode(uplinks=UPLINKS, senders=SHARED)) == ["tbox.example", "ivi.example"]


def test_a_control_unit_whose_look_ups_another_makes_has_its_names(wire):
    look_up(wire, "any.example", 1)
    wire.udp(b"raw", source=("10.64.0.2", 40_002), destination=("203.0.113.10", 6))
    decoded = wire.decode(uplinks=UPLINKS, senders=SHARED)
    assert (hosts(decoded), decoded.notes) == (["any.example"], ())
