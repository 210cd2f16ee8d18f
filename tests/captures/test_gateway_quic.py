"""QUIC through the sealed network: opened where the host has a tun device for the bench, else turned back to TCP."""

import os
import sys

import pytest

from captures.decode import KeyLog, decode
from captures.gateway import Gateway
from captures.pcapng import CaptureFile
from captures.tap import PacketTap
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network import QUIC_TUN, CatchAll, SealedNetwork
from telltale.errors import NamespacesRefusedError

VIN = "LSVAU2A37N2183294"

CLIENT = """
import asyncio, sys
from pathlib import Path
from rigs.sim.unit.dialler import Dialler
from rigs.sim.unit.message import Message
from rigs.sim.unit.tls import TlsSettings
from rigs.sim.unit.transports import Transports

async def main():
    trust = TlsSettings(
        {}, bench=Path(sys.argv[1]), maker=None, keys={}, flash=Path("/nowhere"), on_keys=lambda *_: None
    )
    transports = Transports(Dialler(interfaces={"wifi": "wlan0"}, tls=trust))
    message = Message(
        function="f", send="s", channel="http", uplink="wifi", host="quic.example", port=443, method="POST",
        target="/v1/records", body=sys.argv[2].encode(), http=3, generated=0,
    )
    await transports.deliver(message)
    transports.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module", params=[True, False], ids=["opened", "blocked"])
def bench(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    try:
        network = SealedNetwork.open(catch_all=CatchAll(tcp_port=9000, udp_port=9001), open_quic=request.param)
    except NamespacesRefusedError as refused:
        pytest.skip(str(refused))
    with network:
        if request.param and network.quic_refused:
            pytest.skip(f"this host opens no QUIC: {network.quic_refused}")
        authority = CloudAuthority.create(folder / "authority")
        ports = {"tcp_port": 9000, "udp_port": 9001}
        with (
            CatchAllCloud.start(spawn=network.spawner("cloud"), authority=authority, **ports),
            Gateway.start(
                spawn=network.spawner("gateway"),
                folder=folder / "gateway",
                names={},
                unknown_names="allocate",
                upstream_ca=authority.certificate,
                tun=QUIC_TUN if request.param else None,
            ) as gateway,
            PacketTap.start(spawn=network.spawner("gateway"), interfaces={"cell0": "cellular", "wifi0": "wifi"}) as tap,
        ):
            yield network, gateway, tap, request.param


def test_an_upload_over_http3_is_read_or_turned_back_to_tcp(bench, tmp_path):
    """With QUIC opened the packets and keys give the request; with QUIC blocked the client comes back over HTTP/2."""
    network, gateway, tap, opened = bench
    tap.begin(tmp_path / "t.pcapng")
    with (tmp_path / "err").open("wb") as err:
        client = network.spawner("unit")(
            [sys.executable, "-c", CLIENT, str(gateway.ca_certificate), VIN], env=dict(os.environ), stderr=err.fileno()
        )
        assert client.wait(60) == 0, (tmp_path / "err").read_text()
    counts = tap.counts()
    tap.end()
    assert counts.complete
    decoded = decode(
        CaptureFile(tmp_path / "t.pcapng").packets(),
        keylog=KeyLog.parse(gateway.keylog.read_bytes()),
        uplinks={"cell0": "cellular", "wifi0": "wifi"},
        units=[address for uplink in network.uplinks for address in uplink.unit_addresses],
    )
    assert decoded.accounts.closed
    assert not decoded.accounts["wifi", "sent"].opaque
    (sent,) = [one for one in decoded.transmissions if one.kind == "POST"]
    assert (sent.channel, sent.host, sent.path, sent.status) == ("https", "quic.example", "/v1/records", 200)
    assert (sent.uplink, sent.part("body").data) == ("wifi", VIN.encode())
    assert sent.summary.endswith("over HTTP/3") is opened
    turned_back = [one.summary for one in decoded.transmissions if one.channel == "quic"]
    assert turned_back == ([] if opened else ["QUIC to quic.example, handshake only"])


def test_other_datagrams_go_past_the_proxy(bench):
    """What does not begin as QUIC is forwarded as before, answers included, whether QUIC is opened or not."""
    network, _, _, _ = bench
    code = (
        "import socket; from rigs.sim import ntp; s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(10);"
        "s.connect(('198.51.100.7', 123)); q = ntp.request(0); s.send(q); ntp.time_in(s.recv(99), q)"
    )
    assert network.spawner("unit")([sys.executable, "-c", code], env=dict(os.environ)).wait(60) == 0
