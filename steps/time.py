"""Time that passes."""

from __future__ import annotations

from pytest_bdd import when
from pytest_bdd.parsers import re

from steps.phrases import DURATION, duration
from trials.trial import Trial


@when(re(rf"(?P<time>{DURATION}) (?:have|has) passed"))
def time_passes(trial: Trial, time: str) -> None:
    """From now on."""
    trial.wait(duration(time))


@when(re(rf"(?P<time>{DURATION}) (?:have|has) passed since the upload"))
def time_passes_since_the_upload(trial: Trial, time: str) -> None:
    """From the moment at which the last byte of the upload had left the car, and surely so by the clocks."""
    trial.wait_until(trial.upload_moment() + duration(time) + trial.upload_within)
