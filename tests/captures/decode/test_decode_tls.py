import ssl


def test_a_request_over_tls_1_3_is_read_with_the_key_log(wire, tls_bench, tls):
    """URL, header, body, status, host and SNI of an HTTPS request."""
    session = tls(wire.connect(), tls_bench.version(ssl.TLSVersion.TLSv1_3))
    body = b'{"vin": "LTESTVIN000000017"}'
    session.send(0, b"POST /v1/records?x=1 HTTP/1.1\r\nHost: cloud.example:443\r\nContent-Length: 28\r\n\r\n" + body)
    session.send(1, b"HTTP/1.1 204 No Content\r\n\r\n")
    session.close()
    decoded = wire.decode(tls_bench.keylog)
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.kind, sent.path, sent.status) == ("https", "POST", "/v1/records", 204)
    assert (sent.host, sent.uplink, sent.complete) == ("cloud.example", "cellular", True)
    assert sent.part("url").data == b"/v1/records?x=1"
    assert sent.part("header").data == b"Host: cloud.example:443\r\nContent-Length: 28\r\n"
    assert sent.part("body").data == body
    assert sent.part("sni").data == b"cloud.example"
    assert decoded.accounts["cellular", "sent"].opaque == {}
    assert decoded.accounts.closed
