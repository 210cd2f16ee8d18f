"""A whole simulated unit under diagnosis, through the bench's own drivers."""

import pytest

from rigs.addresses import CanAddress
from rigs.diagnosis import Diagnosis, Identifier, Security
from rigs.drivers.can import CanDriver
from rigs.drivers.diagnostics import UdsClient
from rigs.drivers.messages import load_dbc
from rigs.protocols import Fault
from rigs.sim.peers.host import PeerHost
from rigs.sim.unit.checks import load_unit
from telltale.errors import InputError, RigError

UNIT = """
unit: test
made by: Test
uplink: cellular
state:
  lock: {default: unlocked, can: BodyStatus.DoorsLocked, values: {Unlocked: unlocked, Locked: locked}}
  workshop: {default: none, diagnosis: session, values: {default: none, extended: connected}}
diagnosis:
  request: 0x7E0
  response: 0x7E8
  security: {level: 3, mask: 0x12345678}
  identifiers:
    VIN: {id: 0xF190, holds: vin, writable: true}
    lock: {id: 0x0101, holds: lock}
    version: {id: 0xF189, text: "1.0"}
  faults: [P0A80, B1234]
functions:
  visits:
    while: {workshop: connected}
    sends:
      visit: {at: start, post: "https://ux.maker.test/visits", json: {vin: "{vin}"}}
      left: {at: end, post: "https://ux.maker.test/visits", json: {vin: "{vin}", before: "{vin.factory}"}}
"""
NEW = "LNBSCPAE0R0000018"


@pytest.fixture
def host():
    peers = PeerHost(lambda _on: None).start()
    yield peers
    peers.close()


@pytest.fixture
def can(host, sim):
    address, port = host.can.address
    made = CanDriver(
        CanAddress(interface="socketcand", channel="can0", options={"host": address, "port": port}),
        load_dbc(sim.parent / "dbc" / "body.dbc"),
    )
    yield made
    made.close()


@pytest.fixture
def client(can):
    return UdsClient(
        can,
        Diagnosis(
            request=0x7E0,
            response=0x7E8,
            identifiers={"lock": Identifier(id=0x0101), "version": Identifier(id=0xF189)},
            security=Security(level=3, mask=0x12345678),
        ),
    )


@pytest.fixture
def unit(bench, host, recorder):
    made = bench.make_unit(UNIT, addresses={"ux.maker.test:443": recorder.address})

    def boot():
        with host.plug_can() as sock:
            made.power_on({"can": sock.fileno()})

    made.boot = boot
    boot()
    return made


def test_a_vin_that_was_written_is_the_cars_from_then_on(unit, client, recorder):
    """Over power-off as well; the one from the factory is still known to the unit."""
    old = client.read("VIN")
    client.write("VIN", NEW)
    unit.settle()
    assert recorder.bodies() == [{"vin": old}, {"vin": NEW, "before": old}]
    unit.power_off()
    unit.boot()
    assert client.read("VIN") == NEW


def test_what_the_unit_knows_is_read(unit, client, can):
    """Facts, and texts that its file gives."""
    can.send({"BodyStatus": {"DoorsLocked": "Locked"}})
    unit.settle()
    assert client.read("lock") == "locked"
    assert client.read("version") == "1.0"


def test_cleared_faults_stay_cleared(unit, client):
    """They are in flash."""
    assert [fault.code for fault in client.faults()] == ["P0A80", "B1234"]
    client.clear_faults()
    unit.power_off()
    unit.boot()
    assert client.faults() == ()


def test_frames_that_are_not_believed_are_a_fault(unit, client, can):
    """What the bench can ask any unit, real ones too."""
    client.clear_faults()
    frame = can._messages.frame("BodyStatus")
    can.emit(frame[0].frame_id, bytes([frame[1][0] ^ 1]) + frame[1][1:], extended=False)
    unit.settle()
    assert client.faults() == (Fault("U0401", confirmed=True),)


def test_a_reset_loses_what_is_not_in_flash(unit, client, can):
    """And the unit answers again when the call returns."""
    can.send({"BodyStatus": {"DoorsLocked": "Locked"}})
    unit.settle()
    client.reset()
    assert client.read("lock") == "unlocked"


def test_a_unit_without_diagnosis_is_silent(bench, host, client, monkeypatch):
    """As a real one that is addressed wrongly."""
    monkeypatch.setattr("rigs.drivers.diagnostics._LIFE", 0.2)
    text = UNIT[: UNIT.index("diagnosis:\n")] + UNIT[UNIT.index("functions:") :].replace('"{vin.factory}"', '"{vin}"')
    made = bench.make_unit(text)
    with host.plug_can() as sock:
        made.power_on({"can": sock.fileno()})
    assert not client.answers()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("holds: lock}", "holds: lokc}", r"unit\.yaml:14: `lokc` is no fact and no item"),
        ("holds: lock}", "holds: lock, writable: true}", r"`lock` is a fact, which diagnosis cannot write"),
        ('text: "1.0"}', 'text: "1.0", holds: vin}', r"expected `holds` \(a fact or an item\) or `text`"),
        ("B1234", "X1234", r"`X1234` is no fault code, expected e\.g\. `P0A80`"),
        ("{vin.factory}", "{imei.factory}", r"`\{imei\.factory\}` is no fact, item or moment"),
        ("diagnosis: session,", "diagnosis: session, io: SOS,", r"has `io` and `diagnosis`; a fact has one source"),
    ],
)
def test_slips_in_a_unit_file_are_told(bench, old, new, message):
    """With file and line."""
    assert old in UNIT
    with pytest.raises(InputError, match=message):
        load_unit(bench.file("unit.yaml", UNIT.replace(old, new)))


def test_a_unit_that_is_off_is_told(unit, client):
    """No answer is an error of the bench's, never a value."""
    unit.power_off()
    client._client.set_config("request_timeout", 0.2)
    with pytest.raises(RigError, match=r"did not read VIN over diagnosis"):
        client.read("VIN")
