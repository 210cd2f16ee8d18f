"""Coverage of the car's uplinks: lost, back, slow, coming and going."""

from __future__ import annotations

from pytest_bdd import when
from pytest_bdd.parsers import re

from steps.phrases import DURATION, duration
from trials.trial import Trial
from trials.ways import come_and_go

_WHICH = r"(?:(?P<coverage>coverage)|the (?P<uplink>wifi|phone|private|link)(?: APN| uplink)?)"
_FACTOR = {"kbit/s": 1000, "Mbit/s": 1_000_000}


@when(re(rf"{_WHICH} is lost"))
def is_lost(trial: Trial, coverage: str | None, uplink: str | None) -> None:
    """Coverage is that of the modem, over every APN."""
    trial.change_coverage(lambda ways: ways.lose(coverage or uplink or ""))


@when(re(rf"{_WHICH} is back"))
def is_back(trial: Trial, coverage: str | None, uplink: str | None) -> None:
    """At full rate."""
    trial.change_coverage(lambda ways: ways.regain(coverage or uplink or ""))


@when(re(rf"{_WHICH} is slow at (?P<rate>\d+) (?P<unit>kbit/s|Mbit/s)"))
def is_slow(trial: Trial, coverage: str | None, uplink: str | None, rate: str, unit: str) -> None:
    """Each way."""
    trial.change_coverage(lambda ways: ways.slow(coverage or uplink or "", int(rate) * _FACTOR[unit]))


@when(re(rf"{_WHICH} comes and goes every (?P<period>{DURATION}) for (?P<time>{DURATION})"))
def comes_and_goes(trial: Trial, coverage: str | None, uplink: str | None, period: str, time: str) -> None:
    """It goes first, each time for the period, and is there in the end."""
    come_and_go(trial, coverage or uplink or "", duration(period), duration(time))
