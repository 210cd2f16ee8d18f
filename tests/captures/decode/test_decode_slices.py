"""A conversation read in slices while it goes on says the same as one read at its end, in memory that does not grow."""

import random

import pytest

from captures.decode import Decoding, KeyLog, Setting, decoding, fallback, http1, recognise


@pytest.fixture
def small(monkeypatch):
    """Slices of 4,000 bytes, windows of 10,000 with 500 repeated, no more than 40,000 held."""
    monkeypatch.setattr(decoding, "SLICE", 4000)
    monkeypatch.setattr(decoding, "_OFTEN", 1)
    monkeypatch.setattr(recognise, "HELD", 40_000)
    for module in (http1, fallback):
        monkeypatch.setattr(module, "WINDOW", 10_000)
        monkeypatch.setattr(module, "OVERLAP", 500)


def lazily(wire, keylog: bytes = b""):
    decoding = Decoding(Setting(), keylog=KeyLog.parse(keylog))
    sent = list(decoding.run(wire.packets))
    assert decoding.accounts.closed, decoding.accounts.problems()
    return sent, decoding


def request(body: bytes, path: str = "/up", extra: str = "") -> bytes:
    return f"PUT {path} HTTP/1.1\r\nHost: cloud.example\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


def joined(sent) -> bytes:
    """The windows of a body, put together without what they repeat."""
    windows = [one.part("body").data for one in sent]
    return windows[0] + b"".join(window[500:] for window in windows[1:])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("secure", [False, True])
def test_a_body_longer_than_a_window_is_handed_out_in_windows(wire, tls_bench, tls, noise, *, secure, chunked):
    """The first with the head, each further one repeating the end of the one before; the next request is its own."""
    body = noise.randbytes(61_234)
    if chunked:
        coded = b"".join(
            b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[at : at + 999] for at in range(0, len(body), 999))
        )
        data = b"PUT /up HTTP/1.1\r\nHost: cloud.example\r\nTransfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\n\r\n"
    else:
        data = request(body)
    connection = wire.connect()
    session = tls(connection, tls_bench) if secure else None
    send = session.send if session else connection.send
    for start in range(0, len(data), 3000):
        send(0, data[start : start + 3000])
    send(1, b"HTTP/1.1 204 No Content\r\n\r\n")
    send(0, request(b"vin=LTESTVIN000000017", "/next"))
    send(1, b"HTTP/1.1 204 No Content\r\n\r\n")
    connection.close()
    sent, _ = lazily(wire, tls_bench.keylog)
    *windows, after = sent
    assert len(windows) > 3
    assert joined(windows) == body
    assert [one.part("url") is not None for one in windows] == [True] + [False] * (len(windows) - 1)
    assert all(one.host == "cloud.example" and one.path == "/up" and one.complete for one in windows)
    assert windows[1].summary == "PUT /up, continued"
    assert (after.path, after.part("body").data) == ("/next", b"vin=LTESTVIN000000017")


@pytest.mark.usefixtures("small")
def test_an_upload_cut_off_ends_incomplete(wire, noise):
    connection = wire.connect()
    connection.client(request(noise.randbytes(61_234))[:50_000])
    *windows, last = lazily(wire)[0]
    assert all(one.complete for one in windows)
    assert not last.complete


@pytest.mark.usefixtures("small")
def test_a_long_download_is_counted_and_not_held(wire, noise):
    """The request is told as soon as its answer has begun; the answer's bytes are decoded as they come."""
    connection = wire.connect()
    connection.client(b"GET /map HTTP/1.1\r\nHost: cloud.example\r\n\r\n")
    connection.server(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + noise.randbytes(300_000))
    connection.client(request(b"done", "/after"))
    connection.server(b"HTTP/1.1 204 No Content\r\n\r\n")
    connection.close()
    sent, decoding = lazily(wire)
    assert [(one.path, one.status) for one in sent] == [("/map", 200), ("/after", 204)]
    assert not decoding.accounts[None, "received"].opaque


@pytest.mark.usefixtures("small")
def test_raw_bytes_on_end_are_handed_out_in_windows(wire):
    data = b"".join(b"%06d speed=%d;" % (number, number % 200) for number in range(6000))
    connection = wire.connect()
    connection.client(data)
    connection.close()
    windows = [one.part("payload").data for one in lazily(wire)[0]]
    assert len(windows) > 5
    assert windows[0] + b"".join(window[500:] for window in windows[1:]) == data


@pytest.mark.usefixtures("small")
def test_a_hole_between_slices_is_told_and_what_follows_is_read(wire):
    connection = wire.connect()
    for number in range(200):
        connection.client(request(b"n=%d" % number, f"/{number}"))
        connection.server(b"HTTP/1.1 204 No Content\r\n\r\n")
    lost = next(packet for packet in wire.packets if b"PUT /120 " in bytes(packet.data))
    wire.packets.remove(lost)
    decoding_ = Decoding(Setting(), keylog=KeyLog())
    paths = [one.path for one in decoding_.run(wire.packets)]
    assert [f"/{number}" in paths for number in range(200)] == [number != 120 for number in range(200)]
    account = decoding_.accounts[None, "sent"]
    assert len(account.gaps) == 1
    assert account.balance == (0, 0)


@pytest.mark.usefixtures("small")
def test_what_is_sent_again_after_it_was_read_is_counted_as_retransmitted(wire, noise):
    data = request(noise.randbytes(30_000))
    connection = wire.connect()
    first = connection.next[0]
    connection.client(data)
    connection.segment(0, data[:1400], sequence=first)
    connection.segment(0, data[1400:2800], sequence=first + 1400)
    connection.close()
    sent, decoding = lazily(wire)
    assert joined(sent) == data.partition(b"\r\n\r\n")[2]
    assert decoding.accounts[None, "sent"].retransmitted == 2800


@pytest.mark.parametrize("seed", range(5))
def test_segments_in_any_order_give_the_same_in_slices(wire, monkeypatch, seed):
    monkeypatch.setattr(decoding, "SLICE", 20_000)
    monkeypatch.setattr(decoding, "_OFTEN", 1)
    chance = random.Random(seed)
    connection = wire.connect(mss=300)
    bodies = [chance.randbytes(2000) for _ in range(60)]
    for number, body in enumerate(bodies):
        connection.client(request(body, f"/{number}"))
        connection.server(b"HTTP/1.1 204 No Content\r\n\r\n")
    order = wire.packets[3:]
    for start in range(0, len(order) - 10, 10):  # reordered and repeated within ten packets
        window = order[start : start + 10]
        chance.shuffle(window)
        order[start : start + 10] = window
    wire.packets[3:] = [packet for packet in order for _ in range(chance.choice((1, 1, 1, 2)))]
    sent, _ = lazily(wire)
    assert [one.part("body").data for one in sent] == bodies
    assert {one.status for one in sent} == {204}


def test_conversations_are_handed_out_when_they_end_and_then_forgotten(wire):
    """A long capture of short connections holds few of them at a time."""
    for number in range(300):
        connection = wire.connect(client=("10.64.0.2", 40000 + number))
        connection.client(request(b"n=%d" % number, f"/{number}"))
        connection.server(b"HTTP/1.1 204 No Content\r\n\r\n")
        connection.close()
        wire.wall += 100_000_000
    decoding_ = Decoding(Setting(), keylog=KeyLog())
    most, seen = 0, []
    for sent in decoding_.run(wire.packets):
        seen.append((sent.index, sent.path))
        most = max(most, len(decoding_._flows))
    assert seen == [(number, f"/{number}") for number in range(300)]
    assert most < 250


@pytest.mark.usefixtures("small")
def test_an_mqtt_connection_of_any_length_keeps_its_topic_aliases(wire):
    """Version and alias come with the first packets, and are needed in every slice (MQTT 5.0 section 3.3.2.3.4)."""
    connection = wire.connect(server=("203.0.113.10", 1883))
    connection.client(b"\x10\x10\0\4MQTT\5\2\0\x3c\0\0\3car")
    connection.server(b"\x20\3\0\0\0")
    for number in range(2000):
        topic = b"v/state" if number == 0 else b""
        body = len(topic).to_bytes(2) + topic + b"\3\x23\0\1" + b"n=%05d" % number
        connection.client(b"\x30" + bytes([len(body)]) + body)
    connection.close()
    sent, _ = lazily(wire)
    published = [one for one in sent if one.kind.startswith("publish")]
    assert sent[0].status == 0
    assert [one.part("payload").data for one in published] == [b"n=%05d" % number for number in range(2000)]
    assert {one.path for one in published} == {"v/state"}
