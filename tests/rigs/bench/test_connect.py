"""A whole bench from its addresses, and what a vehicle file makes of it."""

import re
from dataclasses import replace

import can
import pytest

from rigs.addresses import CanAddress, ProbeAddress
from rigs.connect import CAN_LOG, GNSS_LOG, MODEM_LOG, connect
from rigs.drivers.clock import WallClock
from rigs.instruments import Instruments, MissingInstrumentError
from rigs.protocols import Fetched
from rigs.rigfile import Addresses, load_rig
from rigs.stimuli import Stimulator
from rigs.vehicle import Vehicle
from telltale.errors import InputError, RigError
from telltale.timeline import Timeline

VEHICLE = """\
vehicle: Test car
called: [test car]
dbc: DBC
owner's app: https://app.example/v1/
initial: {ignition: off, lock: unlocked}
stimuli:
  it drives off:
    - can: {VehicleStatus: {Ignition: Run, Gear: D}}
    - facts: {ignition: on, gear: D}
    - wait: 1 ms
    - can: {VehicleStatus: {VehicleSpeed: 50}}
    - facts: {moving: true}
  the weather app is opened:
    - start: com.example.weather/.Main
  the driver leaves the plan:
    - switch: {plan: off}
  a picture is asked for:
    - app: {post: commands/take-picture}
switches:
  plan:
    adb setting: {namespace: global, key: plan, on: "1", off: "0"}
    fact: plan
  alarm:
    adb setting: {namespace: global, key: alarm, on: "1", off: "0"}
    fact: alarm
"""
RIG = "rig: r\nkind: simulated\nunit: u.yaml\ncloud: c.yaml\nvehicle: v.yaml\npolicy: .\n"


@pytest.fixture
def vehicle(tmp_path, dbc):
    path = tmp_path / "v.yaml"
    path.write_text(VEHICLE.replace("DBC", str(dbc)))
    return Vehicle.load(path)


@pytest.fixture
def rig(tmp_path, vehicle):
    for name in ("u.yaml", "c.yaml"):
        (tmp_path / name).touch()
    path = vehicle.path.with_name("rig.yaml")
    path.write_text(RIG)
    return load_rig(path)


@pytest.fixture
def timeline():
    return Timeline()


@pytest.fixture
def instruments(rig, unit, vehicle, host, tmp_path):
    with connect(rig, unit.addresses, vehicle, WallClock(), logs=tmp_path, delivered=host.settle) as present:
        yield present


@pytest.fixture
def reading_unit(unit, unit_can, database):
    """Reads its bus all the time, as a unit does, and keeps what it has heard."""
    heard = []

    def read():
        frame = unit_can.recv(72)
        if frame:
            heard.append(database.decode_message(int.from_bytes(frame[:4], "little"), frame[8:]))

    unit_can.settimeout(0)
    unit.in_loop(lambda: unit.loop.add_reader(unit_can, read))
    yield heard
    unit.in_loop(lambda: unit.loop.remove_reader(unit_can))


@pytest.fixture
def stimulator(vehicle, instruments, timeline, reading_unit):
    made = Stimulator(vehicle, instruments, timeline)
    made.heard = reading_unit
    return made


def facts(timeline):
    return [(change.fact, change.value, change.source) for change in timeline]


def test_power_up_tells_the_car_how_it_stands_and_reads_its_switches(stimulator, timeline, unit):
    """Initial facts come from the vehicle file, switches from the unit; an unknown one stays unknown."""
    unit.settings["global", "plan"] = "1"
    stimulator.power_up()
    assert [frame["AliveCounter"] for frame in stimulator.heard if "AliveCounter" in frame] == [0, 0]
    assert facts(timeline) == [("ignition", "off", "power-up"), ("lock", "unlocked", "power-up"), ("plan", "on", "adb")]


def test_a_stimulus_reaches_the_unit_and_sets_facts(stimulator, timeline):
    """Facts count from before the frames that bring them about."""
    stimulator.do("it drives off")
    assert [frame["VehicleSpeed"] for frame in stimulator.heard] == [0, 50]
    assert stimulator.heard[1]["Gear"] == "D"
    assert facts(timeline) == [
        ("ignition", "on", "stimulus"),
        ("gear", "D", "stimulus"),
        ("moving", True, "stimulus"),
    ]
    first, _, last = (change.bench for change in timeline)
    assert last - first >= 1_000_000


def test_an_app_is_opened_over_adb(stimulator, unit):
    """The component stands in the vehicle file."""
    stimulator.do("the weather app is opened")
    assert unit.told == ["com.example.weather/.Main"]


def test_a_switch_is_recorded_when_the_unit_has_taken_it(stimulator, timeline, unit):
    """Set over ADB, read back, recorded."""
    stimulator.switch("plan", "on")
    stimulator.switch("plan", "off")
    assert unit.told == [("global", "plan", "1"), ("global", "plan", "0")]
    assert facts(timeline) == [("plan", "on", "adb"), ("plan", "off", "adb")]


def test_a_stimulus_may_set_switches(stimulator, timeline, unit):
    """As the step does: set, read back, recorded."""
    stimulator.do("the driver leaves the plan")
    assert unit.told == [("global", "plan", "0")]
    assert facts(timeline) == [("plan", "off", "adb")]


def test_a_switch_that_the_car_turns_back_is_not_recorded(stimulator, instruments, timeline, unit):
    """The setting was taken, but no longer stands once the car has come to rest."""
    turned_back = replace(instruments, delivered=lambda: unit.settings.update({("global", "plan"): "0"}))
    with pytest.raises(RigError, match="the switch `plan` did not take: global/plan is `0`, not `1`"):
        Stimulator(stimulator.vehicle, turned_back, timeline).switch("plan", "on")
    assert facts(timeline) == []


def test_a_switch_that_did_not_take_is_not_recorded(stimulator, timeline, unit):
    """The unit turns it back as soon as it is set."""
    unit.adbd._shell._on_setting = lambda space, key, _value: unit.settings.update({(space, key): "0"})
    with pytest.raises(RigError, match="did not take"):
        stimulator.switch("plan", "on")
    assert facts(timeline) == []


def test_a_place_reaches_the_unit(stimulator, unit):
    """When it returns, the unit has read the fix."""
    stimulator.place(39.9042, 116.4074)
    unit.in_loop(lambda: None)
    assert unit.told[0] == pytest.approx((39.9042, 116.4074), abs=1e-6)


@pytest.mark.parametrize(
    ("say", "message"),
    [
        (lambda s: s.do("it drive off"), r"v.yaml:6: Test car has no stimulus `it drive off`; did you mean `it drives"),
        (lambda s: s.switch("plam", "on"), r"v.yaml:19: Test car has no switch `plam`; did you mean `plan`"),
        (lambda s: s.switch("plan", "up"), r"the switch `plan` cannot be `up`, expected on or off"),
    ],
)
def test_an_unknown_word_shows_its_near_miss(stimulator, say, message):
    """With the file and the line of the section."""
    with pytest.raises(InputError, match=message):
        say(stimulator)


class Answering:
    """The cloud's end of a probe, which is another process in a real run."""

    def __init__(self, status):
        self.status = status
        self.asked = []

    def fetch(self, url, headers=None, *, method="GET", body=None):
        self.asked.append((method, url, headers, body))
        return Fetched(url=url, status=self.status, headers=(), body=b"", sha256="", peer="")


def test_the_owners_app_asks_the_cloud_as_the_owner(vehicle, timeline):
    """Below the address of the owner's app, with the owner's credentials."""
    probe = Answering(202)
    instruments = Instruments(clock=WallClock(), probe=probe)
    Stimulator(vehicle, instruments, timeline, owner={"authorization": "Bearer t"}).do("a picture is asked for")
    method, url, headers, _ = probe.asked[0]
    assert (method, url) == ("POST", "https://app.example/v1/commands/take-picture")
    assert headers["authorization"] == "Bearer t"


def test_a_request_that_the_cloud_refuses_is_an_error(vehicle, timeline):
    """A stimulus that did not happen must not be judged."""
    instruments = Instruments(clock=WallClock(), probe=Answering(403))
    with pytest.raises(RigError, match=r"POST https://app\.example/v1/commands/take-picture answered 403"):
        Stimulator(vehicle, instruments, timeline).do("a picture is asked for")


def test_what_a_rig_lacks_is_named(vehicle, timeline):
    """The scenario is skipped with this reason."""
    stimulator = Stimulator(vehicle, Instruments(clock=WallClock()), timeline)
    for say, missing in (
        (lambda: stimulator.do("it drives off"), "CAN bus; name one under `can`"),
        (lambda: stimulator.switch("plan", "on"), "ADB; name one under `adb`"),
        (lambda: stimulator.place(0, 0), "GNSS input; name one under `gnss`"),
        (lambda: stimulator.do("a picture is asked for"), "cloud probe; name one under `probe`"),
    ):
        with pytest.raises(MissingInstrumentError, match=f"this rig has no {missing} in the rig file"):
            say()


def test_a_bench_writes_its_logs_and_is_left_safe(rig, unit, vehicle, tmp_path, outputs):
    """Even if the run ends with an error, the output goes off and the logs are complete."""

    def run():
        with connect(rig, unit.addresses, vehicle, WallClock(), logs=tmp_path) as bench:
            bench.needed_power().on()
            bench.needed_modem().registered()
            bench.needed_can().send_all()
            bench.needed_gnss().place(1, 1, 10**18)
            raise KeyError("a step failed")

    with pytest.raises(KeyError):
        run()
    assert outputs == [True, False]
    assert (tmp_path / MODEM_LOG).stat().st_size
    assert (tmp_path / GNSS_LOG).stat().st_size
    with can.BLFReader(tmp_path / CAN_LOG) as log:
        assert len(list(log)) == 3  # every message of the rest of the car, once


def test_an_instrument_that_is_not_there_is_told_with_the_rig_files_line(tmp_path, vehicle, closed_port, host, outputs):
    """And the instruments before it are closed again."""
    path = tmp_path / "real.yaml"
    path.write_text(
        "rig: r\nkind: real\nvehicle: v.yaml\npolicy: .\n"
        f"power: {{visa: '{host.supply.address}', ceiling: {{voltage: 14, current: 3}}, safe state: on}}\n"
        f"can: {{interface: socketcand, channel: c, options: {{host: 127.0.0.1, port: {closed_port}}}}}\n"
        "uplinks: [{name: cellular, kind: cellular, interface: eth1}]\n"
    )
    rig = load_rig(path)
    with (
        pytest.raises(InputError, match=rf"{re.escape(str(path))}:6: the CAN bus socketcand at 127\.0\.0\.1:"),
        connect(rig, rig.addresses, vehicle, WallClock(), logs=tmp_path),
    ):
        pass
    assert outputs == [True]


def test_a_certificate_file_that_holds_none_is_told(rig, vehicle, tmp_path):
    """The probe's file is read when the bench starts."""
    (tmp_path / "ca.pem").write_text("nothing")
    addresses = Addresses(probe=ProbeAddress(authorities=tmp_path / "ca.pem"))
    with (
        pytest.raises(InputError, match="holds no certificate authorities"),
        connect(rig, addresses, vehicle, WallClock(), logs=tmp_path),
    ):
        pass


def test_the_in_process_bus_of_python_can_works_as_well(vehicle, rig, tmp_path):
    """Any interface of python-can can stand in a rig file."""
    addresses = Addresses(can=CanAddress(interface="virtual", channel="telltale-test"))
    with (
        connect(rig, addresses, vehicle, WallClock(), logs=tmp_path) as bench,
        can.Bus(interface="virtual", channel="telltale-test") as other,
    ):
        bench.needed_can().send({"VehicleStatus": {"Gear": "D"}})
        assert other.recv(10).arbitration_id == 416
