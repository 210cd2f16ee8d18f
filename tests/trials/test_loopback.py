"""The loopback fallback: what it can show, what it cannot, and that nothing of it passes blindly."""

import json
import os
import signal
from pathlib import Path

import pytest
import python_socks
from python_socks.sync import Proxy

import rigs
from telltale.fidelity import Fidelity
from telltale.times import SECOND
from telltale.verdict import Verdict
from trials import claims
from trials.bench import Benches
from trials.claims import TableRow
from trials.outcome import Violation
from trials.setup import Setup

RIGS = Path(rigs.__file__).parent
(BLIND,) = Fidelity.LOOPBACK.blind_spots
MINUTE = 60 * SECOND
PLAN = "user experience plan"


@pytest.fixture(scope="session")
def benches(tmp_path_factory):
    """In place of the sealed one: it needs nothing of the host."""
    with Benches(tmp_path_factory.mktemp("runs")) as opened:
        yield opened


@pytest.fixture
def xiaomi(xiaomi):
    return lambda *defects: xiaomi(*defects).on("loopback")


ROWS = [TableRow(item=item, recipient="Xiaomi", function=PLAN, uplink="cellular") for item in ("vin", "account_id")]
ABSENCE = [
    (claims.none_leaves, ["phone_number"], PLAN),
    (claims.nothing_leaves, "weather"),
    (claims.exactly_these, ROWS),
    (claims.every_transmission_covered,),
    (claims.leaves_for_only, ["account_id"], "Xiaomi"),
    (claims.no_finer_than, ["position"], "weather", 10_000),
    (claims.difference, PLAN, ["vin"]),
]


@pytest.mark.parametrize(
    ("claim", "arguments"), [(claim, rest) for claim, *rest in ABSENCE], ids=[row[0].__name__ for row in ABSENCE]
)
def test_what_needs_to_know_that_nothing_else_left_is_never_shown(scenario, claim, arguments):
    """A clean car, and a capture that adds up; yet it may have gone another way."""
    run = scenario().given(user_experience_plan="on").when_driven("1 minute").then(claim, *arguments)
    (judgement,) = run.trial.judgements
    assert BLIND in judgement.notes
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert run.trial.observe().gaps == ()
    assert "bytes recorded; no interface counters in loopback" in run.trial.observe().accounts[EQUATION]


EQUATION = "relayed bytes = recorded bytes"


def test_what_did_leave_is_shown(scenario):
    """That a report keeps running needs no knowledge of other ways."""
    run = scenario().given(user_experience_plan="off").when_driven("2 minutes")
    run.then(claims.keeps_running, "mandated report", 10 * SECOND, ["vin"])
    assert run.verdict is None
    run.trial.close()
    told = json.loads(run.trial.folder.file("run.json").read_text())
    assert (told["fidelity"], told["fidelity because"], told["verdict"]) == ("loopback", "asked for", "complies")
    assert BLIND in told["says"]


def test_uplinks_and_control_units_are_told_apart(scenario):
    """The head unit has an address of its own on the loopback, as every uplink has a port."""
    run = scenario().given(location_permission="on").when_driven("1 minute").when("the weather app is opened")
    ways = {(t.uplink, t.ecu) for t in run.trial.observe().transmissions}
    assert ways >= {("private", "T-Box"), ("cellular", "IVI")}


def test_a_datagram_that_is_not_recorded_is_no_failure_of_the_bench(benches):
    """The MINI asks for the time over NTP; that nobody sees it is the blind spot, and nothing is missing beside."""
    setup = Setup.read(RIGS / "mini-os9.yaml", policy=None, defects=[]).on("loopback")
    trial = benches.trial(setup, title="the time", clauses=("MC-043",))
    try:
        trial.begin_step("given", "Given a MINI")
        trial.power_up("MINI")
        seen = trial.observe()
        assert (seen.gaps, "ntp" in {t.channel for t in seen.transmissions}) == ((), False)
    finally:
        trial.close()


def test_what_can_no_longer_be_retrieved_is_shown(scenario):
    run = scenario(clauses=("XM-02-06",)).given(sentry_mode="on")
    run.trial.prepare("locked")
    run.when("a person strikes the car")
    run.trial.wait(10 * SECOND)
    run.then(claims.owner_can_fetch, "sentry_video")
    run.trial.wait_until(run.trial.upload_moment() + MINUTE)
    run.then(claims.no_longer_retrievable, "sentry_video", reading="strict")
    assert run.verdict is None


def test_a_violation_that_is_seen_violates(scenario):
    """Over the uplink that it took."""
    run = scenario("ux-vin-over-wifi").given(user_experience_plan="on").when_driven("10 minutes")
    run.then(claims.exactly_these, ROWS)
    assert isinstance(run.verdict, Violation)
    assert "over wifi" in str(run.verdict)


def test_a_silence_that_would_violate_is_inconclusive(scenario):
    """The report may have left where nobody looks."""
    run = scenario("report-stops-with-plan").given(user_experience_plan="off").when_driven("2 minutes")
    run.then(claims.keeps_running, "mandated report", 10 * SECOND, ["vin"])
    assert run.trial.judgements[0].verdict is Verdict.INCONCLUSIVE
    assert "or it could not be seen" in str(run.verdict)


def test_a_destination_that_the_bench_does_not_have_is_named(scenario):
    """It was refused, and nobody was asked for its address; but the unit wanted something there."""
    run = scenario().given(user_experience_plan="off").when_driven("1 minute")
    proxy = Proxy(python_socks.ProxyType.SOCKS5, *run.wiring.proxies["wifi"], rdns=True)
    with pytest.raises(python_socks.ProxyError):
        proxy.connect("collector.example.test", 443)
    run.then(claims.keeps_running, "mandated report", 10 * SECOND, ["vin"])
    assert "not seen: collector.example.test:443 is nowhere on this bench: 1 connection refused" in str(run.verdict)


@pytest.mark.parametrize(
    ("victim", "told"),
    [
        ("tap", "the packet capture failed: the recording relay was killed by SIGKILL"),
        ("gateway", "the gateway failed: killed by SIGKILL"),
    ],
)
def test_a_part_that_dies_is_a_cause_and_the_bench_is_replaced(scenario, victim, told):
    run = scenario().given(user_experience_plan="off").when_driven("1 minute")
    os.kill(run.process(victim), signal.SIGKILL)
    run.then(claims.keeps_running, "mandated report", 10 * SECOND, ["vin"])
    assert f"not seen: {told}" in str(run.verdict)
    run.trial.close()
    assert scenario().given().trial.observe().gaps == ()
