"""Places that are no network: what a yanked stick, dead storage and a hidden Bluetooth log come to."""

import pytest

from telltale.errors import ExitStatus
from telltale.times import parse_duration
from trials import claims, keeping, sticks
from trials.outcome import Inconclusive

pytestmark = pytest.mark.xdist_group("bench")


def watching(scenario):
    run = scenario().given(sentry_mode="on")
    run.trial.prepare("locked")
    sticks.plug(run.trial)
    return run


def test_a_stick_yanked_in_mid_write_is_inconclusive_and_what_it_holds_is_named(scenario):
    run = watching(scenario).when("a person walks up to the car")
    sticks.yank(run.trial, parse_duration("30 seconds"))
    run.then(claims.every_transmission_covered).then(keeping.is_kept, ["sentry_video"], keeping.STICK)
    verdict = run.verdict
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE, str(verdict)
    assert "usb transmission 1000000 to USB stick was cut off before its end" in str(verdict)
    assert "the USB stick is gone" in str(verdict)
    [torn] = [t for t in run.trial.observe().transmissions if t.channel == "usb"]
    assert "it was being written when the stick was taken out" in torn.summary
    assert [s.item for s in run.trial.observe().sightings_in(torn)] == ["sentry_video"]
    run.trial.close()
    assert run.trial.folder.file("stick.img").stat().st_size


def test_a_torn_recording_that_nobody_may_make_violates_all_the_same(scenario):
    run = scenario("sentry-records-with-switch-off").given(sentry_mode="off")
    sticks.plug(run.trial)
    run.when("a person walks up to the car")
    sticks.yank(run.trial, parse_duration("30 seconds"))
    verdict = run.then(keeping.none_is_kept, ["sentry_video"], keeping.STICK).verdict
    assert verdict.exit_status is ExitStatus.VIOLATES


def test_a_stick_that_is_never_written_to_cannot_be_yanked_in_mid_write(scenario):
    run = watching(scenario).when()
    before = run.trial.now
    with pytest.raises(Inconclusive, match="did not write to the USB stick within 5 s"):
        sticks.yank(run.trial, parse_duration("5 seconds"))
    assert run.trial.now - before <= parse_duration("6 seconds")


def test_places_that_cannot_be_read_spoil_every_absence(scenario):
    run = watching(scenario).when("a person walks up to the car")
    run.session._unit.power_off()
    run.session._on = True  # the supply did not switch: the unit just does not answer
    verdict = run.then(keeping.none_is_kept, ["sentry_video"], keeping.CAR).verdict
    assert verdict.exit_status is ExitStatus.INCONCLUSIVE
    assert "not seen: the car's storage could not be read" in str(verdict)
    assert "not seen: the unit's Bluetooth log could not be read" in str(verdict)


def test_what_is_kept_in_the_car_has_not_left_it(scenario):
    run = scenario("sentry-copy-in-car").given(sentry_mode="on")
    run.trial.prepare("locked")
    run.when("a person walks up to the car")
    run.trial.wait(parse_duration("20 seconds"))
    run.then(claims.none_leaves, ["sentry_video"], None)
    assert run.verdict is None
    verdict = run.then(keeping.none_is_kept, ["sentry_video"], keeping.CAR).verdict
    assert "XM-02-08" in str(verdict)
    assert verdict.exit_status is ExitStatus.VIOLATES
