"""The gateway's pieces, each on its own."""

import asyncio
import ipaddress
import json
from types import SimpleNamespace

import pytest
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import connection, dns
from mitmproxy.net.dns import classes, op_codes, response_codes, types
from mitmproxy.proxy.server import TimeoutWatchdog

from captures.gateway import names
from captures.gateway.addons.patience import Patience
from captures.gateway.addons.resolver import answer
from captures.gateway.counts import GatewayCounts
from captures.gateway.journal import Journal, without_content
from captures.gateway.mending import drop_interim
from captures.gateway.names import NameTable
from captures.gateway.request_line import looks_like_http1
from captures.gateway.settings import Settings
from telltale.errors import RigError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\n", True),
        (b"POST /v1/records?vin=1 HTTP/1.0\r\nHost: a\r\n", True),
        (b"M-SEARCH * HTTP/1.1\r\n", True),
        (b"GET http://a.example/ HTTP/1.1\n", True),
        (b"PUT /half/a/request-li", True),
        (b"CONNECT a.example:443 HTTP/1.1\r\n", False),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", False),
        (b"AUTH me please\r\n", False),
        (b"GET /speed\r\n", False),
        (b"SET /speed 80", False),
        (b"GE", False),
        (b"", False),
        (b"##\x01\xfe", False),
    ],
)
def test_http_is_told_by_its_request_line(data, expected):
    """RFC 9112, section 3; what only resembles it is handed through."""
    assert looks_like_http1(data) is expected


def test_known_names_keep_their_addresses_and_new_ones_get_free_ones():
    """A name given with an address out of the pool does not lose it to a newcomer."""
    table = NameTable({"a.example": ["198.18.0.1"]}, "allocate")
    assert [str(address) for address in table.look_up("b.example")] == ["198.18.0.2", "2001:db8:18::2"]
    assert table.look_up("B.example.") == table.look_up("b.example")
    assert table.as_text() == {"a.example": ["198.18.0.1"], "b.example": ["198.18.0.2", "2001:db8:18::2"]}


def test_exhausted_pools_are_told(monkeypatch):
    """Rather than two names on one address."""
    small = (ipaddress.IPv4Network("198.18.0.0/30"), ipaddress.IPv6Network("2001:db8:18::/64"))
    monkeypatch.setattr(names, "POOLS", small)
    table = NameTable({}, "allocate")
    for name in ("a", "b"):
        table.look_up(name)
    with pytest.raises(RigError, match=r"no address of 198.18.0.0/30 is left"):
        table.look_up("c")


@pytest.mark.parametrize(
    ("op_code", "question", "code", "addresses"),
    [
        (op_codes.QUERY, dns.Question("a.example", types.A, classes.IN), response_codes.NOERROR, ["203.0.113.1"]),
        (op_codes.QUERY, dns.Question("b.example", types.A, classes.IN), response_codes.NXDOMAIN, []),
        (op_codes.UPDATE, dns.Question("a.example", types.A, classes.IN), response_codes.NOTIMP, []),
        (op_codes.QUERY, dns.Question("a.example", types.A, classes.CH), response_codes.NOTIMP, []),
        (op_codes.QUERY, None, response_codes.NOTIMP, []),
    ],
)
def test_odd_queries_are_answered_too(op_code, question, code, addresses):
    """An update, the Chaos class and an empty question are not implemented, and say so."""
    told, records = answer(op_code, question, NameTable({"a.example": ["203.0.113.1"]}))
    assert (told, [str(record) for record in records]) == (code, addresses)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Client disconnected.", "Client disconnected."),
        ("unexpected server response: b'LSVAA4182E2184847'", "unexpected server response"),
        ("Cannot parse ClientHello: 160301020001000", "Cannot parse ClientHello: 160301020001000"),
        ("Cannot parse ClientHello: " + "16030102" * 4, "Cannot parse ClientHello"),
        ("two\nlines", "two lines"),
        ("", "no reason given"),
    ],
)
def test_reasons_do_not_quote_what_was_sent(message, expected):
    """mitmproxy's messages are cut where they begin to."""
    assert without_content(message) == expected


@pytest.mark.parametrize(
    ("arrived", "dropped", "left"),
    [
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n", 1, b"HTTP/1.1 200 OK\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", 2, b""),
        (b"HTTP/1.1 103 Early Hints\r\nLi", 0, b"HTTP/1.1 103 Early Hints\r\nLi"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", 0, b"HTTP/1.1 200 OK\r\n\r\n"),
    ],
)
def test_only_complete_interim_answers_are_taken_out(arrived, dropped, left):
    """101 is final for HTTP; an incomplete head waits for its rest."""
    buffer = ReceiveBuffer()
    buffer += arrived
    assert drop_interim(buffer) == dropped
    assert bytes(buffer) == left


@pytest.mark.parametrize(("transport", "cut"), [("tcp", False), ("udp", True)])
def test_silent_connections_are_not_cut(transport, cut):
    """mitmproxy's own watchdog, whose time is up, lets a TCP connection be; datagrams have no other end."""
    cuts = []

    async def told():
        cuts.append(transport)

    watchdog = TimeoutWatchdog(0, told)
    watchdog.last_activity -= 1
    client = connection.Client(peername=("10.64.0.2", 1), sockname=("10.64.0.1", 2), transport_protocol=transport)
    Patience({client.id: SimpleNamespace(timeout_watchdog=watchdog)}).client_connected(client)

    async def watch():
        task = asyncio.create_task(watchdog.watch())
        await asyncio.wait([task], timeout=0.1)
        task.cancel()

    asyncio.run(watch())
    assert bool(cuts) == cut


def test_events_are_in_the_file_at_once(tmp_path):
    """Without closing it: a line an event, facts that are None left out."""
    journal = Journal(tmp_path / "journal")
    journal.write("opened", peer="10.64.0.2:1", sni=None)
    [line] = (tmp_path / "journal").read_text().splitlines()
    journal.close()
    assert {"event": "opened", "peer": "10.64.0.2:1"}.items() <= json.loads(line).items()
    assert set(json.loads(line)) == {"wall", "event", "peer"}


def test_settings_survive_their_file(tmp_path):
    """The process reads what the bench wrote."""
    given = Settings(
        folder=str(tmp_path),
        modes=("transparent@1",),
        names={"a": ("203.0.113.1",)},
        unknown_names="refuse",
        upstream_ca=None,
    )
    assert Settings.load(given.save()) == given


def test_silence_with_something_under_way_is_not_idle():
    """Open connections alone are."""
    quiet = dict.fromkeys(GatewayCounts.__slots__, 0) | {"opened": 3, "closed": 1}
    assert GatewayCounts(**quiet).idle
    assert GatewayCounts(**quiet).open == 2
    assert not GatewayCounts(**quiet | {"under_way": 1}).idle
    assert not GatewayCounts(**quiet | {"unsent": 1}).idle
