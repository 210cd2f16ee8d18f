"""HTTP archives of any tool are read entry by entry; what is damaged is told and the rest read."""

import base64
import gzip
import json
import random

import pytest

from captures.sources import har, open_source
from telltale.errors import InputError

VIN = "LSVAM4187C2184847"


def entry(number: int, *, text: str | None = None, url: str | None = None, **more) -> dict:
    request = {
        "method": "POST" if text is not None else "GET",
        "url": url or f"https://cloud.example/n/{number}?q=1#part",
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": "Host", "value": "cloud.example"}, {"name": "X-N", "value": str(number)}],
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": 0,
    }
    if text is not None:
        request["postData"] = {"mimeType": "application/json", "text": text}
    request |= more.pop("request", {})
    response = {
        "status": 200,
        "headers": [{"name": "Server", "value": 'odd "quotes" },{ in it'}],
        "content": {"size": 9, "mimeType": "text/plain", "text": '},{"startedDateTime":"1","request":{'},
    }
    return {
        "startedDateTime": "2026-11-22T06:00:00.250Z",
        "time": 12.5,
        "request": request,
        "response": response,
        "serverIPAddress": "203.0.113.10",
        "timings": {"send": 0},
        **more,
    }


def archive(entries: list, creator: str = "WebInspector", **how) -> bytes:
    log = {"version": "1.2", "creator": {"name": creator, "version": "1"}, "pages": [], "entries": entries}
    return json.dumps({"log": log}, **how).encode("utf-8", "surrogatepass")


def read(path):
    source = open_source(path)
    return source, list(source.transmissions())


@pytest.fixture
def put(tmp_path):
    def put(data: bytes, name: str = "x.har"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return put


@pytest.mark.parametrize("indent", [None, 0, 4])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("chunk", [64, 1 << 20])
def test_every_entry_is_a_transmission_whatever_the_layout(put, monkeypatch, indent, chunk, *, packed):
    monkeypatch.setattr(har, "_CHUNK", chunk)
    entries = [entry(number, text=f'{{"vin": "{VIN}", "n": {number}}}' if number % 2 else None) for number in range(20)]
    data = archive(entries, indent=indent)
    source, sent = read(put(gzip.compress(data) if packed else data))
    assert (source.kind, source.gaps, source.accounts) == ("har", (), None)
    assert [one.index for one in sent] == list(range(20))
    assert [one.path for one in sent] == [f"/n/{number}" for number in range(20)]
    one = sent[3]
    assert (one.channel, one.kind, one.host, one.status, str(one.destination)) == (
        "https", "POST", "cloud.example", 200, "203.0.113.10:443",
    )  # fmt: skip
    assert (one.sent, one.ended) == (1_795_327_200_250_000_000, 1_795_327_200_262_500_000)
    assert one.part("url").data == b"/n/3?q=1"
    assert one.part("header").data == b"Host: cloud.example\r\nX-N: 3\r\n"
    assert one.part("body").data == f'{{"vin": "{VIN}", "n": 3}}'.encode()


def test_bodies_in_base64_in_other_charsets_as_fields_and_left_out(put):
    raw = bytes(range(256))
    posts = [
        {"mimeType": "application/octet-stream", "text": base64.b64encode(raw).decode(), "encoding": "base64"},
        {"mimeType": "text/plain; charset=gbk", "text": "张三"},
        {"mimeType": "text/plain", "text": "张三 \udc80"},
        {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "mail", "value": "li@example.cn"}]},
    ]
    entries = [entry(number, request={"postData": post, "method": "POST"}) for number, post in enumerate(posts)]
    entries.append(entry(4, request={"method": "PUT", "bodySize": 17}))
    _, sent = read(put(archive(entries)))
    bodies = [one.part("body") for one in sent]
    assert [body.data for body in bodies] == [
        raw, "张三".encode("gbk"), "张三 ".encode() + b"\x80", b"mail=li%40example.cn", b"",
    ]  # fmt: skip
    assert [body.opaque for body in bodies] == [None] * 4 + ["the body is not in the capture"]


def test_mitmproxys_bytes_without_a_charset_are_latin_1(put):
    raw = bytes(range(256))
    post = {"mimeType": "application/octet-stream", "text": raw.decode("latin-1")}
    _, [sent] = read(put(archive([entry(0, request={"postData": post})], creator="mitmproxy")))
    assert sent.part("body").data == raw


def test_a_browsers_pseudo_headers_and_websocket_are_told_as_packets_are(put):
    headers = [{"name": ":method", "value": "GET"}, {"name": ":authority", "value": "cloud.example"}]
    frames = [
        {"type": "send", "time": 1_795_327_201.5, "opcode": 1, "data": "vin=" + VIN},
        {"type": "receive", "time": 1_795_327_202.5, "opcode": 1, "data": "no"},
        {"type": "send", "time": 1_795_327_203.5, "opcode": 2, "data": base64.b64encode(b"\0\xff").decode()},
    ]
    one = entry(
        0, request={"headers": headers, "httpVersion": "h2"}, url="wss://cloud.example/s", _webSocketMessages=frames
    )
    _, (request, text, binary) = read(put(archive([one])))
    assert request.part("header").data == b":authority: cloud.example\r\n"
    assert (text.channel, text.host, text.path, text.part("payload").data) == (
        "ws",
        "cloud.example",
        "/s",
        b"vin=" + VIN.encode(),
    )
    assert (text.sent, binary.part("payload").data) == (1_795_327_201_500_000_000, b"\0\xff")


def test_entries_that_begin_with_different_keys_and_odd_types_are_read(put):
    entries = [entry(number, text="x") for number in range(6)]
    entries[2] = {"_initiator": {"type": "other"}, **entries[2]}
    entries[4]["response"]["status"] = "404"
    entries[5]["time"] = None
    _, sent = read(put(archive(entries)))
    assert [(one.path, one.status) for one in sent] == [
        (f"/n/{number}", 404 if number == 4 else 200) for number in range(6)
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_archive_cut_off_gives_the_entries_before_the_cut_and_says_so(put, indent):
    data = archive([entry(number, text=VIN) for number in range(30)], indent=indent)
    source, sent = read(put(data[: len(data) // 2]))
    assert 12 <= len(sent) <= 15
    assert any("cut off" in gap for gap in source.gaps)


def test_a_damaged_entry_is_passed_over_and_told(put):
    data = archive([entry(number, text=VIN) for number in range(30)])
    broken = data.replace(b'"X-N", "value": "7"', b'"X-N", "value": ]7"')
    assert broken != data
    source, sent = read(put(broken))
    assert {one.path for one in sent} == {f"/n/{number}" for number in range(30)} - {"/n/7"}
    assert any("damaged" in gap for gap in source.gaps)


@pytest.mark.parametrize("seed", range(12))
def test_a_mutated_archive_never_raises_and_keeps_most_entries(put, seed):
    chance = random.Random(seed)
    data = bytearray(archive([entry(number, text=VIN) for number in range(60)]))
    for _ in range(3):
        data[chance.randrange(300, len(data))] = chance.randrange(256)
    _, sent = read(put(bytes(data)))
    assert len(sent) > 40


def test_an_entry_too_long_to_be_held_is_passed_over_and_told(put, monkeypatch):
    monkeypatch.setattr(har, "_CHUNK", 1000)
    monkeypatch.setattr(har, "_LARGEST", 20_000)
    entries = [entry(number, text="v" * 100_000 if number == 3 else VIN) for number in range(9)]
    source, sent = read(put(archive(entries)))
    assert [one.path for one in sent] == [f"/n/{number}" for number in range(9) if number != 3]
    assert any("passed over" in gap for gap in source.gaps)


def test_what_promises_an_archive_and_is_none_is_told(put):
    with pytest.raises(InputError, match="holds no list of entries"):
        read(put(b'{"log": {"version": "1.2"}}'))
    source, sent = read(put(b'{"log": {"entries": []}}'))
    assert (sent, source.gaps) == ([], ())
    deep = b'{"log": {"entries": [{"request": ' + b"[" * 100_000
    assert read(put(deep))[1] == []
