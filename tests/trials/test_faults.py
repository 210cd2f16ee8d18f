"""What the bench's own failures come to: inconclusive with the cause, never a pass; and what was captured stays."""

import contextlib
import json
import os
import signal
import threading
import time

import pytest

import captures.capturing
import captures.gateway.gateway
import trials.recording
from captures.decode import KeyLog, decode
from captures.pcapng import CaptureFile
from telltale.errors import ExitStatus, RigError
from telltale.times import parse_duration
from trials import claims

pytestmark = pytest.mark.xdist_group("bench")

RUN_DATA = "ux-plan.xiaomiev.test"
GATEWAY = "the gateway failed: killed by SIGKILL"
TAP = "the packet capture failed: the packet tap was killed by SIGKILL"
UNIT = "the unit died: killed by SIGKILL"
CLOUD = "the cloud died: killed by SIGKILL"


def judged(scenario):
    """Every Then that an absence is claimed with."""
    scenario.then(claims.none_leaves, ["vin"], "user experience plan")
    scenario.then(claims.nothing_leaves, "weather")
    scenario.then(claims.every_transmission_covered)
    return scenario.verdict


def readable(scenario):
    """What the capture of a trial that has ended tells: hosts of the transmissions that were opened."""
    scenario.trial.close()
    folder = scenario.trial.folder
    packets = CaptureFile(folder.file("traffic.pcapng")).packets()
    decoded = decode(
        packets,
        keylog=KeyLog.parse(folder.file("keys.log").read_bytes()),
        uplinks=scenario.session.uplinks,
        units=scenario.session.units,
    )
    return [t.host for t in decoded.transmissions if t.channel == "https" and t.complete and not t.opaque]


def reported(scenario):
    return json.loads(scenario.trial.folder.file("run.json").read_text())["verdict"]


@pytest.mark.parametrize(
    ("victim", "cause"), [("gateway", GATEWAY), ("tap", TAP), ("unit", UNIT), ("cloud", CLOUD)], ids=str
)
def test_a_part_that_is_killed_in_mid_window_makes_the_scenario_inconclusive(scenario, victim, cause):
    """What follows is stopped with the cause, every absence is inconclusive, and the past stays readable."""
    run = scenario().given(user_experience_plan="off").when_driven("2 minutes").then(claims.every_transmission_covered)
    assert run.verdict is None
    os.kill(run.process(victim), signal.SIGKILL)
    with pytest.raises(RigError, match="killed by SIGKILL"):
        run.when_driven("30 minutes")
    verdict = judged(run)
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE, str(verdict)
    assert not isinstance(verdict, AssertionError)
    assert f"not seen: {cause}" in str(verdict)
    assert readable(run).count(RUN_DATA) == 2
    assert reported(run) == "inconclusive"

    after = scenario().given(user_experience_plan="off").when_driven("1 minute")
    assert judged(after) is None


@pytest.mark.parametrize("victim", ["gateway", "unit", "cloud"])
def test_a_part_that_is_killed_while_time_passes_stops_the_drive(scenario, victim):
    """A day on the road ends within minutes of it, instead of running on unseen."""
    run = scenario().given(user_experience_plan="off").when()
    start, pid = run.trial.now, run.process(victim)

    def kill_under_way():
        while run.trial.now < start + parse_duration("5 minutes"):
            pass
        os.kill(pid, signal.SIGKILL)

    assassin = threading.Thread(target=kill_under_way)
    assassin.start()
    try:
        with pytest.raises(RigError, match=r"killed by SIGKILL"):
            run.trial.road.drive(parse_duration("30 days"))
    finally:
        assassin.join()
    assert run.trial.now < start + parse_duration("29 days")
    verdict = judged(run)
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE, str(verdict)[:6000]


@pytest.mark.parametrize("victim", ["gateway", "tap"])
def test_a_part_that_hangs_is_not_waited_for_for_ever(scenario, victim, monkeypatch):
    """It has a bounded time for an answer; then the scenario is inconclusive, and the bench is replaced."""
    monkeypatch.setattr(captures.gateway.gateway, "_ANSWER", 1.0)
    monkeypatch.setattr(captures.capturing, "_ANSWER", 1.0)
    monkeypatch.setattr(trials.recording, "CONTROL_PATIENCE", 1.0)
    run = scenario().given(user_experience_plan="off").when_driven("1 minute").then(claims.every_transmission_covered)
    pid = run.process(victim)
    os.kill(pid, signal.SIGSTOP)
    if victim == "gateway":
        with pytest.raises(RigError, match="the gateway failed: the gateway did not answer"):
            run.when_driven("1 minute")
    else:
        run.when_driven("1 minute")
    verdict = judged(run)
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE, str(verdict)
    assert "did not answer" in str(verdict)
    assert RUN_DATA in readable(run)
    monkeypatch.undo()

    after = scenario().given(user_experience_plan="off").when_driven("1 minute")
    assert judged(after) is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("victim", ["tap", "unit", "cloud"])
def test_a_violation_that_was_captured_before_is_still_told(scenario, victim):
    """The evidence is on disk; what came after it cannot take it back."""
    run = scenario("ux-vin-base64-gzip").given(user_experience_plan="off").when_driven("1 minute")
    os.kill(run.process(victim), signal.SIGKILL)
    verdict = judged(run)
    assert verdict.exit_status is not ExitStatus.COMPLIES
    if victim != "tap":  # what a killed tap had in memory is lost, and with it perhaps the evidence
        assert verdict.exit_status is ExitStatus.VIOLATES
        assert "vin as base64 > gzip > plain" in str(verdict)


def test_a_violation_that_was_shown_stays_when_the_bench_gives_way(scenario):
    run = scenario("ux-vin-base64-gzip").given(user_experience_plan="off").when_driven("1 minute")
    run.then(claims.none_leaves, ["vin"], "user experience plan")
    os.kill(run.process("gateway"), signal.SIGKILL)
    with pytest.raises(RigError) as failure:
        run.when_driven("1 minute")
    ended = run.trial.cut_short(failure.value)
    assert ended.exit_status is ExitStatus.VIOLATES
    assert "vin as base64 > gzip > plain" in str(ended)
    assert str(ended).endswith(f"then the scenario was cut short: {GATEWAY}")
    assert judged(run).exit_status is ExitStatus.VIOLATES
    run.trial.close()
    assert reported(run) == "violates"


def test_a_scenario_that_was_cut_short_is_not_recorded_as_compliance(scenario):
    """Its first claim complied, its others were never judged."""
    run = scenario().given(user_experience_plan="off").when_driven("1 minute").then(claims.every_transmission_covered)
    failure = RigError("the modem does not answer")
    assert run.trial.cut_short(failure) is failure
    run.trial.close()
    assert reported(run) == "inconclusive"


def test_a_tap_that_dies_before_the_first_packet_leaves_a_readable_file(scenario):
    run = scenario()
    os.kill(run.process("tap"), signal.SIGKILL)
    verdict = judged(run)
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE, str(verdict)
    assert TAP in str(verdict)
    assert readable(run) == []


def test_the_whole_sealed_network_may_vanish(scenario):
    """The launcher is process 1 of everything in there; without it the bench is made anew."""
    run = scenario().given(user_experience_plan="off").when_driven("1 minute").then(claims.every_transmission_covered)
    os.kill(run.wiring.network._launcher.pid, signal.SIGKILL)
    with pytest.raises(RigError):
        run.when_driven("1 minute")
    verdict = judged(run)
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE, str(verdict)
    assert RUN_DATA in readable(run)
    after = scenario().given(user_experience_plan="off").when_driven("1 minute")
    assert judged(after) is None


def test_a_can_bus_that_goes_off_ends_the_scenario_inconclusive(scenario):
    """What the car was to be told did not reach it, so what it did not send shows nothing."""
    run = scenario().given(user_experience_plan="off").when_driven("1 minute")
    hub = run.session._peers.can
    hub._call(lambda: [client.transport.abort() for client in hub._clients])
    with pytest.raises(RigError, match=r"the (CAN )?bus"):
        run.when("it is locked")
    verdict = judged(run)
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE, str(verdict)
    assert "the CAN bus" in str(verdict)
    run.trial.close()
    assert reported(run) == "inconclusive"

    after = scenario().given(user_experience_plan="off").when_driven("1 minute")
    assert judged(after) is None


def test_an_adbd_that_has_died_ends_the_scenario_inconclusive_within_its_time(scenario):
    """A switch that cannot be set or read back is not taken for set."""
    run = scenario().given(user_experience_plan="off").when_driven("1 minute")
    adb = run.session.instruments.needed_adb()
    with contextlib.suppress(RigError):  # the answer may be cut off with the connection
        adb.shell("stop adbd")
    begun = time.monotonic()
    run.when()
    with pytest.raises(RigError):
        run.trial.switch("user experience plan", "on")
    assert time.monotonic() - begun < 60
    assert run.trial.cut_short(RigError("ADB is gone")).exit_status is ExitStatus.INCONCLUSIVE
    run.trial.close()
    assert reported(run) == "inconclusive"
