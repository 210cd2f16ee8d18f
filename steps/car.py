"""The car and what is done to it."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, when
from pytest_bdd.parsers import StepParser, re

from rigs.vehicle import known_stimuli
from trials.trial import Trial


class StimulusParser(StepParser):
    """Matches what the vehicle files call a stimulus: ``the alarm is triggered``, ``a person strikes the car``.

    The words come from data, so a vehicle file outside this repository brings its own without any Python.
    """

    @property
    def sentences(self) -> frozenset[str]:
        """All of them."""
        return known_stimuli()

    def is_matching(self, name: str) -> bool:
        """Whether some vehicle file that has been read knows this stimulus."""
        return name in known_stimuli()

    def parse_arguments(self, name: str) -> dict[str, Any] | None:
        """The stimulus itself."""
        return {"stimulus": name}


@given(
    re(
        r"an? (?:(?P<manner>locked|unlocked|parked) )?(?P<car>.+?)"
        r"(?: with the (?P<switch>.+) (?P<position>on|off))?"
    )
)
def a_car(trial: Trial, car: str, manner: str | None, switch: str | None, position: str | None) -> None:
    """The car is powered up, fresh from the factory, and prepared as the sentence says."""
    trial.power_up(car)
    if switch and position:
        trial.switch(switch, position)
    if manner:
        trial.prepare(manner)


@given(StimulusParser("a stimulus of the vehicle file"))
@when(StimulusParser("a stimulus of the vehicle file"))
def something_happens(trial: Trial, stimulus: str) -> None:
    """Whatever the vehicle file says of it."""
    trial.stimulate(stimulus)
