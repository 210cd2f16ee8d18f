"""The two cars of this repository and their clouds, played together."""

import json
import os
from random import Random

import pytest

from rigs.anonymiser import blurred
from rigs.footage import picture, video
from telltale.items import taxonomy

APP = {"xiaomi-su7": "https://app.xiaomiev.test/v1", "mini-os9": "https://app.bmw-cn.test/v1"}


@pytest.fixture
def footage(bench):
    paths = {}
    for item in (item.name for item in taxonomy().values() if item.kind == "media"):
        paths[item] = bench.folder / item
        paths[item].write_bytes(item.encode() * 1000)
    paths["sentry_video"].write_bytes(video(Random(1), frames=2))  # the car blurs it
    paths["parking_image"].write_bytes(picture(Random(2)))
    return paths


@pytest.fixture
def xiaomi(bench, sim, footage):
    bench.start_cloud(sim / "clouds/xiaomi-ev.yaml")
    bench.start_unit(sim / "units/xiaomi-su7.yaml", footage=footage, **bench.open_ports())
    return bench


@pytest.fixture
def mini(bench, sim, footage):
    bench.start_cloud(sim / "clouds/bmw-cn.yaml")
    bench.start_unit(sim / "units/mini-os9.yaml", footage=footage, **bench.open_ports())
    return bench


def recordings(bench, car):
    return bench.owner(f"{APP[car]}/recordings")[1]["recordings"]


def test_the_sentry_clip_is_in_the_cloud_until_its_summary_is_made(xiaomi, footage):
    """20 seconds; the owner is told twice."""
    xiaomi.adb_shell("settings put global sentry_mode 1")
    xiaomi.send("BodyStatus", DoorsLocked="Locked")
    xiaomi.send("BodyStatus", PersonNear="Near")
    xiaomi.wait("5 s")
    assert recordings(xiaomi, "xiaomi-su7") == []
    xiaomi.send("BodyStatus", Vibration="Strong")
    xiaomi.wait("10 s")
    [clip] = recordings(xiaomi, "xiaomi-su7")
    assert xiaomi.fetch(clip["addresses"]["direct"]) == (200, blurred(footage["sentry_video"].read_bytes()))
    xiaomi.wait("20 s")
    assert recordings(xiaomi, "xiaomi-su7") == []
    assert xiaomi.fetch(clip["addresses"]["direct"])[0] == 410
    told = xiaomi.owner(f"{APP['xiaomi-su7']}/notifications")[1]["notifications"]
    assert [entry["text"] for entry in told] == ["Danger near your car", "Someone came near and struck the car"]
    assert xiaomi.unit.failures == []


def test_sentry_does_nothing_while_it_is_off_unlocked_or_not_in_park(xiaomi):
    """Each of its conditions counts."""
    for setting, gear, doors in (("0", "P", "Locked"), ("1", "D", "Locked"), ("1", "P", "Unlocked")):
        xiaomi.adb_shell(f"settings put global sentry_mode {setting}")
        xiaomi.send("VehicleStatus", Gear=gear)
        xiaomi.send("BodyStatus", DoorsLocked=doors, PersonNear="Near", Vibration="Strong")
        xiaomi.wait("10 s")
        xiaomi.send("BodyStatus", PersonNear="Nobody", Vibration="Still")
    assert recordings(xiaomi, "xiaomi-su7") == []


def test_a_drive_sends_everything_and_all_of_it_arrives(xiaomi):
    """Plan on and off, weather opened, at a place told by GNSS."""
    xiaomi.move(31.2304, 121.4737)
    for setting in ("1", "0"):
        xiaomi.adb_shell(f"settings put global experience_plan {setting}")
        xiaomi.adb_shell(f"settings put global location_permission {setting}")
        xiaomi.send("VehicleStatus", Ignition="Run", Gear="D", VehicleSpeed=50, Odometer=12345)
        xiaomi.adb_shell("am start -n com.xiaomi.weather/.MainActivity")
        xiaomi.wait("10 minutes")
        xiaomi.send("VehicleStatus", Ignition="Off", Gear="P", VehicleSpeed=0)
    assert xiaomi.unit.failures == []
    assert xiaomi.unit.state()["position"] == pytest.approx([31.2304, 121.4737], abs=1e-5)


def test_switches_are_kept_over_power_off_and_reboot(xiaomi):
    """They live in flash; what the CAN bus tells does not."""
    assert xiaomi.adb_shell("settings get global experience_plan").strip() == "null"
    xiaomi.send("VehicleStatus", Ignition="Run")
    xiaomi.adb_shell("settings put global experience_plan 1")
    xiaomi.unit.power_off()
    xiaomi.power_on(**xiaomi.open_ports())
    facts = xiaomi.unit.state()["facts"]
    assert (facts["experience_plan"], facts["ignition"]) == ("on", "off")
    assert xiaomi.adb_shell("settings get global experience_plan").strip() == "1"
    xiaomi.send("VehicleStatus", Ignition="Run")
    xiaomi.adb_shell("reboot")
    xiaomi.unit.settle()
    facts = xiaomi.unit.state()["facts"]
    assert (facts["experience_plan"], facts["ignition"]) == ("on", "off")


def test_the_modem_answers_with_the_runs_identities(xiaomi):
    """On its own port."""
    os.write(xiaomi.modem, b"AT+CGSN\r")
    answer = b""
    while b"OK" not in answer:
        answer += os.read(xiaomi.modem, 200)
    assert b"867530900000017" in answer


def test_the_alarm_video_is_in_the_cloud_for_less_than_an_hour(mini):
    """And was uploaded within 30 seconds."""
    mini.adb_shell("settings put global remote_alarm 1")
    mini.send("BodyStatus", DoorsLocked="Locked")
    mini.send("BodyStatus", AlarmTriggered="Triggered")
    mini.wait("30 s")
    [video] = recordings(mini, "mini-os9")
    assert mini.fetch(f"{APP['mini-os9']}/recordings/{video['id']}", token=mini.tokens["owner"]) == (
        200,
        b"cabin_video" * 1000,
    )
    mini.wait("50 minutes")
    assert len(recordings(mini, "mini-os9")) == 1
    mini.wait("10 minutes")
    assert recordings(mini, "mini-os9") == []
    assert mini.fetch(video["addresses"]["direct"])[0] == 410


def test_the_owner_gets_a_picture_of_the_cabin_on_request_alone(mini):
    """Nothing is filmed in an hour of driving."""
    mini.send("VehicleStatus", Ignition="Run", Gear="D", VehicleSpeed=50)
    mini.wait("60 minutes")
    assert recordings(mini, "mini-os9") == []
    status, answer = mini.fetch(f"{APP['mini-os9']}/commands/take-picture", method="POST", token=mini.tokens["owner"])
    assert (status, json.loads(answer)) == (202, {"command": "take picture"})
    mini.wait("5 s")
    [picture] = recordings(mini, "mini-os9")
    assert picture["size"] == len(b"cabin_image" * 1000)
    assert mini.unit.failures == []
