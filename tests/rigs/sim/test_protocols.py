"""Simulated units and clouds over WebSocket, MQTT, HTTP/3 and NTP, over loopback."""

import pytest

from rigs.sim.unit.checks import load_unit
from telltale.errors import InputError

CLOUD = """
cloud: protocols
operated by: Test
sinks:
  voice: {ws: "wss://voice.maker.test/v1"}
  traffic: {mqtt: "traffic.maker.test:8883"}
  maps: {at: "https://maps.maker.test/v2"}
  time: {ntp: "time.maker.test:123"}
"""
HEAD = """
unit: car
made by: Test
uplink: cellular
state:
  ignition: {default: off, can: VehicleStatus.Ignition, values: {Off: off, Accessory: off, Run: on, Start: on}}
functions:
  drive:
    while: {ignition: on}
    sends:
"""
SENDS = {
    "voice": '{every: 10 s, ws: "wss://voice.maker.test/v1", text: "say {vin}"}',
    "bytes": '{every: 10 s, ws: "wss://voice.maker.test/v1", text: "{vin}", encode: [gzip]}',
    "probe": '{every: 10 s, mqtt: "traffic.maker.test:8883", topic: "car/{vin}", client id: probe, json: {v: 1}}',
    "ahead": '{every: 10 s, get: "https://maps.maker.test/v2/flow", http: 3}',
    "upload": '{every: 10 s, post: "https://maps.maker.test/v2/tiles", http: 3, text: "{vin}"}',
    "clock": '{every: 10 s, ntp: "time.maker.test:123"}',
}


def unit(**sends):
    return HEAD + "".join(f"      {name}: {send}\n" for name, send in sends.items())


def test_every_send_arrives_again_and_again(bench):
    """Connections are kept from one send to the next, and each send is acknowledged in its protocol's own way."""
    cloud = bench.start_cloud(CLOUD)
    bench.start_unit(unit(**SENDS), addresses=cloud.addresses)
    bench.send("VehicleStatus", Ignition="Run")
    bench.wait("30 s")
    assert bench.unit.failures == []


@pytest.mark.parametrize(
    ("name", "send", "told"),
    [
        ("voice", '{every: 10 s, ws: "wss://voice.maker.test/other", text: "a"}', "the upgrade was answered 404"),
        ("clock", '{every: 10 s, ntp: "traffic.maker.test:8883"}', "no answer from traffic.maker.test:8883"),
    ],
)
def test_a_refusal_is_a_failure_and_told(bench, name, send, told):
    """What the server does not take has not arrived."""
    cloud = bench.start_cloud(CLOUD)
    nobody = {"traffic.maker.test:udp/8883": ("127.0.0.1", 1)}
    bench.start_unit(unit(**{name: send}), addresses=cloud.addresses | nobody)
    bench.send("VehicleStatus", Ignition="Run")
    bench.wait("10 s")
    (failure,) = bench.unit.failures
    assert told in failure.reason


def test_http3_falls_back_to_http2_where_quic_does_not_get_through(bench):
    """Nobody listens on the UDP port; the request arrives over TCP."""
    cloud = bench.start_cloud(CLOUD)
    blocked = cloud.addresses | {"maps.maker.test:udp/443": ("127.0.0.1", 1)}
    bench.start_unit(unit(ahead=SENDS["ahead"]), addresses=blocked)
    bench.send("VehicleStatus", Ignition="Run")
    bench.wait("10 s")
    assert bench.unit.failures == []


@pytest.mark.parametrize(
    ("send", "told"),
    [
        ('{every: 1 s, mqtt: "a.test:1"}', "needs both `mqtt`"),
        ('{every: 1 s, ws: "https://a.test/"}', "expected a URL, `wss://host/path`"),
        ('{every: 1 s, ntp: "a.test:123", text: "a"}', "has content"),
        ('{every: 1 s, udp: "a.test:1", client id: a}', "belongs to `mqtt`"),
        ('{every: 1 s, mqtt: "a.test:1", topic: "{vim}"}', "did you mean `vin`"),
        ('{every: 1 s, get: "https://a.test/", http: 4}', "expected one of 1, 2, 3"),
    ],
)
def test_a_slip_in_a_send_is_told(tmp_path, send, told):
    """With file and line, in one sentence."""
    path = tmp_path / "unit.yaml"
    path.write_text(unit(slip=send))
    with pytest.raises(InputError, match=told):
        load_unit(path)
