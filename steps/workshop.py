"""What a workshop does, over the unit's diagnosis."""

from __future__ import annotations

from pytest_bdd import when
from pytest_bdd.parsers import parse

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
