"""A unit that sleeps: what runs in which state, what wakes it, and what it does without its supply."""

import json
import os
import select

import pytest

from rigs.sim.peers.terminals import Air, Terminals
from rigs.sim.unit.checks import load_unit
from rigs.sim.unit.life import TURNS
from rigs.sim.unit.lifefile import STATES
from telltale.errors import InputError

CAR = """
unit: test
made by: Test
uplink: cellular
state:
  ignition: {default: off, can: VehicleStatus.Ignition, values: {Off: off, Accessory: off, Run: on, Start: on}}
  network: {default: released, can: NetworkManagement.SleepIndication, values: {Awake: awake, Sleep: released}}
  door: {default: closed, can: BodyStatus.AnyDoorOpen, values: {Closed: closed, Open: open}}
  alarm: {default: quiet, can: BodyStatus.AlarmTriggered, values: {Quiet: quiet, Triggered: triggered}}
  plan: {default: off, setting: global/plan, values: {"0": off, "1": on}, kept: true}
  region: {default: none, setting: global/region, kept: over reset}
queues:
  later: {kept: true}
life:
  kept awake by: [{ignition: on}, {network: awake}]
  after run: 2 min
  woken by: {timer: 6 h, sms: TAP, door: {door: open}}
  wake lasts: 60 s
  backup battery: 10 min
  draws: {run: 0.8, asleep: 0.004}
software: 1.2.0
versions:
  1.3.0: {functions: {status: {sends: {beat: {every: 20 s}}}}}
functions:
  status:
    sends:
      started: {at: start, post: "https://ux.maker.test/started"}
      beat: {every: 30 s, post: "https://ux.maker.test/beat"}
      woken: {at: wake, post: "https://ux.maker.test/woken", json: {cause: "{wake}"}}
      alarm: {when: {alarm: triggered}, post: "https://ux.maker.test/alarm"}
  theft watch:
    while: {power: battery}
    sends:
      cut: {at: start, post: "https://ux.maker.test/cut"}
  night watch:
    while: {life: asleep}
    sends:
      hourly: {every: 1 h, post: "https://ux.maker.test/hourly"}
"""


@pytest.fixture
def car(bench, recorder):
    """The car of this file on a bench with terminals and air; `paths` is what it sent since it was last asked."""
    terminals, air = Terminals(), Air()

    class Car:
        def start(self, text=CAR):
            bench.make_unit(text, addresses={"ux.maker.test:443": recorder.address})
            self.boot()

        def boot(self):
            with terminals.plug() as plug:
                bench.power_on(**bench.open_ports(), power=plug.fileno(), radio=air.unit_end.fileno())

        def paths(self):
            seen = [path.strip("/") for _, path, _, _ in recorder.seen]
            recorder.seen.clear()
            return seen

        def state(self):
            return bench.unit.state()["facts"]["life"]

        def text(self, words):
            air.text("+1", words)
            bench.unit.settle()

    made = Car()
    made.terminals = terminals
    yield made
    terminals.unplug()
    air.close()


def test_every_turn_leads_to_a_state_that_something_leads_out_of():
    """Nothing is a dead end but the power switch."""
    assert {state for state, _ in TURNS} == set(STATES)
    assert set(TURNS.values()) == set(STATES) - {"booting"}


def test_a_car_that_nothing_keeps_awake_sleeps_after_its_after_run(bench, car):
    """Asleep nothing periodic is sent, but for what asks for it; the timer wakes it for a minute."""
    car.start()
    assert car.state() == "after_run"
    bench.wait("2 minutes")
    assert car.state() == "asleep"
    assert car.paths() == ["started", "beat", "beat", "beat"]
    bench.wait("5.9 hours")
    assert car.paths() == ["hourly"] * 5
    bench.wait("7 minutes")
    assert car.state() == "asleep"
    assert car.paths() == ["woken", "beat"]


def test_the_bus_keeps_it_awake_and_wakes_it(bench, car):
    """A message of the network management, and nothing is started anew."""
    car.start()
    bench.send("NetworkManagement", SleepIndication="Awake")
    assert car.state() == "run"
    bench.wait("10 minutes")
    assert car.state() == "run"
    bench.send("NetworkManagement", SleepIndication="Sleep")
    assert car.state() == "after_run"
    bench.wait("10 minutes")
    car.paths()
    bench.send("NetworkManagement", SleepIndication="Awake")
    assert car.state() == "run"
    assert car.paths() == ["woken"]


@pytest.mark.parametrize(("cause", "wake"), [("door", None), ("sms", "TAP 17"), (None, "Dear customer")])
def test_what_wakes_it_is_told(bench, car, recorder, cause, wake):
    """The door and a shoulder tap do; another text does not."""
    car.start()
    bench.wait("10 minutes")
    car.paths()
    if wake:
        car.text(wake)
    else:
        bench.send("BodyStatus", AnyDoorOpen="Open")
    assert [json.loads(body)["cause"] for *_, body in recorder.seen] == ([cause] if cause else [])
    bench.wait("2 minutes")
    assert car.state() == "asleep"


def test_what_came_true_while_it_slept_is_noticed_when_it_wakes_and_only_once(bench, car):
    car.start()
    bench.wait("10 minutes")
    bench.send("BodyStatus", AlarmTriggered="Triggered")
    car.paths()
    car.text("TAP")
    assert "alarm" in car.paths()
    bench.wait("10 minutes")
    car.text("TAP")
    assert "alarm" not in car.paths()


def test_the_supply_carries_what_the_state_draws(bench, car):
    car.start()
    bench.send("NetworkManagement", SleepIndication="Awake")
    assert car.terminals.drawn() == 0.8
    bench.send("NetworkManagement", SleepIndication="Sleep")
    assert car.terminals.drawn() == 0.4
    bench.wait("10 minutes")
    assert car.terminals.drawn() == 0.004


def test_without_its_supply_it_runs_on_its_battery_and_then_not_at_all(bench, car):
    """Supply off is not silence."""
    car.start()
    bench.send("NetworkManagement", SleepIndication="Awake")
    car.paths()
    car.terminals.supply(on=False)
    bench.wait("9 minutes")
    assert bench.unit.alive
    assert car.paths() == ["cut"] + ["beat"] * 18
    bench.wait("1 hour")
    assert not bench.unit.alive
    assert bench.unit.cause_of_death is None
    assert len(car.paths()) <= 2
    car.boot()
    assert car.paths() == ["started"]


def test_a_supply_that_comes_back_in_time_is_not_noticed_by_more_than_the_battery(bench, car):
    car.start()
    bench.send("NetworkManagement", SleepIndication="Awake")
    car.terminals.supply(on=False)
    bench.wait("9 minutes")
    car.terminals.supply(on=True)
    bench.wait("1 hour")
    assert bench.unit.alive
    assert bench.unit.state()["facts"]["power"] == "supply"


def hear(port):
    heard = b""
    while select.select([port], [], [], 0.2)[0]:
        heard += os.read(port, 4096)
    return heard.decode()


def test_the_modem_of_a_sleeping_car_is_paged_but_does_not_answer(bench, car):
    """Power save: registered, reachable by a text, its console silent."""
    car.start()
    os.write(bench.modem, b"ATE0\r")
    assert "OK" in hear(bench.modem)
    bench.wait("10 minutes")
    os.write(bench.modem, b"AT+CEREG?\r")
    assert hear(bench.modem) == ""
    car.text("TAP")
    assert '+CMT: "+1",,"26/' in hear(bench.modem)
    os.write(bench.modem, b"AT+CEREG?\r")
    assert "+CEREG: 0,1" in hear(bench.modem)


def test_an_update_takes_effect_with_the_next_boot_and_keeps_the_settings(bench, car):
    """The file says what the version changes; what is installed survives power-off."""
    car.start()
    bench.adb_shell("settings put global plan 1")
    install = "update_engine_client --update --follow --payload=file:///data/ota_package/{}.zip"
    assert "kSuccess" in bench.adb_shell(install.format("1.3.0"))
    assert "kSuccess" not in bench.adb_shell(install.format("9.9.9"))
    assert bench.adb_shell("getprop ro.build.version.incremental") == "1.2.0\n"
    bench.adb_shell("reboot")
    bench.unit.settle()
    assert bench.adb_shell("getprop ro.build.version.incremental") == "1.3.0\n"
    car.paths()
    bench.wait("60 s")
    assert car.paths() == ["beat"] * 3
    assert bench.unit.state()["facts"]["plan"] == "on"


def test_a_reset_to_the_factory_state_forgets_all_but_what_is_kept_over_it(bench, car):
    """Settings, and every file; not the software."""
    car.start()
    bench.adb_shell("settings put global plan 1; settings put global region cn")
    (bench.folder / "flash" / "diary.txt").write_text("where it has been")
    bench.adb_shell("am broadcast -p android -a android.intent.action.FACTORY_RESET")
    bench.unit.settle()
    facts = bench.unit.state()["facts"]
    assert (facts["plan"], facts["region"]) == ("off", "cn")
    assert not (bench.folder / "flash" / "diary.txt").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("life: asleep", "life: sleeping"), "`life` is never `sleeping`; did you mean `asleep`?"),
        (("{network: awake}]", "{netwerk: awake}]"), "unknown fact `netwerk`; did you mean `network`?"),
        (("every: 20 s", "evry: 20 s"), "unknown key `evry`"),
        (("ignition: {default", "wake: {default"), "`wake` is a fact that a unit with a `life` knows by itself"),
    ],
)
def test_a_slip_in_what_concerns_its_life_is_told_with_its_line(bench, change, message):
    path = bench.file("unit.yaml", CAR.replace(*change))
    with pytest.raises(InputError) as error:
        load_unit(path, dbc=bench.dbc)
    assert message in str(error.value)
    assert error.value.line
