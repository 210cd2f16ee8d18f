"""Rig files: what is wrong is told with file, line, near-miss and mend."""

from pathlib import Path

import pytest

from rigs.rigfile import RealRig, SimulatedRig, load_rig
from rigs.sim.cloud.model import load_cloud
from rigs.sim.unit.checks import load_unit
from rigs.vehicle import Vehicle
from telltale.errors import InputError
from telltale.identity import Identities

RIGS = Path(__file__).parents[2] / "rigs"
SIMULATED = "rig: r\nkind: simulated\nunit: unit.yaml\ncloud: cloud.yaml\nvehicle: car.yaml\npolicy: policy\n"
REAL = "rig: r\nkind: real\nvehicle: car.yaml\npolicy: policy\nuplinks: [{name: c, kind: cellular, interface: eth1}]\n"


@pytest.fixture
def write(tmp_path):
    """Writes a rig file beside files that it may name."""
    (tmp_path / "policy").mkdir()
    for name in ("unit.yaml", "cloud.yaml", "car.yaml"):
        (tmp_path / name).touch()

    def writer(text):
        path = tmp_path / "rig.yaml"
        path.write_text(text)
        return path

    return writer


@pytest.mark.parametrize("name", ["xiaomi-su7", "mini-os9"])
def test_the_simulated_rigs_of_this_repository_load_with_all_they_name(name):
    """Unit, cloud and vehicle fit their models."""
    rig = load_rig(RIGS / f"{name}.yaml")
    assert isinstance(rig, SimulatedRig)
    assert load_unit(rig.unit).unit == name
    assert load_cloud(rig.cloud).cloud
    assert Vehicle.load(rig.vehicle).name
    assert (rig.policy / "document.yaml").is_file()


@pytest.mark.parametrize("name", ["xiaomi-su7", "mini-os9"])
def test_vehicle_and_unit_speak_of_the_same_things(name):
    """Facts that a stimulus or a switch sets, and settings, are ones that the unit file knows."""
    rig = load_rig(RIGS / f"{name}.yaml")
    vehicle, unit = Vehicle.load(rig.vehicle), load_unit(rig.unit)
    settings = {source.setting: fact for fact, source in unit.state.items() if source.setting}
    for switch in (switch for switch in vehicle.switches.values() if switch.device == "car"):
        setting = f"{switch.adb_setting.namespace}/{switch.adb_setting.key}"
        assert settings[setting] == switch.fact
    for fact, source in unit.state.items():
        if source.can:
            message, signal = source.can.split(".")
            names = [one.name for one in vehicle.database.get_message_by_name(message).signals]
            assert signal in names, fact


def test_the_example_of_a_real_rig_loads():
    """Every instrument is in it, so it serves as a pattern."""
    rig = load_rig(RIGS / "examples/linux-bench.yaml")
    assert isinstance(rig, RealRig)
    assert all(getattr(rig.addresses, name) is not None for name in type(rig.addresses).model_fields)
    assert [(uplink.name, uplink.apn) for uplink in rig.uplinks] == [
        ("cellular", "public"),
        ("private", "private"),
        ("wifi", None),
    ]
    (behind,) = rig.uplinks[0].behind
    assert (behind.ecu, behind.ports, behind.addresses) == ("IVI", (40_000, 44_999), ["fd64::12"])
    assert rig.unobserved == ("second sim",)
    assert rig.addresses.power.ceiling.voltage == 14.4


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{d: {manual: true}}", "`coverage` has `d`, which is no uplink; known: `c`"),
        ("{c: {interface: eth1}}", "would set eth1 down, where packets are captured"),
    ],
)
def test_coverage_is_commanded_of_uplinks_and_never_where_packets_are_captured(write, row, told):
    """A tap on an interface that is down records nothing."""
    with pytest.raises(InputError, match=told):
        load_rig(write(REAL + f"coverage: {row}\n"))


def test_a_real_bench_that_says_nothing_of_an_exit_does_not_observe_it(write):
    """A sealed network has no exit but its uplinks; a car has, unless the bench sees to it."""
    assert load_rig(write(REAL)).unobserved == ("bluetooth pan", "usb tethering", "second sim")
    assert load_rig(write(SIMULATED)).unobserved == ()
    told = load_rig(write(REAL + "exits: {second sim: blocked, usb tethering: observed, v2x: unobserved}\n"))
    assert told.unobserved == ("bluetooth pan", "v2x")
    assert told.exits["usb tethering"] == "observed"


def test_an_exit_that_resembles_a_known_one_is_believed_once_that_one_is_told_of_too(write):
    """Bluetooth has more profiles than PAN, and a name of one's own is no mistake."""
    told = load_rig(write(REAL + "exits: {bluetooth map: observed, bluetooth pan: blocked}\n"))
    assert told.exits["bluetooth map"] == "observed"


def test_paths_are_relative_to_the_file(write, tmp_path):
    """Wherever the program is started."""
    rig = load_rig(write(SIMULATED))
    assert (rig.unit, rig.policy) == (tmp_path / "unit.yaml", tmp_path / "policy")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (SIMULATED + "vehicel: x\n", 7, "unknown key `vehicel`; did you mean `vehicle`"),
        (SIMULATED.replace("cloud: cloud.yaml\n", ""), 1, "`cloud` is missing"),
        (
            SIMULATED.replace("unit.yaml", "unti.yaml"),
            3,
            "`unit` is `unti.yaml`: no such file; did you mean `unit.yaml`",
        ),
        (SIMULATED.replace("policy: policy", "policy: polcy"), 6, "no such folder; did you mean `policy`"),
        (SIMULATED.replace("simulated", "simulate"), 2, "`kind` is `simulate`, expected one of simulated, real"),
        (SIMULATED.replace("kind: simulated\n", ""), 1, "`kind` is missing, expected one of simulated, real"),
        (REAL + "can: {interfaec: socketcan}\n", 6, "unknown key `interfaec`; did you mean `interface`"),
        (REAL + "adb: {}\n", 6, "expected `usb` (a serial number) or `tcp` (host:port)"),
        (
            REAL + "power:\n  visa: x\n  voltage: 15\n  ceiling: {voltage: 14, current: 1}\n",
            6,
            "above its ceiling of 14 V",
        ),
        (REAL + "power: {visa: x, ceiling: {voltage: 14, current: -1}}\n", 6, "`power.ceiling.current` is `-1`"),
        (REAL + "clock: virtual\n", 6, "`clock` is `virtual`, expected one of wall"),
        (REAL + "probe: {authorities: none.pem}\n", 6, "no such file"),
        (REAL.replace("kind: cellular", "kind: wifi, apn: public"), 5, "`apn` belongs to a cellular uplink"),
        (REAL.replace("kind: cellular", "kind: celular"), 5, "expected one of cellular, wifi"),
        (
            REAL + "exits:\n  v2x: blocked\n  secnd sim: blocked\n",
            8,
            "unknown exit `secnd sim`; did you mean `second sim`?",
        ),
        (REAL + "exits: {Second SIM: blocked}\n", 6, "unknown exit `Second SIM`; did you mean `second sim`?"),
        (REAL + "exits: {second sim: open}\n", 6, "expected one of observed, blocked, unobserved"),
        (REAL.replace("eth1}", "eth1, behind: [{ecu: IVI}]}"), 5, "nothing tells this control unit from the others"),
        (REAL.replace("eth1}", "eth1, behind: [{ecu: IVI, ports: 9-8}]}"), 5, "`9-8` ends before it begins"),
        (REAL.replace("eth1}", "eth1, behind: [{ecu: IVI, addresses: [fd64]}]}"), 5, "`fd64` is no IP address"),
        (
            REAL.replace("eth1}", "eth1, behind: [{ecu: A, ports: 1-9}, {ecu: B, ports: 9-11}]}"),
            5,
            "the ports of `A` and `B` overlap",
        ),
        (
            REAL.replace("interface: eth1}]", "interface: eth1}, {name: c, kind: wifi, interface: w}]"),
            1,
            "the same `name`",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(write, text, line, message):
    """The first thing that is wrong, where it stands."""
    path = write(text)
    with pytest.raises(InputError) as caught:
        load_rig(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", sorted((RIGS / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_file_loads(path):
    """Rig files with all that they name but the bench's CA, which every bench makes for itself; and the identities."""
    if path.name == "unit-17.yaml":
        assert Identities.load(path).first("vin")
        return
    rig = load_rig(path)
    assert isinstance(rig, RealRig)
    assert Vehicle.load(rig.vehicle)
    assert rig.bench.identities == path.with_name("unit-17.yaml")
    assert rig.bench.ca == path.with_name("ca")
    assert all(uplink.control for uplink in rig.uplinks)
