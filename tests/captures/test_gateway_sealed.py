"""Gateway and catch-all cloud in the sealed network: transparent, whatever name, address or port the unit chooses."""

import json
import shutil
import socket
import sys
import time

import pytest

from captures.gateway import Gateway
from rigs.sim.catchall import CatchAllCloud
from rigs.sim.certificates import CloudAuthority
from rigs.sim.network import CatchAll, SealedNetwork
from telltale.errors import NamespacesRefusedError

ANSWER = '{"code":0,"message":"ok","data":{}}'

MQTT_CLIENT = """
import sys
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
client = paho.Client(CallbackAPIVersion.VERSION2, client_id="tbox")
client.tls_set(ca_certs=sys.argv[1])
client.connect("mqtt.car.example", 8883)
client.loop_start()
client.publish("car/up", b"LSVAA4182E2184847", qos=2).wait_for_publish(20)
client.disconnect()
client.loop_stop()
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    try:
        network = SealedNetwork.open(catch_all=CatchAll(tcp_port=9000, udp_port=9001))
    except NamespacesRefusedError as refused:
        pytest.skip(str(refused))
    authority = CloudAuthority.create(folder / "authority")
    with (
        network,
        CatchAllCloud.start(spawn=network.spawner("cloud"), authority=authority, tcp_port=9000, udp_port=9001) as cloud,
        Gateway.start(
            spawn=network.spawner("gateway"),
            folder=folder / "gateway",
            names={"tsp.car.example": ["203.0.113.77", "fd20::77"]},
            unknown_names="allocate",
            upstream_ca=authority.certificate,
        ) as gateway,
    ):
        yield network, gateway, cloud


def run(network, folder, *argv):
    """A program of the unit's; its standard output."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = network.spawner("unit")([str(part) for part in argv], stdout=out.fileno(), stderr=err.fileno())
        status = process.wait(60)
    assert status == 0, (folder / "err").read_text()
    return (folder / "out").read_text()


def journal(gateway, **facts):
    lines = map(json.loads, gateway.journal.read_text().splitlines())
    return [line for line in lines if facts.items() <= line.items()]


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl on this machine")
@pytest.mark.parametrize(
    ("url", "version", "destination"),
    [
        ("https://ux.car.example/v1", "-4", "198.18."),
        ("https://ux.car.example:8443/v1", "-6", "[2001:db8:18::"),
        ("https://tsp.car.example/v1", "-4", "203.0.113.77:443"),
        ("https://tsp.car.example/v1", "-6", "[fd20::77]:443"),
        ("http://tsp.car.example:1080/v1", "-6", "[fd20::77]:1080"),
        ("https://198.51.100.7:4443/v1", "-4", "198.51.100.7:4443"),
        ("https://[2001:db8::7]:4443/v1", "-6", "[2001:db8::7]:4443"),
    ],
)
def test_any_name_and_address_is_opened(bench, tmp_path, url, version, destination):
    """The machine's own curl, over IPv4 and IPv6, known, new and no names, on any port."""
    network, gateway, _ = bench
    seen = len(journal(gateway, event="destination"))
    options = ("-sS", version, "--max-time", "30", "--cacert", gateway.ca_certificate)
    assert run(network, tmp_path, "curl", *options, "-d", "vin=LSVAA4182E2184847", url) == ANSWER
    destinations = [event["destination"] for event in journal(gateway, event="destination")[seen:]]
    assert len(destinations) == 1
    assert destinations[0].startswith(destination)
    assert gateway.counts().errors == 0


def test_mqtt_over_tls_is_opened(bench, tmp_path):
    """A real MQTT client on port 8883 publishes with the highest quality of service."""
    network, gateway, cloud = bench
    before = cloud.served().get("mqtt", 0)
    run(network, tmp_path, sys.executable, "-c", MQTT_CLIENT, gateway.ca_certificate)
    wait_until(lambda: cloud.served().get("mqtt", 0) == before + 1)
    assert journal(gateway, event="tls", sni="mqtt.car.example")
    assert "mqtt.car.example" in gateway.names()


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "198.51.100.9"), (socket.AF_INET6, "2001:db8::9")], ids=["IPv4", "IPv6"]
)
def test_raw_senders_arrive_at_any_port(bench, family, address):
    """TCP through the gateway, UDP past it; both end in the cloud."""
    network, gateway, cloud = bench
    served, before = cloud.served(), gateway.counts()
    with network.socket("unit", family) as sock:
        sock.settimeout(20)
        sock.connect((address, 32960))
        sock.sendall(b"##\x01\xfeLSVAA4182E2184847")
    with network.socket("unit", family, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"LSVAA4182E2184847", (address, 4000))
    wait_until(lambda: cloud.served().get("gb/t 32960", 0) == served.get("gb/t 32960", 0) + 1)
    wait_until(lambda: cloud.served().get("datagrams", 0) == served.get("datagrams", 0) + 1)
    assert gateway.counts().raw_bytes_up - before.raw_bytes_up == 21
    wanted = f"[{address}]:32960" if family == socket.AF_INET6 else f"{address}:32960"
    assert journal(gateway, event="raw", destination=wanted)
