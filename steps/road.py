"""Drives, routes, and what the car's receiver sees of the sky."""

from __future__ import annotations

from re import findall

from pytest_bdd import given, when
from pytest_bdd.parsers import re

from steps.phrases import DURATION, duration
from trials.road import Loss
from trials.trial import Trial

_LOST = rf"(?P<lost>, the satellites lost for {DURATION} after {DURATION})?"
_BETWEEN = rf"driven from (?P<start>.+) to (?P<goal>.+?) in (?P<time>{DURATION})"
_ALONG = rf'driven for (?P<time>{DURATION}) along the route "(?P<route>[^"]+)"'


def _loss(words: str | None) -> Loss | None:
    if words is None:
        return None
    lost, after = map(duration, findall(DURATION, words))
    return Loss(after=after, duration=lost)


@given(re(rf"it has been driven for (?P<time>{DURATION})"))
@when(re(rf"it is driven for (?P<time>{DURATION})"))
def it_is_driven(trial: Trial, time: str) -> None:
    """Driven and parked again, so that what is sent at the end of a drive belongs to it."""
    trial.road.drive(duration(time))


@given(re(f"it has been {_BETWEEN}{_LOST}"))
@when(re(f"it is {_BETWEEN}{_LOST}"))
def driven_between(trial: Trial, start: str, goal: str, time: str, lost: str | None) -> None:
    """From one place of the vehicle file to another; each fix on the way is an identity of the run."""
    trial.road.drive_between(start, goal, duration(time), _loss(lost))


@given(re(f"it has been {_ALONG}{_LOST}"))
@when(re(f"it is {_ALONG}{_LOST}"))
def driven_along(trial: Trial, time: str, route: str, lost: str | None) -> None:
    """Along a route of the vehicle file."""
    trial.road.drive_along(route, duration(time), _loss(lost))


@when(re("the satellites are lost"))
def satellites_are_lost(trial: Trial) -> None:
    """No fix from now on; the car knows its last one."""
    trial.road.lose_satellites()


@when(re("the satellites are back"))
def satellites_are_back(trial: Trial) -> None:
    """A fix of where the car is by now."""
    trial.road.find_satellites()


@when(re(rf"the satellites are lost for (?P<time>{DURATION})"))
def satellites_are_lost_for(trial: Trial, time: str) -> None:
    """Lost, and back."""
    trial.road.lose_satellites()
    trial.wait(duration(time))
    trial.road.find_satellites()
