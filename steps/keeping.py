"""What is kept, on the USB stick and in the car, the stick itself, and what the screen says."""

from __future__ import annotations

from pytest_bdd import given, then, when
from pytest_bdd.parsers import parse, re

from steps.phrases import DURATION, duration, items
from trials import keeping, screens, sticks
from trials.trial import Trial

_PLACE = r"(?P<place>in the car|on the USB stick)"
_PLACES = {"in the car": keeping.CAR, "on the USB stick": keeping.STICK}


@given(parse("the USB stick is plugged in"))
@when(parse("the USB stick is plugged in"))
def plugged_in(trial: Trial) -> None:
    """A blank one, the first time."""
    sticks.plug(trial)


@when(parse("the USB stick is pulled out"))
def pulled_out(trial: Trial) -> None:
    """The car is asked first, as its screen would have it."""
    sticks.unplug(trial)


@when(re(rf"within (?P<time>{DURATION}) the USB stick is yanked while it is being written"))
def yanked(trial: Trial, time: str) -> None:
    """In the midst of a recording; one that does not begin in time makes the scenario inconclusive."""
    sticks.yank(trial, duration(time))


@then(re(rf"(?P<words>no .+?) is stored {_PLACE}"))
def none_is_stored(trial: Trial, words: str, place: str) -> None:
    """None lies there now, whenever it was written."""
    trial.judge(keeping.none_is_kept(trial, items(words), _PLACES[place]))


@then(re(rf"the (?P<words>.+) is stored {_PLACE}"))
def is_stored(trial: Trial, words: str, place: str) -> None:
    """An expectation: it lies there now."""
    trial.judge(keeping.is_kept(trial, items(words), _PLACES[place]))


@then(parse("everything stored in the car is covered by the policy"))
def all_stored_is_covered(trial: Trial) -> None:
    """Each item that a file of the car's holds may be kept there."""
    trial.judge(keeping.all_kept_covered(trial))


@then(re(r"the screen says (?P<text>.+)"))
def screen_says(trial: Trial, text: str) -> None:
    """An expectation: the centre screen shows these words now."""
    trial.judge(screens.says(trial.instruments, text.strip("\"'"), trial.now))


@then(re(r"the driver is shown (?P<text>.+) for the (?P<function>.+)"))
def driver_is_shown(trial: Trial, text: str, function: str) -> None:
    """A claim: what was fetched for the function is on the centre screen now, with these words."""
    trial.judge(screens.shows(trial, text.strip("\"'"), function))
