"""Sleep, power and software as trials see them: what is waited for, what is believed, and what stays unknown."""

from dataclasses import replace

import pytest

from rigs.sim.source import Source
from telltale.errors import ExitStatus, RigError
from telltale.times import SECOND, parse_duration
from telltale.verdict import Verdict
from trials import claims
from trials.bench import Benches
from trials.outcome import Inconclusive

pytestmark = pytest.mark.xdist_group("life")

MINUTE = 60 * SECOND


@pytest.fixture
def changed(benches, xiaomi, request):
    """Begins a trial of a car whose unit file is patched."""
    begun = []

    def begin(patch):
        setup = xiaomi()
        unit = setup.unit
        assert unit is not None
        other = unit.patched(patch, Source(unit.path, {"patch": patch}, {}), ("patch",))
        trial = benches.trial(replace(setup, unit=other), title=request.node.name, clauses=("XM-21-05",))
        begun.append(trial)
        trial.begin_step("given", "Given a car")
        return trial

    yield begin
    for trial in begun:
        trial.close()


def lives(trial):
    return [change.value for change in trial.timeline if change.fact == "life"]


def test_silence_of_a_sleeping_car_is_a_gap_until_it_has_shown_that_it_lives(scenario):
    """A timer wake within the window shows it; without one the window could be that of a dead unit."""
    run = scenario().given(user_experience_plan="off")
    run.trial.car.fall_asleep()
    run.when()
    run.trial.wait(60 * MINUTE)
    run.then(claims.nothing_leaves, None)
    asleep = run.trial.judgements[-1]
    assert asleep.verdict is Verdict.INCONCLUSIVE
    assert any(note.startswith("asleep: it gave no sign of life since ") for note in asleep.notes)
    run.trial.car.wake("timer")
    run.then(claims.nothing_leaves, None)
    assert run.trial.judgements[-1].verdict is Verdict.COMPLIES
    assert lives(run.trial) == ["run", "after_run", "asleep", "waking"]


@pytest.mark.parametrize("cause", ["door", "sms", "can"])
def test_a_sleeping_car_is_woken(scenario, cause):
    """And one that is awake cannot be."""
    run = scenario().given(user_experience_plan="off")
    with pytest.raises(Inconclusive, match="it is not asleep"):
        run.trial.car.wake(cause)
    run.trial.car.fall_asleep()
    run.trial.car.wake(cause)
    assert lives(run.trial)[-1] == ("run" if cause == "can" else "waking")


def test_a_car_that_does_not_fall_asleep_or_is_not_woken_is_told(changed):
    """With what was waited for, and for how long."""
    trial = changed({"life": {"kept awake by": [{"power": "supply"}]}})
    trial.power_up("Xiaomi car")
    told = r"it did not fall asleep within 10 min: it draws 0\.75 A; its UnitNetworkManagement on CAN is running"
    with pytest.raises(RigError, match=told):
        trial.car.fall_asleep()


def test_a_car_that_draws_nothing_and_keeps_the_bus_awake_is_inconclusive(changed):
    """Its current says asleep, its network management says awake: neither is believed, and both are told."""
    trial = changed({"life": {"kept awake by": [{"power": "supply"}], "draws": {"run": 0.003}}})
    trial.power_up("Xiaomi car")
    with pytest.raises(RigError, match=r"it draws 0\.003 A; its UnitNetworkManagement on CAN is running"):
        trial.car.fall_asleep()
    trial.begin_step("when", "When time passes")
    trial.wait(MINUTE)
    trial.begin_step("then", "Then nothing leaves the car")
    trial.judge(claims.nothing_leaves(trial, None))
    judgement = trial.judgements[-1]
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any(note.startswith("whether it slept cannot be told: it draws 0.003 A; its U") for note in judgement.notes)
    assert lives(trial)[-1] == "undecided"


def test_the_bus_hears_a_car_that_needs_it_and_once_one_that_wakes_by_itself(scenario):
    """A sleeper is silent there."""
    run = scenario().given(user_experience_plan="off")
    run.trial.car.fall_asleep()
    can = run.trial.instruments.needed_can()
    heard = can.heard(0x51A, extended=False)
    assert heard
    run.trial.wait(60 * MINUTE)
    assert can.heard(0x51A, extended=False) == heard
    run.trial.car.wake("timer")
    assert can.heard(0x51A, extended=False) == heard + 1


def test_a_text_that_wakes_nothing_is_told(changed):
    trial = changed({"life": {"woken by": {"sms": "OTHER WORDS"}}})
    trial.power_up("Xiaomi car")
    trial.car.fall_asleep()
    with pytest.raises(RigError, match=r"it was not woken within 30 s \(sms\)"):
        trial.car.wake("sms")


def test_off_is_believed_once_the_battery_is_empty_and_nothing_is_heard(scenario):
    """Then it boots anew, while a supply that is only cut for a moment is not noticed."""
    run = scenario().given(user_experience_plan="off")
    before = run.process("unit")
    run.trial.car.cut_supply()
    run.trial.wait(MINUTE)
    run.trial.car.power_on()
    assert run.process("unit") == before
    start = run.trial.now
    run.trial.car.power_off()
    assert run.process("unit") is None
    assert run.trial.now - start >= 10 * MINUTE
    run.trial.car.power_on()
    assert run.process("unit") not in (None, before)


def test_a_battery_that_lasts_longer_than_declared_is_not_taken_for_off(changed):
    """The bench says that it still hears the unit, and judges nothing."""
    trial = changed({"life": {"backup battery": "2 h"}})
    trial.power_up("Xiaomi car")
    with pytest.raises(RigError, match="its supply is off, and still its modem answers; its battery"):
        trial.car.power_off()


def test_a_consent_that_survives_a_reset_violates_and_is_nobodys_consent(changed):
    """The timeline says what the user has chosen since, which is nothing."""
    trial = changed({"state": {"experience_plan": {"kept": "over reset"}}})
    trial.power_up("Xiaomi car")
    trial.switch("user experience plan", "on")
    trial.begin_step("when", "When it is reset")
    trial.car.reset(5 * MINUTE)
    trial.begin_step("then", "Then every switch stands as it left the factory")
    trial.judge(claims.switches_stand(trial))
    judgement = trial.judgements[-1]
    assert judgement.verdict is Verdict.VIOLATES
    assert [f.reason for f in judgement.findings if f.verdict is Verdict.VIOLATES] == [
        "the switch user experience plan was left off; without its user it stands on"
    ]
    assert trial.timeline.state_at(trial.now)["experience_plan"] == "off"


def test_an_update_is_told_in_the_timeline(scenario):
    run = scenario().given(user_experience_plan="off")
    run.trial.car.update("1.3.0", 10 * MINUTE)
    versions = [change.value for change in run.trial.timeline if change.fact == "software"]
    assert list(dict.fromkeys(versions)) == ["1.2.0", "1.3.0"]


def test_an_update_that_is_not_there_is_told(scenario):
    run = scenario().given()
    with pytest.raises(RigError, match=r"9\.9\.9\.zip"):
        run.trial.car.update("9.9.9", 10 * MINUTE)


def test_a_supply_cut_in_the_midst_of_an_upload_leaves_a_bench_that_serves_again(benches: Benches, changed, scenario):
    """The unit is gone with half its video sent; the scenario is inconclusive, and the supply ends as the rig says."""
    as_filmed = {"clip": {"multipart": {"clip": "{sentry_video}"}}}  # the bytes below are no film that could be blurred
    trial = changed({"life": {"backup battery": None}, "functions": {"sentry mode": {"sends": as_filmed}}})
    film = trial.folder.file("footage") / "sentry_video"
    film.write_bytes(b"\0" * 64_000_000)
    trial.power_up("Xiaomi car")
    trial.switch("sentry mode", "on")
    trial.prepare("locked")
    trial.begin_step("when", "When a person strikes the car")
    trial.stimulate("a person strikes the car")
    trial.car.cut_in_upload(trial.folder.file("traffic.pcapng"), 30 * SECOND)
    assert trial.timeline.state_at(trial.now)["supply"] == "off"
    trial.begin_step("then", "Then nothing else")
    trial.judge(claims.none_leaves(trial, ["sentry_video"], None))
    seen = trial.observe()
    assert any(not t.complete for t in seen.transmissions)
    with pytest.raises(Inconclusive) as ended:
        trial.conclude()
    assert ended.value.exit_status is ExitStatus.INCONCLUSIVE
    assert "the unit is off" in str(ended.value)
    trial.close()
    assert not benches._bench.peers.supply.output
    assert scenario().given(user_experience_plan="off").when_driven("1 min").trial.now


def test_an_upload_that_does_not_come_is_told(scenario):
    run = scenario().given()
    with pytest.raises(RigError, match="nothing was uploaded within 30 s, so nothing was cut"):
        run.trial.car.cut_in_upload(run.trial.folder.file("traffic.pcapng"), parse_duration("30 s"))
