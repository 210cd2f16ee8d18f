"""What a workshop does, over the unit's diagnosis."""

from __future__ import annotations

from pytest_bdd import then, when
from pytest_bdd.parsers import parse, re

from steps.phrases import DURATION, duration
from trials import following
from trials.trial import Trial


@when(parse("the workshop writes another VIN"))
def another_vin(trial: Trial) -> None:
    """Read back; the old one stays an identity of the run, so that it is found where it should be forgotten."""
    trial.write_another_vin()


@when(parse("the workshop clears the fault memory"))
def faults_cleared(trial: Trial) -> None:
    """And finds it empty."""
    trial.clear_faults()


@when(parse("the workshop resets the unit"))
def unit_reset(trial: Trial) -> None:
    """Done when it answers again."""
    trial.reset()


@when(re(rf"it is driven for (?P<time>{DURATION}) twice with its own VIN and twice with another"))
def driven_with_two_vins(trial: Trial, time: str) -> None:
    """The workshop writes the other one, and the first again; each drive begins with a restart."""
    following.drive_with_two_vins(trial, duration(time))


@then(re(r"no field follows the VIN(?: for the (?P<function>.+))?"))
def no_field_follows_the_vin(trial: Trial, function: str | None) -> None:
    """Whatever form the VIN has taken: nothing is the same with one VIN and another with the other."""
    trial.judge(following.none_follows(trial, function))
