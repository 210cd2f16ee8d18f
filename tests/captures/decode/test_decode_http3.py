"""HTTP/3 as aioquic speaks it, put into packets that are lost, repeated, moved and re-keyed."""

from __future__ import annotations

import gzip
import io

import pytest
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import StreamDataReceived
from aioquic.tls import CipherSuite

from rigs.sim.certificates import CloudAuthority

CAR, CLOUD = ("10.64.0.2", 40000), ("203.0.113.10", 443)
VIN = b"LSVAU2A37N2183294"


class Talk:
    """A client and a server in memory; whatever either sends passes the wire."""

    def __init__(self, wire, authority: CloudAuthority, *, alpn=H3_ALPN, trusts=None, **client) -> None:
        self.wire = wire
        self.keys = io.StringIO()
        self.now = 0.0
        self.car = CAR
        self.unseen: set[int] = set()
        """Datagrams of the car, counted from 0, that the capture misses."""
        self.undelivered: set[int] = set()
        """… and that never arrive."""
        self.sent = 0
        asks = QuicConfiguration(
            is_client=True,
            alpn_protocols=list(alpn),
            server_name="cloud.example",
            cafile=str((trusts or authority).certificate),
            secrets_log_file=self.keys,
            **client,
        )
        serves = QuicConfiguration(is_client=False, alpn_protocols=list(alpn), max_datagram_frame_size=65536)
        serves.certificate, serves.private_key = authority.leaf_for("cloud.example")
        self.client = QuicConnection(configuration=asks)
        self.client.connect(CLOUD, now=0.0)
        self.server = QuicConnection(
            configuration=serves,
            original_destination_connection_id=self.client.original_destination_connection_id,
        )
        self.http: tuple[H3Connection, H3Connection] | None = None
        self.flow()
        if "h3" in alpn and not trusts:
            self.http = H3Connection(self.client), H3Connection(self.server)
            self.flow()

    def flow(self) -> None:
        """Exchange datagrams until nobody has anything to say."""
        quiet = 0
        while quiet < 3:
            self.now += 0.02
            went = self._carry(self.client, self.server, from_car=True)
            came = self._carry(self.server, self.client, from_car=False)
            quiet = 0 if went or came else quiet + 1
            for end in (self.client, self.server):
                if (due := end.get_timer()) is not None and due <= self.now:
                    end.handle_timer(now=self.now)

    def _carry(self, sender: QuicConnection, receiver: QuicConnection, *, from_car: bool) -> int:
        datagrams = sender.datagrams_to_send(now=self.now)
        for data, _ in datagrams:
            ends = (self.car, CLOUD) if from_car else (CLOUD, self.car)
            number, self.sent = self.sent, self.sent + from_car
            if not from_car or number not in self.unseen:
                self.wire.udp(data, source=ends[0], destination=ends[1])
            if not from_car or number not in self.undelivered:
                receiver.receive_datagram(data, ends[0], now=self.now)
        self._answer()
        return len(datagrams)

    def _answer(self) -> None:
        """The server's 200 to every request head."""
        while (event := self.server.next_event()) is not None:
            if isinstance(event, StreamDataReceived) and self.http:
                for said in self.http[1].handle_event(event):
                    if isinstance(said, HeadersReceived):
                        self.http[1].send_headers(said.stream_id, [(b":status", b"200"), (b"x-long", b"a" * 50)])
                        self.http[1].send_data(said.stream_id, b"{}", end_stream=True)
        while (event := self.client.next_event()) is not None:
            if self.http:
                self.http[0].handle_event(event)

    def post(self, path: str, body: bytes, **headers: str) -> None:
        stream = self.client.get_next_available_stream_id()
        fields = {":method": "POST", ":scheme": "https", ":authority": "cloud.example", ":path": path, **headers}
        self.http[0].send_headers(stream, [(name.encode(), value.encode()) for name, value in fields.items()])
        self.http[0].send_data(stream, body, end_stream=True)

    def decode(self, **options):
        return self.wire.decode(self.keys.getvalue().encode(), **options)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CloudAuthority:
    return CloudAuthority.create(tmp_path_factory.mktemp("authority"))


def requests(decoded) -> list:
    return [sent for sent in decoded.transmissions if sent.kind == "POST"]


@pytest.mark.parametrize("suite", list(CipherSuite)[:3])
def test_requests_are_read_with_the_keys_of_the_log(wire, authority, suite):
    """URL, headers, body and the answer's status, whatever the cipher suite; not a byte stays closed."""
    talk = Talk(wire, authority, cipher_suites=[suite])
    talk.post("/v1/records?vin=" + VIN.decode(), b"body of " + VIN, **{"x-car": VIN.decode()})
    talk.flow()
    decoded = talk.decode()
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.kind, sent.path, sent.status) == ("https", "POST", "/v1/records", 200)
    assert (sent.host, sent.summary, sent.complete) == ("cloud.example", "POST /v1/records over HTTP/3", True)
    assert sent.part("url").data == b"/v1/records?vin=" + VIN
    assert b"x-car: " + VIN + b"\r\n" in sent.part("header").data
    assert sent.part("body").data == b"body of " + VIN
    assert sent.part("sni").data == b"cloud.example"
    assert not decoded.accounts["cellular", "sent"].opaque


def test_content_encoding_is_taken_off_as_in_other_versions(wire, authority):
    """A gzip body is the unpacked one, as with HTTP/2."""
    talk = Talk(wire, authority)
    talk.post("/z", gzip.compress(VIN), **{"content-encoding": "gzip"})
    talk.flow()
    (sent,) = requests(talk.decode())
    assert (sent.part("body").data, sent.part("body").encoding) == (VIN, ("gzip",))


def test_without_keys_it_stays_closed_and_is_counted(wire, authority):
    """The ClientHello tells the host, and the rest is opaque."""
    talk = Talk(wire, authority)
    talk.post("/v1", VIN)
    talk.flow()
    (sent,) = talk.wire.decode().transmissions
    assert (sent.channel, sent.host) == ("quic", "cloud.example")
    assert sent.part("payload").opaque == "QUIC is not opened"


def test_a_large_body_keeps_its_order_through_loss_and_retransmission(wire, authority):
    """What was lost on the way and sent again, or sent twice, is read once, in its place."""
    body = b"".join(b"%08d" % number for number in range(20_000))
    talk = Talk(wire, authority)
    talk.undelivered = set(range(talk.sent + 3, talk.sent + 400, 7))
    talk.post("/large", body)
    for _ in range(40):
        talk.flow()
        talk.now += 1
    (sent,) = requests(talk.decode())
    assert sent.part("body").data == body
    assert sent.complete


def test_what_follows_a_hole_in_the_capture_is_still_searched(wire, authority):
    """A datagram that the capture misses cuts the body; the bytes behind it are kept, and a note says so."""
    talk = Talk(wire, authority)
    talk.unseen = {talk.sent + 2}
    talk.post("/large", bytes(5000) + VIN)
    talk.flow()
    decoded = talk.decode()
    (sent,) = requests(decoded)
    assert not sent.complete
    assert any(VIN in part.data for one in decoded.transmissions for part in one.parts)
    assert any("not captured" in note for note in decoded.notes)


def test_a_connection_that_moves_is_read_on_where_it_went(wire, authority):
    """After a migration to another port, with a fresh connection id, the next request is read from the new flow."""
    talk = Talk(wire, authority)
    talk.post("/before", b"first")
    talk.flow()
    talk.car = ("10.64.0.2", 40999)
    talk.client.change_connection_id()
    talk.post("/after", VIN)
    talk.flow()
    decoded = talk.decode()
    before, after = requests(decoded)
    assert (before.source.port, after.source.port) == (40000, 40999)
    assert after.part("body").data == VIN
    assert not decoded.accounts["cellular", "sent"].opaque


def test_keys_may_be_updated_in_the_middle(wire, authority):
    """Requests of three key phases are all read (RFC 9001, section 6)."""
    talk = Talk(wire, authority)
    for number in range(3):
        talk.post(f"/phase/{number}", VIN)
        talk.flow()
        talk.client.request_key_update()
        talk.flow()
    decoded = talk.decode()
    assert [sent.path for sent in requests(decoded)] == ["/phase/0", "/phase/1", "/phase/2"]
    assert not decoded.accounts["cellular", "sent"].opaque


def test_headers_of_the_dynamic_table_are_found_again(wire, authority):
    """The second request names its headers by their place in the QPACK table only."""
    talk = Talk(wire, authority)
    for number in range(4):
        talk.post("/repeated", b"%d" % number, **{"x-car": VIN.decode(), "x-more": "m" * 40})
        talk.flow()
    decoded = talk.decode()
    assert [b"x-car: " + VIN in sent.part("header").data for sent in requests(decoded)] == [True] * 4


def test_datagram_frames_are_searched(wire, authority):
    """Bytes in a DATAGRAM frame (RFC 9221) are a message of their own."""
    talk = Talk(wire, authority, max_datagram_frame_size=65536)
    talk.client.send_datagram_frame(b"datagram " + VIN)
    talk.flow()
    decoded = talk.decode()
    assert any(part.data == b"datagram " + VIN for sent in decoded.transmissions for part in sent.parts)


def test_streams_of_another_protocol_are_read_as_what_they_are(wire, authority):
    """DNS over a QUIC stream (RFC 9250) is told as DNS."""
    question = b"\0\0\1\0\0\1\0\0\0\0\0\0\3car\7example\0\0\1\0\1"
    talk = Talk(wire, authority, alpn=["doq"])
    stream = talk.client.get_next_available_stream_id()
    talk.client.send_stream_data(stream, len(question).to_bytes(2, "big") + question, end_stream=True)
    talk.flow()
    (sent,) = talk.decode().transmissions
    assert (sent.channel, sent.path, sent.destination.port) == ("dns", "car.example", 443)


def test_a_refused_certificate_is_told_by_its_alert(wire, tmp_path, authority):
    """A pinning client ends the handshake by an alert: nothing but that, and its name."""
    talk = Talk(wire, authority, trusts=CloudAuthority.create(tmp_path / "other"))
    (sent,) = talk.decode().transmissions
    assert (sent.channel, sent.kind, sent.summary) == (
        "quic",
        "bad_certificate",
        "QUIC to cloud.example, handshake only, bad_certificate",
    )
