"""Switches, and the difference that they make."""

from __future__ import annotations

from pytest_bdd import given, then, when
from pytest_bdd.parsers import re

from steps.phrases import DURATION, duration, items
from trials import claims
from trials.trial import Trial

_SWITCHED = re(r"the (?P<name>.+) is switched (?P<position>on|off)")


@given(_SWITCHED)
@when(_SWITCHED)
def switched(trial: Trial, name: str, position: str) -> None:
    """As the user would; read back from the car before it counts."""
    trial.switch(name, position)


@when(re(rf"it is driven for (?P<time>{DURATION}) with the (?P<name>.+) on, off and on again"))
def driven_on_off_on(trial: Trial, time: str, name: str) -> None:
    """Three drives alike but for the switch."""
    for position in ("on", "off", "on"):
        trial.switch(name, position)
        trial.road.drive(duration(time))


@then(re(r"the (?P<name>.+) alone decides whether (?P<words>.+) leave for it"))
def switch_decides(trial: Trial, name: str, words: str) -> None:
    """Judged by difference, so that a relabelled host cannot buy a pass."""
    trial.judge(claims.difference(trial, name, items(words)))
