"""HTTP/1.1, HTTP/2 and WebSocket as their own libraries speak them."""

from __future__ import annotations

import gzip
import zlib

import brotli
import h2.config
import h2.connection
import pytest
import wsproto
import wsproto.events as ws
import zstandard
from wsproto.extensions import PerMessageDeflate

from captures.decode import content as content_module
from captures.decode.content import BOMB, decode_content

BODY = b'{"vin": "LTESTVIN000000017"}'


def exchange(wire, client: bytes, server: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", **options):
    connection = wire.connect(**options)
    connection.client(client)
    connection.server(server)
    connection.close()
    return wire.decode()


def test_pipelined_requests_meet_their_answers(wire):
    """In order, whatever frames each body, past an interim response and an answer to HEAD."""
    decoded = exchange(
        wire,
        b"GET http://a.example/1?q HTTP/1.1\r\nHost: a.example\r\n\r\n"
        b"POST /2 HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nChecksum: 7\r\n\r\n"
        b"HEAD /3 HTTP/1.1\r\nHost: a.example\r\n\r\n"
        b"GET /not-modified HTTP/1.1\r\nHost: a.example\r\n\r\n"
        b"\r\nPUT /4 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 999\r\n\r\n"
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 999\r\n\r\n"
        b"HTTP/1.0 500 Oops\r\n\r\nuntil the end",
    )
    sent = decoded.transmissions
    assert [(one.kind, one.path, one.status) for one in sent] == [
        ("GET", "/1", 200), ("POST", "/2", 201), ("HEAD", "/3", 404), ("GET", "/not-modified", 304), ("PUT", "/4", 500)
    ]  # fmt: skip
    assert sent[0].part("url").data == b"http://a.example/1?q"
    assert sent[1].part("body").data == b"hello world"
    assert sent[1].part("trailer").data == b"Checksum: 7\r\n"
    assert sent[4].part("body").data == b"abc"
    assert all(one.complete and one.channel == "http" and one.host == "a.example" for one in sent)
    assert decoded.accounts.closed


PACKED = {
    "gzip": gzip.compress(BODY),
    "x-gzip": gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]),
    "deflate": zlib.compress(BODY),
    "Deflate": zlib.compress(BODY)[2:-4],
    "br": brotli.compress(BODY),
    "zstd": zstandard.compress(BODY),
    "deflate, gzip": gzip.compress(zlib.compress(BODY)),
    "identity": BODY,
}


@pytest.mark.parametrize("coding", PACKED)
def test_content_encoding_is_taken_off(wire, coding):
    """One or several (deflate with and without its zlib header), and the part tells which."""
    data = PACKED[coding]
    head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: {coding}\r\nContent-Length: {len(data)}\r\n\r\n"
    part = exchange(wire, head.encode() + data).transmissions[0].part("body")
    assert part.data == BODY
    assert part.encoding == tuple(c for c in reversed(coding.lower().split(", ")) if c != "identity")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x-made-up"])
def test_a_false_content_encoding_leaves_the_body_as_it_is(coding):
    """The header lies; the bytes are evidence all the same."""
    assert decode_content(BODY, coding) == (BODY, (), None)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_cut_off_body_gives_what_can_be_unpacked(coding, noise):
    """The beginning of a compressed upload whose end was not captured."""
    text = noise.randbytes(200_000).hex().encode()
    pack = {"gzip": gzip.compress, "br": brotli.Compressor(quality=3).process, "zstd": zstandard.compress}[coding]
    packed = pack(text)
    content = decode_content(packed[: len(packed) // 2], coding)
    assert text.startswith(content.data)
    assert len(content.data) > len(text) // 4
    assert content.encoding == (coding,)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_decompression_bomb_is_unpacked_to_a_limit(coding, monkeypatch):
    """What is past the limit is opaque, with the reason."""
    monkeypatch.setattr(content_module, "LIMIT", 1 << 20)
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress}[coding]
    content = decode_content(pack(bytes(3 << 20)), coding)
    assert (content.data, content.encoding, content.opaque) == (bytes(1 << 20), (coding,), BOMB)


def test_a_body_cut_off_by_the_end_of_the_capture_is_there(wire):
    """Killed in mid-upload: incomplete, with what was captured."""
    connection = wire.connect()
    connection.client(b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + b"x" * 4000)
    (sent,) = wire.decode().transmissions
    assert (sent.complete, len(sent.part("body").data)) == (False, 4000)


def test_what_is_no_http_after_a_request_is_kept_as_malformed(wire):
    """Searchable, told, and counted."""
    decoded = exchange(wire, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x00\x01VIN LTESTVIN000000017")
    assert decoded.transmissions[1].malformed == "not an HTTP request"
    assert b"LTESTVIN" in decoded.transmissions[1].part("payload").data
    assert "not an HTTP request" in decoded.notes[0]


def test_a_units_own_server_answers_are_transmissions(wire):
    """The unit is spoken to: its responses left it."""
    connection = wire.connect(client=("10.64.0.1", 50000), server=("10.64.0.2", 80))
    connection.client(b"GET /status HTTP/1.1\r\nHost: car\r\n\r\n")
    connection.server(b"HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n" + BODY)
    connection.close()
    (sent,) = wire.decode(units=["10.64.0.2"]).transmissions
    assert (sent.kind, sent.status, sent.part("body").data) == ("response", 200, BODY)


def test_a_summary_hides_what_could_be_an_identity(wire):
    """Path segments with digits or an address are left out of it; the path itself is whole."""
    sent = exchange(wire, b"GET /v1/cars/LTESTVIN000000017/a@b.c/x HTTP/1.1\r\nHost: a\r\n\r\n").transmissions[0]
    assert sent.summary == "GET /v1/cars/…/…/x"
    assert sent.path == "/v1/cars/LTESTVIN000000017/a@b.c/x"


def http2(wire, *, long: int = 20_000, cut: int = 0):
    connection = wire.connect()
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding=None))
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
    client.initiate_connection()
    server.initiate_connection()

    def turn() -> None:
        for talker, listener, say in ((client, server, connection.client), (server, client, connection.server)):
            if data := talker.data_to_send():
                say(data)
                listener.receive_data(data)

    turn()
    for number, method in ((1, b"POST"), (3, b"PUT")):
        headers = [
            (b":method", method), (b":scheme", b"https"), (b":authority", b"cloud.example:443"),
            (b":path", b"/v1/x?a=b"), (b"x-vin", b"LTESTVIN000000017"), (b"x-long", b"y" * long),
            (b"content-encoding", b"gzip"),
        ]  # fmt: skip
        client.send_headers(number, headers)
        turn()
        packed = gzip.compress(BODY)
        client.send_data(number, packed[:10], pad_length=7)
        client.send_data(number, packed[10:])
        client.send_headers(number, [(b"x-sum", b"1")], end_stream=True)
        turn()
        server.send_headers(number, [(b":status", b"103")])
        server.send_headers(number, [(b":status", b"201")])
        server.send_data(number, b"ok", end_stream=True)
        turn()
    connection.close()
    if cut:
        del wire.packets[cut:]
    return wire.decode()


def test_http_2_streams_are_requests_with_their_status(wire):
    """Continuation, padding, interim responses, trailers, Content-Encoding."""
    decoded = http2(wire)
    first, second = decoded.transmissions
    assert (first.channel, first.kind, first.path, first.status) == ("http", "POST", "/v1/x", 201)
    assert (first.host, first.complete, second.kind) == ("cloud.example", True, "PUT")
    assert first.part("url").data == b"/v1/x?a=b"
    assert first.part("header").data.startswith(b":authority: cloud.example:443\r\nx-vin: LTESTVIN000000017\r\n")
    assert (first.part("body").data, first.part("body").encoding) == (BODY, ("gzip",))
    assert first.part("trailer").data == b"x-sum: 1\r\n"
    assert decoded.accounts.closed


def test_http_2_cut_off_anywhere_still_closes_the_accounts(wire):
    """A capture that ends in the middle of frames."""
    whole = len(http2(wire, long=100).transmissions)
    for cut in range(3, len(wire.packets)):
        assert len(http2(type(wire)(), long=100, cut=cut).transmissions) <= whole


HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n"
VIN = b"LTESTVIN000000017"


@pytest.mark.parametrize(
    ("opened", "answer", "tail", "told"),
    [
        (HTTP_2, b"", b"\0\0\x40\0", "HTTP/2 frame cut off"),
        (HTTP_2, b"", b"\0\0\x40\1\4\0\0\0\1", "HTTP/2 frame cut off"),
        (HTTP_2, b"", b"\0\0\x40\1\4\0\0\0\1\0\1a" + VIN, "HTTP/2 frame cut off"),
        (HTTP_2, b"", b"\0\0\x40\0\0\0\0\0\7" + VIN, "HTTP/2 frame cut off"),
        (HTTP_2, b"", b"\0\0\x40\7\0\0\0\0\0" + bytes(8) + VIN, "HTTP/2 frame cut off"),
        (UPGRADE, SWITCHED, b"\x81", "WebSocket frame cut off"),
        (UPGRADE, SWITCHED, b"\x82\xfe\1", "WebSocket frame cut off"),
        (UPGRADE, SWITCHED, b"\x82\xfe\1\0abcd", "WebSocket frame cut off"),
    ],
    ids=["h2 length", "h2 header", "h2 headers", "h2 strange stream", "h2 goaway", "ws one", "ws length", "ws mask"],
)
def test_a_frame_cut_off_by_the_end_is_told_alike_and_what_is_there_of_it_searched(wire, opened, answer, tail, told):
    """HTTP/2 and WebSocket: a raw message of its bytes, malformed, with a note; the accounts close."""
    connection = wire.connect()
    connection.client(opened)
    connection.server(answer or HTTP_2[24:])
    connection.client(tail)
    connection.close()
    decoded = wire.decode()
    last = decoded.transmissions[-1]
    assert (last.malformed, last.part("payload").data) == (told, tail)
    assert f"{len(tail)} bytes from the client: {told}" in str(decoded.notes)
    assert decoded.accounts.closed


@pytest.mark.parametrize(
    ("tail", "after"),
    [(b"\x89\1!", 1), (b"\x71", 1), (b"\x80", 1), (b"\x81\1x", 1), (b"", 0)],
    ids=["a ping", "no frame", "a cut frame", "another message", "nothing"],
)
def test_the_pieces_of_a_websocket_message_without_its_last_are_there(wire, tail, after):
    """Whatever comes after them."""
    connection = wire.connect()
    connection.client(UPGRADE)
    connection.server(SWITCHED)
    connection.client(b"\x01\x11" + VIN + tail)
    connection.close()
    decoded = wire.decode()
    _, *told = decoded.transmissions
    pieces = [one for one in told if one.part("payload").data == VIN]
    assert [(one.channel, one.complete) for one in pieces] == [("ws", False)]
    assert len(told) == 1 + after
    assert decoded.accounts.closed


def websocket(wire, *, deflate: bool, forgets: bool):
    connection = wire.connect(server=("203.0.113.10", 80))
    extensions = [PerMessageDeflate(client_no_context_takeover=forgets)] if deflate else []
    client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    server = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    data = client.send(ws.Request(host="push.example", target="/ws/car?x", extensions=extensions))
    connection.client(data)
    server.receive_data(data)
    answers = [PerMessageDeflate(client_no_context_takeover=forgets)] if deflate else []
    data = server.send(ws.AcceptConnection(extensions=answers))
    connection.server(data)
    client.receive_data(data)
    assert [type(event) for event in client.events()] == [ws.AcceptConnection]
    for event in (
        ws.TextMessage("vin=LTESTVIN", message_finished=False),
        ws.Ping(b"sign of life"),
        ws.TextMessage("000000017 " * 20),
        ws.TextMessage("vin=LTESTVIN000000017"),
        ws.BytesMessage(bytes(70_000)),
        ws.CloseConnection(code=1000, reason="parked"),
    ):
        connection.client(client.send(event))
    connection.close()
    return wire.decode()


@pytest.mark.parametrize(("deflate", "forgets"), [(False, False), (True, False), (True, True)])
def test_websocket_messages_are_unmasked_joined_and_unpacked(wire, deflate, forgets):
    """Fragments with a ping between them, large frames, a shared compression window, the reason of a close."""
    decoded = websocket(wire, deflate=deflate, forgets=forgets)
    upgrade, *messages = decoded.transmissions
    assert (upgrade.status, upgrade.path) == (101, "/ws/car")
    assert {(one.channel, one.host, one.path) for one in messages} == {("ws", "push.example", "/ws/car")}
    assert {one.kind: one.part("payload").data for one in messages if one.kind != "text"} == {
        "ping": b"sign of life",
        "binary": bytes(70_000),
        "close": b"parked",
    }
    assert [one.part("payload").data for one in messages if one.kind == "text"] == [
        b"vin=LTESTVIN" + b"000000017 " * 20,
        b"vin=LTESTVIN000000017",
    ]
    assert decoded.accounts.closed
