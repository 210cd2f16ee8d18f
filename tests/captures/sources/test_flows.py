"""Flow files of mitmproxy: HTTP, WebSocket, TCP, UDP and DNS flows, and what is damaged among them."""

import functools
import io
import operator

import pytest
from mitmproxy import dns, tcp, udp, websocket
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow, tutils
from wsproto.frame_protocol import Opcode

from captures.sources import flows, open_source

VIN = b"LSVAM4187C2184847"


def packed(*some) -> list[bytes]:
    """Each flow as the file holds it."""
    out = []
    for one in some:
        with io.BytesIO() as file:
            FlowWriter(file).add(one)
            out.append(file.getvalue())
    return out


def http(path: bytes = b"/p", content: bytes | None = VIN, **more):
    headers = ((b"Host", b"cloud.example"), (b"X-Car", VIN), (b"Content-Length", b"17"))
    request = tutils.treq(method=b"POST", path=path, headers=headers, content=content, scheme=b"https", **more)
    return tflow.tflow(req=request, resp=tutils.tresp(status_code=204))


@pytest.fixture
def read(tmp_path):
    def read(data: bytes):
        path = tmp_path / "flows"
        path.write_bytes(data)
        source = open_source(path)
        return source, list(source.transmissions())

    return read


def test_requests_and_websocket_messages_are_read(read):
    one = http()
    one.websocket = websocket.WebSocketData(
        messages=[
            websocket.WebSocketMessage(Opcode.TEXT, True, VIN, 946_681_210.5),  # noqa: FBT003 - mitmproxy's own order
            websocket.WebSocketMessage(Opcode.TEXT, False, b"answer"),  # noqa: FBT003 - the same
        ]
    )
    source, (request, message) = read(b"".join(packed(one)))
    assert (source.kind, source.gaps) == ("mitm", ())
    assert (request.channel, request.host, request.path, request.status) == ("https", "cloud.example", "/p", 204)
    assert request.part("header").data.startswith(b"Host: cloud.example\r\nX-Car: " + VIN)
    assert request.part("body").data == VIN
    assert (message.channel, message.host, message.part("payload").data) == ("ws", "cloud.example", VIN)
    assert message.sent == 946_681_210_500_000_000


def test_a_body_that_was_streamed_past_the_proxy_is_opaque(read):
    _, [sent] = read(b"".join(packed(http(content=None))))
    assert sent.part("body").opaque == "the body is not in the capture"


def test_tcp_udp_and_dns_flows_go_through_the_decoders_of_packets(read):
    inner = b"\7\xfe" + VIN + b"\1\0\0"
    heartbeat = b"##" + inner + bytes([functools.reduce(operator.xor, inner)])
    raw = tflow.ttcpflow(messages=[tcp.TCPMessage(True, heartbeat[:9], 5.0), tcp.TCPMessage(True, heartbeat[9:], 6.0)])  # noqa: FBT003 - mitmproxy's own order
    datagrams = tflow.tudpflow(messages=[udp.UDPMessage(True, b"vin=" + VIN, 7.0)])  # noqa: FBT003 - the same
    query = tflow.tdnsflow(req=dns.Message.unpack(tutils.tdnsreq().packed))
    _, (report, datagram, asked) = read(b"".join(packed(raw, datagrams, query)))
    assert (report.channel, report.kind, report.sent, report.ended) == ("gbt32960", "heartbeat", 5 * 10**9, 6 * 10**9)
    assert report.fields
    assert (datagram.channel, datagram.part("payload").data) == ("udp", b"vin=" + VIN)
    assert (asked.channel, asked.path) == ("dns", "dns.google")
    assert [one.index for one in (report, datagram, asked)] == [0, 1, 2]


def test_a_damaged_flow_is_passed_over_and_one_cut_off_ends_the_file(read):
    first, second, third = packed(http(b"/1"), http(b"/2"), http(b"/3"))
    broken = second.replace(b":request;", b":rexuest;")
    source, sent = read(first + broken + third)
    assert [one.path for one in sent] == ["/1", "/3"]
    assert any("a flow is damaged" in gap for gap in source.gaps)
    source, sent = read(first + second[:-40])
    assert [one.path for one in sent] == ["/1"]
    assert f"the file is cut off in the flow that begins at byte {len(first)}" in source.gaps
    source, sent = read(first + b"rubbish" + third)
    assert [one.path for one in sent] == ["/1"]
    assert any("no flow begins there" in gap for gap in source.gaps)


def test_a_flow_too_long_to_be_held_is_passed_over_and_told(read, monkeypatch):
    monkeypatch.setattr(flows, "_LARGEST", 20_000)
    source, sent = read(b"".join(packed(http(b"/1"), http(b"/2", bytes(30_000)), http(b"/3"))))
    assert [one.path for one in sent] == ["/1", "/3"]
    assert any("passed over" in gap for gap in source.gaps)
