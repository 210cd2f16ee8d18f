"""Claims about what is kept in a place: what lies there at this moment, whenever it was written."""

from __future__ import annotations

from collections.abc import Sequence

from policies import keeping as judged
from policies.window import Window
from telltale.finding import Judgement
from telltale.transmission import KEPT
from trials.places import RECIPIENTS, USB
from trials.trial import Trial

CAR, STICK = KEPT, USB


def none_is_kept(trial: Trial, items: Sequence[str], place: str) -> Judgement:
    """None of *items* is there now, in any form."""
    window = _now_in(trial, place)
    return judged.none_is_kept(window, trial.policy, items, RECIPIENTS[place], now=trial.now, gaps=trial.observe().gaps)


def is_kept(trial: Trial, items: Sequence[str], place: str) -> Judgement:
    """An expectation: each of *items* is there now."""
    window = _now_in(trial, place)
    return judged.is_kept(window, trial.policy, items, RECIPIENTS[place], gaps=trial.observe().gaps)


def all_kept_covered(trial: Trial) -> Judgement:
    """Whatever of the run's values is kept in the car is covered by a clause."""
    window = _now_in(trial, CAR)
    return judged.all_covered(window, trial.policy, RECIPIENTS[CAR], gaps=trial.observe().gaps)


def _now_in(trial: Trial, place: str) -> Window:
    """What is there now. :raises MissingInstrumentError: this rig cannot look there"""
    if place == CAR:
        trial.instruments.needed_storage()
    else:
        trial.instruments.needed_stick()
    seen = trial.observe()
    everything = Window(transmissions=seen.transmissions, sightings=seen.sightings, timeline=trial.timeline)
    return everything.where(lambda t: t.channel == place)
