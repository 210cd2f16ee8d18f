"""Silence is believed only in a window that was controlled, alive and accounted for."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from captures.tap.counts import Tally
from telltale.errors import ExitStatus, InputError
from telltale.finding import Finding, Judgement
from telltale.verdict import Verdict
from trials import claims
from trials.claims import TableRow
from trials.outcome import Inconclusive

pytestmark = pytest.mark.xdist_group("windows")

CONTROL = "not seen: the control transmission over {} was not seen, so silence there proves nothing"


def absences(scenario):
    """Every way to claim that something did not leave."""
    scenario.then(claims.none_leaves, ["vin"], None)
    scenario.then(claims.none_leaves, ["vin"], "user experience plan")
    scenario.then(claims.nothing_leaves, None)
    scenario.then(claims.nothing_leaves, "weather")
    return scenario


def all_inconclusive(scenario):
    """The lines that the scenario ends with, once it is clear that none of its claims was believed."""
    assert {judgement.verdict for judgement in scenario.trial.judgements} == {Verdict.INCONCLUSIVE}
    assert scenario.verdict.exit_status is ExitStatus.INCONCLUSIVE
    return str(scenario.verdict)


def doctored(scenario, monkeypatch, **changes):
    """The stock of the scenario's bench with some of it replaced; a callable is given what was there."""
    take = scenario.session.take_stock

    def take_stock():
        stock = take()
        given = {name: new(getattr(stock, name)) if callable(new) else new for name, new in changes.items()}
        return replace(stock, **given)

    monkeypatch.setattr(scenario.session, "take_stock", take_stock)
    return scenario


@contextmanager
def coverage_lost(scenario, uplink):
    """The unit has no coverage on an uplink; the shared bench gets it back."""
    scenario.wiring.network.set_link(uplink, up=False)
    try:
        yield scenario
    finally:
        scenario.wiring.network.set_link(uplink, up=True)


def parked(scenario):
    """A car of which nothing is expected to leave."""
    return scenario().given(user_experience_plan="off").when()


def test_silence_is_believed_when_the_window_was_controlled_alive_and_accounted_for(scenario):
    """The same window that the other tests of this file take something away from."""
    run = absences(parked(scenario))
    assert run.verdict is None
    accounts = "\n".join(run.trial.observe().accounts.values())
    assert "0 dropped" in accounts
    assert "cellular" in accounts
    assert "wifi" in accounts


def test_a_window_in_which_nothing_left_shows_nothing_about_what_leaves(scenario):
    """Every transmission of none is covered by anything."""
    run = parked(scenario).then(claims.every_transmission_covered)
    assert "not seen: nothing left the car" in all_inconclusive(run)


def test_a_control_that_is_not_seen_spoils_every_absence(scenario):
    """The modem is registered and the accounts close; but nobody knows what WiFi would have shown."""
    with coverage_lost(parked(scenario), "wifi") as run:
        lines = all_inconclusive(absences(run))
    assert CONTROL.format("wifi") in lines
    assert CONTROL.format("cellular") not in lines
    assert "sign of life" not in lines


def test_a_unit_without_a_sign_of_life_spoils_every_absence(scenario):
    with coverage_lost(parked(scenario), "cellular") as run:
        lines = all_inconclusive(absences(run))
    assert "not seen: the unit gave no sign of life: its modem is not registered" in lines


def test_a_unit_that_is_off_spoils_every_absence(scenario):
    run = parked(scenario)
    run.trial.car.power_off()  # until its battery is empty as well
    assert "not seen: the unit is off" in all_inconclusive(absences(run))


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (
            lambda uplink: {"counter": uplink.counter + Tally(rx_packets=1, rx_bytes=60)},
            "packets do not add up: cellular",
        ),
        (lambda _: {"dropped_packets": 1}, "1 dropped"),
        (lambda _: {"settled": False}, "the counts did not settle"),
    ],
    ids=["a packet too few", "a drop", "unsettled"],
)
def test_accounts_that_do_not_close_spoil_every_absence(scenario, monkeypatch, change, cause):
    def counts(told):
        first, *others = told.uplinks
        return replace(told, uplinks=(replace(first, **change(first)), *others))

    run = doctored(parked(scenario), monkeypatch, counts=counts)
    assert cause in all_inconclusive(absences(run))


def test_a_capture_that_could_not_be_written_to_its_end_spoils_every_absence(scenario, monkeypatch):
    full = "packets could not be written: No space left on device"
    run = doctored(parked(scenario), monkeypatch, counts=lambda told: replace(told, failure=full))
    assert full in all_inconclusive(absences(run))


def test_without_tls_keys_nothing_is_believed(scenario, monkeypatch):
    """Closed records are no silence, and the controls cannot be read either."""
    run = scenario().given(user_experience_plan="off").when_driven("2 minutes")
    doctored(run, monkeypatch, keylog=b"")
    run.then(claims.none_leaves, ["vin"], "user experience plan").then(claims.every_transmission_covered)
    assert CONTROL.format("cellular") in all_inconclusive(run)


def test_a_capture_that_is_cut_off_spoils_every_absence(scenario, monkeypatch):
    """The file ends in the middle of a packet."""
    run = scenario().given(user_experience_plan="off").when_driven("1 minute")
    capture = run.trial.folder.file("traffic.pcapng")
    take = run.session.take_stock

    def cut():
        stock = take()
        whole = capture.read_bytes()
        capture.rename(capture.with_suffix(".whole"))  # the tap goes on writing there
        capture.write_bytes(whole[:-10])
        return stock

    monkeypatch.setattr(run.session, "take_stock", cut)
    run.then(claims.none_leaves, ["vin"], "user experience plan")
    assert "not seen: the capture is cut off" in all_inconclusive(run)


def test_a_scenario_that_judged_nothing_is_inconclusive(scenario):
    assert str(parked(scenario).verdict) == "nothing was judged"


def test_what_was_not_driven_had_nothing_to_keep_running(scenario):
    with pytest.raises(Inconclusive, match="was not driven"):
        parked(scenario).then(claims.keeps_running, "mandated report", 10, ["vin"])


def test_what_was_never_there_cannot_be_gone(scenario):
    """Neither an absence nor a refusal shows anything about a recording that nobody uploaded."""
    run = parked(scenario)
    with pytest.raises(Inconclusive, match="never served the sentry_video"):
        run.then(claims.no_longer_retrievable, "sentry_video", reading="strict")
    with pytest.raises(Inconclusive, match="is not served the sentry_video either"):
        run.then(claims.stranger_cannot_fetch, "sentry_video")
    with pytest.raises(Inconclusive, match="no upload of pictures or video was seen"):
        run.trial.upload_moment()
    run.then(claims.owner_can_fetch, "sentry_video")
    assert "the owner's app was not served the sentry_video" in all_inconclusive(run)


def test_a_table_with_an_uplink_that_nobody_knows_is_an_input_error(scenario):
    """A misspelt one would be missed, and what left over the right one would be surplus."""
    row = TableRow(item="vin", recipient="Xiaomi", function="safety logs", uplink="celular")
    with pytest.raises(InputError, match="unknown uplink `celular`; did you mean `cellular`"):
        parked(scenario).then(claims.exactly_these, [row])


def test_judgements_of_one_claim_become_one_with_the_gravest_verdict_of_each_reading():
    """Findings and clauses of all are kept, gaps are told once."""
    ok, bad, unsure = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
    first, second, third = (Finding(verdict=verdict, reason=str(verdict)) for verdict in (ok, bad, unsure))
    merged = Judgement.together(
        [
            Judgement(
                claim="c", verdicts={"strict": ok, "lenient": ok}, findings=(first,), clauses=("A",), notes=("g",)
            ),
            Judgement(claim="c", verdicts={"strict": bad, "lenient": unsure}, findings=(second,), clauses=("B", "A")),
            Judgement(claim="c", verdicts={"strict": unsure, "lenient": ok}, findings=(third,), notes=("g", "h")),
        ]
    )
    assert merged.verdicts == {"strict": bad, "lenient": unsure}
    assert merged.findings == (first, second, third)
    assert merged.clauses == ("A", "B")
    assert merged.notes == ("g", "h")
