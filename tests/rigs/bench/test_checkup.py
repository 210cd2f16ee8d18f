"""Every address of a real rig is tried with its own driver, against real peers, and nothing is switched on."""

import socket
from dataclasses import replace

import pytest

from rigs.addresses import AdbAddress, CoverageAddress, ProbeAddress, SerialAddress, SnoopAddress
from rigs.checkup import QUESTIONS, asked, try_addresses
from rigs.rigfile import load_rig
from rigs.vehicle import Vehicle

VEHICLE = "vehicle: Test car\ncalled: [test car]\ndbc: DBC\nowner's app: https://app.example/v1/\n"
RIG = """\
rig: r
kind: real
vehicle: v.yaml
policy: .
modem: {port: /dev/null}
power: {visa: "TCPIP::192.0.2.1::5025::SOCKET", ceiling: {voltage: 14, current: 5}}
uplinks: [{name: c, kind: cellular, interface: eth1}]
"""


@pytest.fixture
def rig(tmp_path, dbc):
    (tmp_path / "v.yaml").write_text(VEHICLE.replace("DBC", str(dbc)))
    (tmp_path / "rig.yaml").write_text(RIG)
    return load_rig(tmp_path / "rig.yaml")


@pytest.fixture
def checked(tmp_path, rig, unit):
    """What the checks of a rig with these addresses say, by connection."""

    def check(**changes):
        addresses = unit.addresses.model_copy(update=changes)
        vehicle = Vehicle.load(rig.vehicle)
        return {c.connection: c for c in try_addresses(replace(rig, addresses=addresses), vehicle, logs=tmp_path)}

    return check


def test_what_answers_is_told_and_left_as_it_was(checked, outputs, unit):
    """The supply is not switched, no setting is made, no frame is sent."""
    told = checked()
    there = {name for name, check in told.items() if check.state == "ok"}
    assert there == {"power", "can", "modem", "gnss", "adb"}
    assert "V, " in told["power"].says
    assert told["modem"].says == "registered in a network"
    assert outputs == []
    assert unit.told == []


def test_what_the_rig_lacks_is_told_with_what_it_costs(checked):
    """It is no fault of the rig's."""
    told = checked(adb=None)
    assert list(told) == list(QUESTIONS)
    assert told["adb"].state == "missing"
    assert told["adb"].says == (
        "no switch of the unit can be set, and no app be opened; scenarios that need it are skipped"
    )


def test_the_cloud_is_asked_at_the_rigs_own_url_and_nowhere_else(checked, closed_port, monkeypatch):
    """The host that the vehicle file names is not even looked up."""
    looked_up = []
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more: looked_up.append(host) or look_up(host, *more))
    probe = checked(probe=ProbeAddress())["probe"]
    assert (probe.state, probe.says) == ("ok", "it is there; nobody was asked, for no `url` is named under `probe`")
    there = f"http://127.0.0.1:{closed_port}/"
    assert checked(probe=ProbeAddress(url=there))["probe"].says.startswith(f"the probe got no answer to GET {there}")
    assert set(looked_up) <= {"127.0.0.1"}


def test_whom_it_is_about_to_ask_is_told_by_the_rigs_own_addresses(rig):
    """An instrument that has no address of its own turns to nobody of its own."""
    coverage = CoverageAddress.model_validate({"c": {"manual": True}, "w": {"interface": "wlan0"}})
    probe = ProbeAddress(url="https://cloud.example/health")
    addresses = rig.addresses.model_copy(update={"coverage": coverage, "probe": probe, "snoop": SnoopAddress()})
    assert list(asked(replace(rig, addresses=addresses))) == [
        "power at TCPIP::192.0.2.1::5025::SOCKET",
        "coverage at wlan0",
        "modem at /dev/null",
        "probe at https://cloud.example/health",
    ]


def test_what_does_not_answer_is_told_with_the_line_and_the_mend(checked, closed_port, unit, tmp_path):
    """Each by itself: one that fails keeps no other from being tried."""
    unit.registered = False
    told = checked(
        adb=AdbAddress(tcp=f"127.0.0.1:{closed_port}"),
        gnss=SerialAddress(port=str(tmp_path / "ttyUSB9")),
        power=unit.addresses.power.model_copy(update={"visa": f"TCPIP::127.0.0.1::{closed_port}::SOCKET"}),
        probe=ProbeAddress(authorities=tmp_path / "v.yaml"),
    )
    wrong = {name: check.says for name, check in told.items() if check.state == "wrong"}
    assert set(wrong) == {"adb", "gnss", "power", "probe", "modem"}
    assert "is the unit on, and `adb tcpip` set on it?" in wrong["adb"]
    assert f"{tmp_path}/rig.yaml:6: no supply at TCPIP::127.0.0.1::{closed_port}::SOCKET" in wrong["power"]
    assert wrong["gnss"].startswith(f"{tmp_path}/rig.yaml:")
    assert wrong["gnss"].count("rig.yaml") == 1
    assert "holds no certificate authorities" in wrong["probe"]
    assert wrong["modem"] == "it is not registered in a network; check SIM, antenna and the test cell"
    assert told["can"].state == "ok"
