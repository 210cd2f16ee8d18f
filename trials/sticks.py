"""The USB stick in a scenario's hands; the timeline knows whether it is plugged in."""

from __future__ import annotations

from telltale.times import SECOND, format_duration
from trials.outcome import Inconclusive
from trials.trial import Trial

FACT = "usb_stick"
_LOOK = SECOND // 2
"""Bench time between two looks at whether the car is writing."""


def plug(trial: Trial) -> None:
    """Plug it in."""
    stick = trial.instruments.needed_stick()
    _record(trial, "plugged")
    trial.handle(stick.plug)


def unplug(trial: Trial) -> None:
    """Take it out in order."""
    stick = trial.instruments.needed_stick()
    trial.handle(stick.unplug)
    _record(trial, "absent")


def yank(trial: Trial, patience: int) -> None:
    """Take it out while the car is writing to it.

    :raises Inconclusive: the car did not write within *patience* ns
    """
    stick = trial.instruments.needed_stick()
    until = trial.now + patience
    while not stick.writing():
        if trial.now >= until:
            raise Inconclusive(f"the car did not write to the USB stick within {format_duration(patience)}")
        trial.wait(min(_LOOK, until - trial.now))
    trial.wait(_LOOK)
    trial.handle(stick.pull)
    _record(trial, "absent")


def _record(trial: Trial, position: str) -> None:
    trial.timeline.record(trial.now, FACT, position, "bench")
