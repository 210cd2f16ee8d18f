"""python-can and cantools against the simulated bus."""

import asyncio
import subprocess
import sys
import time
from collections import Counter

import can
import pytest

from rigs.addresses import CanAddress
from rigs.drivers.can import CanDriver
from rigs.e2e import Receiver, protections
from rigs.sim.peers.canhub import CAN_FRAME, CANFD_FRAME, EXTENDED, REMOTE
from telltale.errors import InputError, RigError


@pytest.fixture
def driver(addresses, database, tmp_path):
    made = CanDriver(addresses.can, database, log=tmp_path / "can.blf")
    yield made
    made.close()


@pytest.fixture
def client(host):
    """A second client of the bus, python-can as anybody uses it."""
    address, port = host.can.address
    with can.Bus(interface="socketcand", channel="any", host=address, port=port, tcp_tune=True) as bus:
        yield bus


def test_a_frame_reaches_the_unit_with_labels_and_physical_values(driver, receive):
    """Signals that are not named keep the DBC's start value."""
    driver.send({"VehicleStatus": {"Ignition": "Run", "Gear": "D", "VehicleSpeed": 50}})
    name, signals, _ = receive()
    assert name == "VehicleStatus"
    assert (signals["Ignition"], signals["Gear"], signals["VehicleSpeed"], signals["SOC"]) == ("Run", "D", 50, 80)


def test_signals_keep_their_last_value(driver, receive):
    """A second stimulus does not take the first one back."""
    driver.send({"BodyStatus": {"DoorsLocked": "Locked"}})
    driver.send({"BodyStatus": {"AlarmTriggered": "Triggered"}})
    receive()
    assert receive()[1]["DoorsLocked"] == "Locked"


def test_counter_and_crc_fit_in_every_frame(driver, receive, database):
    """The counter skips 15, and the CRC covers it."""
    protection = protections(database)["BodyStatus"]
    counters = []
    for _ in range(17):
        driver.send({"BodyStatus": {}})
        _, signals, data = receive()
        counters.append(signals["AliveCounter"])
        assert protection.is_intact(data)
    assert counters == [*range(15), 0, 1]


def test_the_counter_goes_on_in_what_is_sent_cyclically(driver, receive, database):
    """A receiver believes every frame of the rest bus."""
    receivers = {name: Receiver(protection) for name, protection in protections(database).items()}
    driver.start_rest_bus()
    try:
        seen = Counter()
        while min(seen["VehicleStatus"], seen["BodyStatus"]) < 2:
            name, _, data = receive()
            seen[name] += 1
            assert name not in receivers or receivers[name].objection(data) is None
    finally:
        driver.stop_rest_bus()


@pytest.mark.parametrize(
    ("signals", "message"),
    [
        ({"VehicelStatus": {}}, "has no message `VehicelStatus`; did you mean `VehicleStatus`"),
        ({"VehicleStatus": {"Ignitoin": 1}}, "no signal `Ignitoin`; did you mean `Ignition`"),
        ({"VehicleStatus": {"Gear": "X"}}, "`Gear` is `X`: no such value; known: `D`, `N`, `P`, `R`"),
        ({"VehicleStatus": {"VehicleSpeed": 999}}, "`VehicleSpeed` is `999`, expected 0 to 300 km/h"),
        ({"VehicleStatus": {"VehicleSpeed": "fast"}}, "`VehicleSpeed` is `fast`: expected a number"),
    ],
)
def test_what_the_dbc_does_not_know_is_not_sent(driver, signals, message):
    """The error shows the near-miss; not one frame leaves."""
    with pytest.raises(InputError, match=message):
        driver.send(signals)
    assert driver.sent == 0


def test_the_unit_sends_to_every_client_and_the_log(driver, client, unit_can, until, tmp_path):
    """Frames of both directions are in the log, marked as such."""
    driver.send({"VehicleStatus": {"Gear": "R"}})
    assert client.recv(10).arbitration_id == 0x1A0
    unit_can.send(CAN_FRAME.pack(0x18DAF110 | EXTENDED, 3, b"abc"))
    heard = client.recv(10)
    assert (heard.arbitration_id, heard.is_extended_id, bytes(heard.data)) == (0x18DAF110, True, b"abc")
    until(lambda: driver.received == 1, "reception")
    driver.close()
    with can.BLFReader(tmp_path / "can.blf") as log:
        assert [(frame.arbitration_id, frame.is_rx) for frame in log] == [(0x1A0, False), (0x18DAF110, True)]


def test_what_socketcand_cannot_carry_is_counted(host, driver, unit_can, until):
    """CAN FD and remote frames of the unit are lost, and not in silence."""
    unit_can.send(CANFD_FRAME.pack(0x123, 12, 0, bytes(64)))
    unit_can.send(CAN_FRAME.pack(0x123 | REMOTE, 0, b""))
    until(lambda: host.can.lost == 2, "two losses")
    assert driver.received == 0


def test_a_unit_that_is_off_misses_what_is_sent(host, driver, unit_can):
    """After the next boot it hears only what comes from then on."""
    unit_can.close()
    driver.send({"VehicleStatus": {"Gear": "R"}})
    host.can.wait_read(driver.sent, 10)
    with host.plug_can() as booted:
        booted.settimeout(10)
        driver.send({"BodyStatus": {}})
        assert CAN_FRAME.unpack(booted.recv(72))[0] == 688


def test_waiting_for_delivery_ends_when_the_unit_has_read(host, driver, unit_can):
    """A unit that does not read is an error after the patience given."""
    driver.send({"VehicleStatus": {}})
    with pytest.raises(RigError, match="the unit did not read its CAN frames"):
        host.settle(driver.sent, 0.05)
    unit_can.recv(72)
    host.settle(driver.sent, 10)
    with pytest.raises(RigError, match="1 CAN frames did not reach the bus"):
        host.settle(driver.sent + 1, 0.05)


def test_the_rest_of_the_car_is_sent_until_it_is_stopped(driver, receive):
    """Every message with a cycle time comes again and again, with its present values."""
    driver.start_rest_bus()
    driver.send({"BodyStatus": {"DoorsLocked": "Locked"}})
    seen = [receive() for _ in range(8)]
    driver.stop_rest_bus()
    assert {name for name, _, _ in seen} == {"VehicleStatus", "BodyStatus", "NetworkManagement"}
    assert [signals["DoorsLocked"] for name, signals, _ in seen if name == "BodyStatus"][-1] == "Locked"
    sent = driver.sent
    driver.stop_rest_bus()
    assert driver.sent == sent


def test_a_paused_rest_of_the_car_goes_on_only_if_it_ran(driver, receive):
    """A bench that does not play it stays silent."""
    driver.pause_rest_bus()
    driver.resume_rest_bus()
    driver.send({"BodyStatus": {}})
    assert receive()[0] == "BodyStatus"
    assert driver.sent == 1
    driver.start_rest_bus()
    receive()
    driver.pause_rest_bus()
    paused = driver.sent
    time.sleep(0.15)  # longer than the shortest cycle
    assert driver.sent == paused
    driver.resume_rest_bus()
    while driver.sent == paused:
        receive()
    driver.stop_rest_bus()


def test_what_the_unit_says_is_counted_by_identifier(host, driver, unit_can):
    """Once the bench has waited for it; extended identifiers are others."""
    before = host.can.told
    for _ in range(3):
        unit_can.send(CAN_FRAME.pack(0x51A, 8, bytes(8)))
    unit_can.send(CAN_FRAME.pack(0x51A | EXTENDED, 8, bytes(8)))
    host.arrive(before, lambda: driver.received)
    assert driver.heard(0x51A, extended=False) == 3
    assert driver.heard(0x51A, extended=True) == 1
    with pytest.raises(RigError, match="1 frames of the unit did not come over the CAN bus"):
        host.arrive(before - 1, lambda: driver.received, 0.05)


def test_a_bus_that_is_gone_is_told(host, driver, until):
    """The driver says so instead of taking it for a silent bus."""
    asyncio.run_coroutine_threadsafe(host.can.close(), host._loop).result(10)
    until(lambda: driver.error is not None, "the error")
    assert driver.error == "the CAN bus is no longer received: the socketcand daemon hung up"

    def send_until_refused():
        try:
            driver.send_all()
        except RigError as error:
            return "does not take" in str(error)
        return False

    until(send_until_refused, "a refusal")


def test_the_log_of_a_killed_bench_can_be_read_to_its_last_frame(tmp_path):
    """Frames and their absolute times survive, though the file was never completed."""
    code = (
        "import can, os, sys; from pathlib import Path; from rigs.drivers.canlog import CanLog\n"
        "log = CanLog(Path(sys.argv[1]))\n"
        "for n in range(5): log.note(can.Message(timestamp=1.8e9 + n, arbitration_id=n, data=b'x' * n))\n"
        "os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "can.blf"
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == -9
    with can.BLFReader(path) as log:
        frames = list(log)
    assert [frame.arbitration_id for frame in frames] == list(range(5))
    assert frames[4].timestamp == pytest.approx(1.8e9 + 4, abs=0.01)


def test_an_unknown_interface_lists_the_known_ones(database):
    """The mend stands in the message."""
    with pytest.raises(InputError, match=r"no interface `soketcan` here; known: .*socketcan"):
        CanDriver(CanAddress(interface="soketcan", channel="can0"), database)


def test_nobody_at_the_socketcand_port_is_told_at_once(database, closed_port):
    """python-can alone would try for ten seconds."""
    address = CanAddress(interface="socketcand", channel="c", options={"host": "127.0.0.1", "port": closed_port})
    with pytest.raises(InputError, match=f"socketcand at 127.0.0.1:{closed_port} cannot be opened: .*refused"):
        CanDriver(address, database)
