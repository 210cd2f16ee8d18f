"""Bodies that are framed within: gRPC over HTTP/2, gRPC-Web and Connect, server-sent events."""

from __future__ import annotations

import gzip
import struct

import h2.config
import h2.connection
import pytest

from captures.decode import Setting, bodies
from captures.decode.bodies import body_parts
from captures.decode.content import Content
from captures.sources.web import Web

PROTO = b"\x0a\x11LTESTVIN000000017"


def envelope(data: bytes, flags: int = 0) -> bytes:
    return struct.pack("!BI", flags, len(data)) + data


def parts(data: bytes, **headers: str) -> list[tuple[str, bytes]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [(part.name, part.data) for part in body_parts(Content(data, (), None), named)]


def test_a_grpc_call_is_told_by_service_and_method_with_its_status(wire):
    """Each message is a part, unpacked if its flag says so; the status stands in the trailers of the answer."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection = wire.connect()
    client.initiate_connection()
    head = {":method": "POST", ":scheme": "http", ":path": "/fleet.v1.Telemetry/Report", ":authority": "rpc.example"}
    client.send_headers(1, list((head | {"content-type": "application/grpc+proto", "grpc-encoding": "gzip"}).items()))
    client.send_data(1, envelope(PROTO) + envelope(gzip.compress(PROTO * 2), flags=1), end_stream=True)
    asked = client.data_to_send()
    connection.client(asked)
    server.initiate_connection()
    server.receive_data(asked)
    server.send_headers(1, [(":status", "200"), ("content-type", "application/grpc")])
    server.send_headers(1, [("grpc-status", "7"), ("grpc-message", "no")], end_stream=True)
    connection.server(server.data_to_send())
    connection.close()
    (sent,) = wire.decode().transmissions
    assert sent.summary == "gRPC fleet.v1.Telemetry/Report, status 7"
    assert (sent.kind, sent.path, sent.status) == ("POST", "/fleet.v1.Telemetry/Report", 200)
    messages = [part for part in sent.parts if part.name == "message"]
    assert [(part.data, part.encoding) for part in messages] == [(PROTO, ()), (PROTO * 2, ("gzip",))]


def test_grpc_web_and_connect_end_in_trailers():
    """A last envelope with the top bit, or the second bit, set."""
    web = parts(envelope(PROTO) + envelope(b"grpc-status: 0\r\n", 0x80), content_type="application/grpc-web+proto")
    connect = parts(envelope(PROTO) + envelope(b"{}", 2), content_type="application/connect+proto; charset=x")
    assert web == [("message", PROTO), ("trailer", b"grpc-status: 0\r\n")]
    assert connect == [("message", PROTO), ("trailer", b"{}")]


@pytest.mark.parametrize("broken", [b"no envelope at all", envelope(PROTO)[:-1], b"\x10\0\0\0\1x"])
def test_what_is_framed_wrongly_stays_a_body(broken):
    """Alone, and behind messages that are sound; so does the text form of gRPC-Web."""
    assert parts(broken, content_type="application/grpc") == [("body", broken)]
    assert parts(envelope(PROTO) + broken, content_type="application/grpc") == [("message", PROTO), ("body", broken)]
    assert parts(b"AAAA", content_type="application/grpc-web-text") == [("body", b"AAAA")]
    assert parts(PROTO, content_type="application/json") == [("body", PROTO)]


def test_a_compressed_message_is_not_unpacked_past_the_limit(monkeypatch):
    """What is more is opaque."""
    monkeypatch.setattr("captures.decode.content.LIMIT", 1 << 16)
    data = envelope(gzip.compress(bytes(1 << 20)), 1)
    headers = {"content-type": "application/grpc", "grpc-encoding": "gzip"}
    (part,) = body_parts(Content(data, (), None), headers)
    assert (len(part.data), bool(part.opaque)) == (1 << 16, True)


def test_each_server_sent_event_is_a_part():
    """Lines of data are joined; id, type, retry and comments are parts of their own; any end of line will do."""
    stream = b"\xef\xbb\xbf: hello\nid: 7\ndata: LTESTVIN\ndata:000000017\n\nevent: gone\r\nretry: 10\r\n\r\n"
    stream += b"odd: x\rdata\r\r"
    assert parts(stream, content_type="text/event-stream") == [
        ("comment", b"hello"), ("event_id", b"7"), ("event", b"LTESTVIN\n000000017"), ("event_type", b"gone"),
        ("retry", b"10"), ("field", b"odd: x"),
    ]  # fmt: skip


def test_more_messages_than_the_limit_stay_together(monkeypatch):
    """The rest is one body, still searched."""
    monkeypatch.setattr(bodies, "_MOST", 2)
    assert parts(b"data: a\n\n" * 3, content_type="text/event-stream") == [
        ("event", b"a"), ("event", b"a"), ("body", b"data: a\n\n")
    ]  # fmt: skip


def test_events_that_a_unit_serves_are_told(wire):
    """The unit is the server; the body's chunks are off."""
    connection = wire.connect(client=("203.0.113.10", 5000), server=("10.64.0.2", 80))
    connection.client(b"GET /events HTTP/1.1\r\nHost: car\r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.server(head + b"e\r\ndata: hello\nda\r\n9\r\nta: you\n\n\r\n0\r\n\r\n")
    connection.close()
    (sent,) = wire.decode(units=["10.64.0.2"]).transmissions
    assert sent.part("event").data == b"hello\nyou"


def test_a_request_that_another_tool_decoded_has_the_same_parts():
    """As in a HAR file or a proxy's flows."""
    head = [("Content-Type", "application/grpc")]
    sent = Web(Setting()).request(method="POST", url="https://a/b.C/D", headers=iter(head), body=envelope(PROTO))
    assert [part.name for part in sent.parts] == ["url", "header", "message"]
