"""The sources of time of a trial."""

import pytest

from rigs.clocks import CAN_LOG, CLOUD, MODEM, UNIT
from telltale.clocks import ClockOffset
from telltale.times import SECOND
from telltale.verdict import Verdict
from trials import claims
from trials.clocks import PACKETS, Clocks, in_words
from trials.observation import Control

MS = SECOND // 1000


def controls(*spans):
    """A round of controls that were sent and answered at these wall times, ms."""
    return [
        Control(uplink="cellular", nonce=f"{began} {number}", began=began * MS, answered=answered * MS)
        for number, (began, answered) in enumerate(spans)
    ]


def rounds(*, ahead=(0, 0, 0)):
    """Rounds a minute apart, one control each, answered within 10 ms, and when the capture saw each."""
    sent = [(n * 60 * SECOND, controls((n * 60_000, n * 60_000 + 10))) for n in range(len(ahead))]
    return sent, {c: c.began + (5 + off) * MS for (_, (c,)), off in zip(sent, ahead, strict=True)}


def test_the_packets_share_the_bench_clock_as_far_as_controls_tell():
    """Half the round trip is the uncertainty; nothing depends on it."""
    clocks = Clocks()
    clocks.note_controls(*rounds())
    (row,) = clocks.rows
    assert (row.source, row.offset, row.uncertainty, row.moved) == (PACKETS, 0, 5 * MS, 0)
    assert (clocks.packets, clocks.sending, [*clocks.doubts()]) == (None, 5 * MS, [])


def test_several_controls_of_one_moment_tell_more_than_one():
    """What all of them leave open is open."""
    clocks = Clocks()
    (fast,), (slow,) = controls((100, 104)), controls((100, 900))
    clocks.note_controls([(0, [fast, slow])], {fast: 102 * MS, slow: 103 * MS})
    assert [row.uncertainty for row in clocks.rows] == [2 * MS]


@pytest.mark.parametrize("ahead", [(3_000, 3_000, 3_000), (0, 0, 3_000)], ids=["off", "stepped"])
def test_a_capture_by_another_clock_is_a_gap(ahead):
    """When something left is not known then, and facts that changed around it are not either."""
    clocks = Clocks()
    clocks.note_controls(*rounds(ahead=ahead))
    (doubt,) = clocks.doubts()
    assert doubt.startswith("the clock of the packets (")
    assert doubt.endswith("is not the bench's, so when something left is not known")
    assert clocks.packets is not None
    assert ("stepped or drifted by" in doubt) is (ahead[0] == 0)


def test_controls_that_were_not_answered_or_seen_tell_nothing():
    clocks = Clocks()
    (answered,) = controls((0, 10))
    clocks.note_controls([(0, [Control(uplink="wifi", nonce="x"), answered])], {})
    assert clocks.rows == ()


def test_a_source_that_fell_silent_keeps_what_was_known_of_it():
    """One that never spoke is told as well."""
    clocks = Clocks()
    clocks.note([ClockOffset.unmeasured(CAN_LOG)])
    assert in_words(clocks.rows) == "the CAN log: not measured, nothing came back"
    clocks.note([ClockOffset(source=CAN_LOG, offset=0, uncertainty=MS, measured=SECOND)])
    clocks.note([ClockOffset.unmeasured(CAN_LOG)])
    said = "the CAN log: 0 ms ahead of the bench's ± 1 ms, measured at 1970-01-01T00:00:01.000Z"
    assert in_words(clocks.rows) == said


# --- on the simulated rig -----------------------------------------------------------------------------------------


def test_every_source_of_a_run_is_measured_and_reported(scenario):
    """In words, a line each."""
    done = scenario().given(user_experience_plan="off").when_driven("1 min").then(claims.every_transmission_covered)
    rows = {row.source: row for row in done.trial.clocks.rows}
    assert set(rows) == {UNIT, MODEM, CLOUD, CAN_LOG, PACKETS}
    for row in rows.values():
        assert row.known
        assert row.low <= 0 <= row.high
        assert row.moved == 0
    assert rows[PACKETS].since < rows[PACKETS].measured
    said = {exhibit.name: exhibit.text for exhibit in done.trial.evidence()}["clocks"]
    assert [line.partition(": ")[0] for line in said.splitlines()] == [*rows]


def test_a_wrong_clock_is_judged_by_bench_time_and_one_known_badly_not_at_all(scenario, monkeypatch):
    """Records made out of the plan, sent back in it, stamped ten minutes early: by their own word they are lawful.

    The same traffic by a clock that is known to ten minutes may all have been made in the plan.
    """
    begun = scenario("ux-clock-behind-hides-recorder").given(user_experience_plan="on")
    begun.trial.road.drive(600 * SECOND)
    begun.when()
    begun.trial.switch("user experience plan", "off")
    begun.trial.road.drive(600 * SECOND)
    begun.trial.switch("user experience plan", "on")
    begun.trial.road.drive(600 * SECOND)

    judged = claims.every_transmission_covered(begun.trial)
    assert judged.verdict is Verdict.VIOLATES
    broken = [finding.reason for finding in judged.findings if finding.verdict is Verdict.VIOLATES]
    assert all("by the unit's clock), sent" in reason for reason in broken)

    badly = ClockOffset(source=UNIT, offset=-600 * SECOND, uncertainty=600 * SECOND, measured=0)
    monkeypatch.setattr(type(begun.trial.clocks), "unit", badly)
    judged = claims.every_transmission_covered(begun.trial)
    assert judged.verdict is Verdict.INCONCLUSIVE
    doubts = [finding.reason for finding in judged.findings if finding.verdict is Verdict.INCONCLUSIVE]
    assert any("known to 10 min" in reason and "experience_plan changed at" in reason for reason in doubts)
