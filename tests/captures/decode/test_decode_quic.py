"""QUIC as aioquic (which mitmproxy brings) begins it."""

from __future__ import annotations

import pytest

aioquic = pytest.importorskip("aioquic.quic.connection", reason="aioquic comes with mitmproxy")
configuration = pytest.importorskip("aioquic.quic.configuration")


@pytest.mark.parametrize("version", [1, 0x6B3343CF])
def test_the_host_is_read_from_the_first_flight_and_the_rest_is_closed(wire, version):
    """SNI, one message for the burst, and every byte either opened or opaque."""
    settings = configuration.QuicConfiguration(
        is_client=True, server_name="quic.example", alpn_protocols=["h3"] * 300, original_version=version
    )
    client = aioquic.QuicConnection(configuration=settings)
    client.connect(("203.0.113.10", 443), now=0.0)
    flight = [data for data, _ in client.datagrams_to_send(now=0.0)]
    for data in flight:
        wire.udp(data, destination=("203.0.113.10", 443))
    wire.udp(b"\x40" + bytes(30), destination=("203.0.113.10", 443))
    decoded = wire.decode()
    (sent,) = decoded.transmissions
    assert (sent.channel, sent.host, sent.part("sni").data) == ("quic", "quic.example", b"quic.example")
    assert sent.part("payload").opaque == "QUIC is not opened"
    account = decoded.accounts["cellular", "sent"]
    assert account.opaque["QUIC is not opened"] == 31
    assert account.decoded == sum(map(len, flight))
