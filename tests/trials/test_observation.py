"""What the bench makes of a capture: its own controls, and every reason not to trust silence."""

import socket
import struct

import pytest

from captures.pcapng import Interface, PcapngWriter
from captures.sightings import Engine
from captures.tap import TapCounts
from captures.tap.counts import Tally, UplinkCounts
from telltale.identity import Identities, Identity
from trials.observation import CONTROL_HOST, Control, look

VIN = "LNBSCCAF1TF000123"
UNIT, CLOUD = "10.64.0.2", "192.0.2.1"


def frame(source, destination, sport, dport, seq, ack, flags, payload=b""):
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0)
    ip += socket.inet_aton(source) + socket.inet_aton(destination)
    return bytes(12) + b"\x08\x00" + ip + tcp


def request(port, host, body):
    """The frames of one plain HTTP request and its answer."""
    asked = f"POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    yield frame(UNIT, CLOUD, port, 80, 0, 0, 0x02)
    yield frame(CLOUD, UNIT, 80, port, 0, 1, 0x12)
    yield frame(UNIT, CLOUD, port, 80, 1, 1, 0x18, asked)
    yield frame(CLOUD, UNIT, 80, port, 1, 1 + len(asked), 0x18, told)


def counts(**changes):
    made = {"captured": Tally(rx_packets=4, rx_bytes=400), "counter": Tally(rx_packets=4, rx_bytes=400)}
    made |= {"dropped_packets": 0, "refused_packets": 0, "settled": True} | changes
    return TapCounts(uplinks=(UplinkCounts(uplink="cellular", interface="cell0", **made),))


@pytest.fixture
def observe(tmp_path):
    def run(*requests, controls=(), tap=None, causes=(), cut=0):
        path = tmp_path / "t.pcapng"
        with PcapngWriter(path, [Interface("cell0")]) as writer:
            frames = [f for n, r in enumerate(requests) for f in request(40000 + n, *r)]
            for number, data in enumerate(frames):
                writer.write(0, 1_000_000_000 + number * 1_000_000, data)
        if cut:
            path.write_bytes(path.read_bytes()[:-cut])
        return look(
            path,
            keylog=b"",
            uplinks={"cell0": "cellular"},
            units=(UNIT,),
            clock=None,
            engine=Engine(Identities([Identity(item="vin", value=VIN)])),
            controls=controls,
            counts=counts() if tap is None else tap,
            causes=causes,
            names={},
        )

    return run


CONTROL = Control(uplink="cellular", nonce="a" * 32)


def test_the_control_is_not_the_units_and_leaves_no_gap(observe):
    seen = observe((CONTROL_HOST, CONTROL.nonce), ("cloud.test", VIN), controls=[CONTROL])
    assert [t.recipient for t in seen.transmissions] == ["cloud.test"]
    assert [s.item for s in seen.sightings] == ["vin"]
    assert seen.gaps == ()


@pytest.mark.parametrize("body", [VIN, CONTROL.nonce + VIN, "b" * 32])
def test_a_unit_that_hides_behind_the_controls_host_is_seen(observe, body):
    seen = observe((CONTROL_HOST, CONTROL.nonce), (CONTROL_HOST, body), controls=[CONTROL])
    assert len(seen.transmissions) == 1
    assert len(seen.sightings) == body.count(VIN)


def test_a_control_that_was_not_seen_is_a_gap(observe):
    missing = Control(uplink="wifi", nonce="c" * 32)
    (gap,) = observe((CONTROL_HOST, CONTROL.nonce), controls=[CONTROL, missing]).gaps
    assert gap == "the control transmission over wifi was not seen, so silence there proves nothing"


def test_a_control_over_another_uplink_does_not_count(observe):
    assert observe((CONTROL_HOST, CONTROL.nonce), controls=[Control(uplink="wifi", nonce=CONTROL.nonce)]).gaps


@pytest.mark.parametrize(
    "tap",
    [
        counts(dropped_packets=1),
        counts(counter=Tally(rx_packets=4, rx_bytes=401)),
        counts(settled=False),
        counts(aligned=False),
    ],
    ids=["dropped", "unbalanced", "not settled", "not aligned"],
)
def test_packets_that_do_not_add_up_are_a_gap(observe, tap):
    (gap,) = observe(("cloud.test", VIN), tap=tap).gaps
    assert gap.startswith("packets do not add up: cellular (cell0)")


def test_a_capture_that_is_cut_off_is_read_and_is_a_gap(observe):
    seen = observe(("cloud.test", VIN), ("cloud.test", "later"), cut=90)
    assert [s.item for s in seen.sightings] == ["vin"]
    assert any(gap.startswith("the capture is cut off") for gap in seen.gaps)


def test_a_hole_in_a_stream_is_a_gap(tmp_path):
    path = tmp_path / "hole.pcapng"
    first, second, third, answer = request(40000, "cloud.test", VIN)
    with PcapngWriter(path, [Interface("cell0")]) as writer:
        for number, data in enumerate((first, second, frame(UNIT, CLOUD, 40000, 80, 900, 1, 0x18, b"tail"), answer)):
            writer.write(0, 1_000_000_000 + number, data)
    assert third
    seen = look(
        path,
        keylog=b"",
        uplinks={"cell0": "cellular"},
        units=(UNIT,),
        clock=None,
        engine=Engine(Identities([Identity(item="vin", value=VIN)])),
        controls=(),
        counts=counts(),
        causes=(),
        names={},
    )
    assert any("missing from the capture" in gap for gap in seen.gaps)


def test_what_the_bench_already_knows_is_told_once(observe):
    assert observe(("cloud.test", "x"), causes=("the unit died", "the unit died")).gaps == ("the unit died",)
