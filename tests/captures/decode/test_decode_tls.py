"""Real TLS of the ``ssl`` module, opened with the keys it logged."""

from __future__ import annotations

import ssl

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from captures.decode import KeyLog

BODY = b'{"vin": "LTESTVIN000000017"}'
REQUEST = b"POST /v1/records?x=1 HTTP/1.1\r\nHost: cloud.example:443\r\nContent-Length: 28\r\n\r\n" + BODY
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


def talk(wire, bench, tls, request=REQUEST, **options):
    session = tls(wire.connect(**options), bench)
    session.send(0, request)
    session.send(1, ANSWER)
    session.close()
    return session


def test_a_request_over_tls_1_3_is_read_with_the_key_log(wire, tls_bench, tls):
    """URL, header, body, status, host and SNI of an HTTPS request."""
    talk(wire, tls_bench.version(ssl.TLSVersion.TLSv1_3), tls)
    decoded = wire.decode(tls_bench.keylog)
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.kind, sent.path, sent.status) == ("https", "POST", "/v1/records", 204)
    assert (sent.host, sent.uplink, sent.complete) == ("cloud.example", "cellular", True)
    assert sent.part("url").data == b"/v1/records?x=1"
    assert sent.part("header").data == b"Host: cloud.example:443\r\nContent-Length: 28\r\n"
    assert sent.part("body").data == BODY
    assert sent.part("sni").data == b"cloud.example"
    assert decoded.accounts["cellular", "sent"].opaque == {}
    assert decoded.accounts.closed


@pytest.mark.parametrize(
    "suite",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-CCM8",
    ],
)
def test_tls_1_2_is_read_with_every_kind_of_cipher_suite(wire, tls_bench, tls, suite):
    """AEAD with and without explicit nonce, and CBC with encrypt-then-MAC."""
    talk(
        wire,
        tls_bench.version(ssl.TLSVersion.TLSv1_2, suite),
        tls,
        request=REQUEST.replace(b"28", b"80028") + bytes(80000),
    )
    decoded = wire.decode(tls_bench.keylog)
    (sent,) = decoded.transmissions
    assert sent.part("body").data == BODY + bytes(80000)
    assert decoded.accounts.closed
    assert decoded.accounts["cellular", "received"].opaque == {}


def test_without_keys_the_payload_is_opaque_and_the_name_known(wire, tls_bench, tls):
    """Metadata only: SNI, times, the closed bytes and why."""
    talk(wire, tls_bench, tls)
    decoded = wire.decode()
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.host, sent.part("sni").data) == ("tls", "cloud.example", b"cloud.example")
    assert sent.part("payload").opaque == "no TLS keys"
    assert decoded.accounts["cellular", "sent"].opaque["no TLS keys"] >= len(REQUEST)


def test_a_client_that_does_not_trust_the_gateway_leaves_its_alert(wire, tls_bench, tls):
    """Pinned or without our CA: a handshake, ``unknown_ca``, no payload."""
    session = tls(wire.connect(), tls_bench.version(ssl.TLSVersion.TLSv1_3), trusting=False)
    assert session.error
    decoded = wire.decode(tls_bench.keylog)
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.kind, sent.host) == ("tls", "unknown_ca", "cloud.example")
    assert sent.part("payload") is None


def test_a_resumed_session_is_read_too(wire, tls_bench, tls):
    """Each connection's own secrets are in the log."""
    bench = tls_bench.version(ssl.TLSVersion.TLSv1_2)
    first = talk(wire, bench, tls)
    second = talk(wire, bench, tls, client=("10.64.0.2", 40002))
    again = tls(wire.connect(client=("10.64.0.2", 40003)), bench, session=first.ends[0].session)
    assert again.ends[0].session_reused
    again.send(0, REQUEST)
    again.close()
    assert second
    assert [sent.part("body").data for sent in wire.decode(bench.keylog).transmissions] == [BODY] * 3


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_a_killed_upload_keeps_every_byte_that_was_captured(wire, tls_bench, tls, version, suite):
    """The capture ends in mid-record: the record's captured bytes are read as well."""
    session = tls(wire.connect(), tls_bench.version(version, suite))
    content = bytes(range(256)) * 2000
    before = len(wire.packets)
    session.send(0, b"PUT /v HTTP/1.1\r\nHost: cloud.example\r\nContent-Length: 1000000\r\n\r\n" + content)
    captured = len(wire.packets) - before - 107
    del wire.packets[-107:]
    decoded = wire.decode(tls_bench.keylog)
    (sent,) = decoded.transmissions
    assert (sent.kind, sent.complete) == ("PUT", False)
    body = sent.part("body").data
    assert content.startswith(body)
    assert captured * 1400 - 2000 < len(body) < captured * 1400
    assert decoded.accounts["cellular", "sent"].opaque == {}


def test_what_follows_a_gap_in_tls_stays_closed(wire, tls_bench, tls):
    """A lost segment costs the rest of that direction, and the accounts say so."""
    session = tls(wire.connect(), tls_bench)
    session.send(0, REQUEST.replace(b"28", b"200028") + bytes(200_000))
    session.close()
    del wire.packets[60]
    decoded = wire.decode(tls_bench.keylog)
    first, after = decoded.transmissions
    assert (first.complete, first.kind) == (False, "POST")
    assert after.part("payload").opaque == "TLS after a gap in the capture"
    assert after.host == "cloud.example"
    assert not decoded.accounts.closed


def test_every_plaintext_byte_maps_to_the_packet_that_held_it(wire, tls_bench, tls):
    """The frames of a transmission name its first and last packet."""
    session = tls(wire.connect(), tls_bench)
    before = len(wire.packets)
    session.send(0, REQUEST.replace(b"28", b"50028") + bytes(50_000))
    after = len(wire.packets) - 1
    session.close()
    (sent,) = wire.decode(tls_bench.keylog).transmissions
    assert sent.frames == (before, after)
    assert (sent.sent, sent.ended) == (wire.packets[before].wall, wire.packets[after].wall)


def test_an_unknown_protocol_in_tls_is_searched_in_clear(wire, tls_bench, tls):
    """Opened and kept raw."""
    session = tls(wire.connect(), tls_bench)
    session.send(0, b"\x01\x02VIN LTESTVIN000000017")
    session.close()
    (sent,) = wire.decode(tls_bench.keylog).transmissions
    assert (sent.channel, sent.part("payload").data) == ("tls", b"\x01\x02VIN LTESTVIN000000017")
    assert sent.part("payload").opaque is None


def test_tls_through_a_proxy_is_opened_in_its_tunnel(wire, tls_bench, tls):
    """CONNECT, then TLS within, and the host is the inner one."""
    connection = wire.connect(server=("203.0.113.10", 3128))
    connection.client(b"CONNECT cloud.example:443 HTTP/1.1\r\nHost: cloud.example:443\r\n\r\n")
    connection.server(b"HTTP/1.1 200 Connection established\r\n\r\n")
    session = tls(connection, tls_bench)
    session.send(0, REQUEST)
    session.close()
    tunnel, inner = wire.decode(tls_bench.keylog).transmissions
    assert (tunnel.kind, tunnel.status, tunnel.channel) == ("CONNECT", 200, "http")
    assert (inner.channel, inner.part("body").data) == ("https", BODY)


def test_a_hello_that_the_server_asked_again_for_is_read(wire, tls_bench, tls):
    """HelloRetryRequest: two hellos on each side."""
    tls_bench.version(ssl.TLSVersion.TLSv1_3).server.set_ecdh_curve("secp521r1")
    talk(wire, tls_bench, tls)
    (sent,) = wire.decode(tls_bench.keylog).transmissions
    assert (sent.part("body").data, sent.status) == (BODY, 204)


def expand(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label by the library, for records that the ``ssl`` module cannot be asked to make."""
    info = length.to_bytes(2) + bytes([6 + len(label)]) + b"tls13 " + label + b"\0"
    return HKDFExpand(hashes.SHA256(), length, info).derive(secret)


def sealed(secret: bytes, sequence: int, content: bytes) -> bytes:
    """A TLS 1.3 record of TLS_AES_128_GCM_SHA256."""
    header = b"\x17\x03\x03" + (len(content) + 16).to_bytes(2)
    nonce = (int.from_bytes(expand(secret, b"iv", 12)) ^ sequence).to_bytes(12)
    return header + AESGCM(expand(secret, b"key", 16)).encrypt(nonce, content, header)


def test_keys_are_updated_with_the_connection(wire):
    """RFC 8446 section 4.6.3, and padding; the handshake is cut down to what a passive reader needs."""
    random, first = bytes(range(32)), bytes(range(32, 64))
    second = expand(first, b"traffic upd", 32)
    hello = random + b"\0" + b"\0\2\x13\x01" + b"\1\0" + b"\0\7\0\x2b\0\3\2\3\4"
    client_hello = b"\1" + (2 + len(hello)).to_bytes(3) + b"\3\3" + hello
    answer = bytes(32) + b"\0" + b"\x13\x01\0" + b"\0\6\0\x2b\0\2\3\4"
    server_hello = b"\2" + (2 + len(answer)).to_bytes(3) + b"\3\3" + answer
    connection = wire.connect()
    connection.client(b"\x16\3\1" + len(client_hello).to_bytes(2) + client_hello)
    connection.server(b"\x16\3\3" + len(server_hello).to_bytes(2) + server_hello)
    connection.client(sealed(bytes(32), 0, b"\x14\0\0\0\x16"))  # Finished
    connection.client(sealed(first, 0, REQUEST[:50] + b"\x17") + sealed(first, 1, b"\x18\0\0\1\0\x16"))
    connection.client(sealed(second, 0, REQUEST[50:] + b"\x17" + bytes(9)))
    connection.close()
    keylog = f"CLIENT_HANDSHAKE_TRAFFIC_SECRET {random.hex()} {bytes(32).hex()}\n"
    keylog += f"CLIENT_TRAFFIC_SECRET_0 {random.hex()} {first.hex()}\n"
    decoded = wire.decode(keylog.encode())
    assert decoded.transmissions[0].part("body").data == BODY
    assert decoded.accounts["cellular", "sent"].opaque == {}


def test_a_client_certificate_is_a_part(wire, tls_bench, tls):
    """What a unit says of itself in its certificate left the unit as well."""
    tls_bench.server.verify_mode = ssl.CERT_REQUIRED
    tls_bench.server.load_verify_locations(tls_bench.pem)
    tls_bench.client.load_cert_chain(tls_bench.pem)
    talk(wire, tls_bench, tls)
    (sent,) = wire.decode(tls_bench.keylog).transmissions
    assert b"cloud.example" in sent.part("certificate").data


def test_a_key_log_line_cut_off_is_passed_over():
    """A killed gateway leaves half a line."""
    log = KeyLog.parse(b"# comment\nCLIENT_RANDOM 00ff aabb\nCLIENT_TRAFFIC_SECRET_0 00ff a")
    assert len(log) == 1
    assert log.master_secret(b"\0\xff") == b"\xaa\xbb"
