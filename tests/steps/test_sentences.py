"""Which definition a sentence means, and what it takes from it."""

from pathlib import Path

import pytest
from pytest_bdd.steps import step_function_context_registry

import rigs
from rigs.vehicle import Vehicle

GONE = "can no longer be retrieved, through the app or at its direct address"
RIGS = Path(rigs.__file__).parent


@pytest.fixture(scope="module", autouse=True)
def _stimuli():
    """Vehicle files bring their own words."""
    for file in (RIGS / "vehicles").glob("*.yaml"):
        Vehicle.load(file)


def meaning(kind, sentence):
    """Function and arguments of the one definition that matches."""
    found = [
        (context.step_func.__name__, context.parser.parse_arguments(sentence) or {})
        for context in list(step_function_context_registry.values())
        if context.type in (None, kind) and context.parser.is_matching(sentence)
    ]
    assert len(found) == 1, f"{sentence!r} means {found}"
    return found[0][0], {name: value for name, value in found[0][1].items() if value is not None}


@pytest.mark.parametrize(
    ("sentence", "arguments"),
    [
        ("a MINI", {"car": "MINI"}),
        ("an MG4", {"car": "MG4"}),
        ("a Xiaomi car", {"car": "Xiaomi car"}),
        ("a locked MINI", {"manner": "locked", "car": "MINI"}),
        ("an unlocked Xiaomi car", {"manner": "unlocked", "car": "Xiaomi car"}),
        ("a parked MINI Cooper", {"manner": "parked", "car": "MINI Cooper"}),
        (
            "a Xiaomi car with the user experience plan off",
            {"car": "Xiaomi car", "switch": "user experience plan", "position": "off"},
        ),
        (
            "a locked MINI with the remote anti-theft alarm on",
            {"manner": "locked", "car": "MINI", "switch": "remote anti-theft alarm", "position": "on"},
        ),
        (
            "an unlocked Xiaomi car with the sentry mode on",
            {"manner": "unlocked", "car": "Xiaomi car", "switch": "sentry mode", "position": "on"},
        ),
    ],
)
def test_a_given_names_the_car_its_manner_and_a_switch(sentence, arguments):
    assert meaning("given", sentence) == ("a_car", arguments)


@pytest.mark.parametrize(
    ("kind", "sentence", "name", "arguments"),
    [
        ("given", "it has been driven for 10 minutes", "it_is_driven", {"time": "10 minutes"}),
        ("when", "it is driven for 1.5 hours", "it_is_driven", {"time": "1.5 hours"}),
        (
            "when",
            "it is driven for 10 minutes with the user experience plan on, off and on again",
            "driven_on_off_on",
            {"time": "10 minutes", "name": "user experience plan"},
        ),
        ("when", "it is powered off and on again", "powered_off_and_on", {}),
        ("when", "it falls asleep", "falls_asleep", {}),
        ("when", "it sleeps for 8 hours", "sleeps", {"time": "8 hours"}),
        ("when", "it is woken by an SMS", "is_woken", {"source": "by an SMS"}),
        ("when", "it is woken over CAN", "is_woken", {"source": "over CAN"}),
        ("when", "its supply is cut", "supply_is_cut", {}),
        ("when", "it is rebooted within 2 minutes", "is_rebooted", {"time": "2 minutes"}),
        (
            "when",
            "its software is updated to 1.3.0 within 10 minutes",
            "is_updated",
            {"version": "1.3.0", "time": "10 minutes"},
        ),
        ("then", "every switch stands as it left the factory", "switches_stand", {}),
        ("when", "a person strikes the car", "something_happens", {"stimulus": "a person strikes the car"}),
        ("when", "30 minutes have passed", "time_passes", {"time": "30 minutes"}),
        ("when", "1 minute has passed", "time_passes", {"time": "1 minute"}),
        ("when", "60 seconds have passed since the upload", "time_passes_since_the_upload", {"time": "60 seconds"}),
        (
            "when",
            "the user experience plan is switched off",
            "switched",
            {"name": "user experience plan", "position": "off"},
        ),
        (
            "given",
            "the microphone permission is switched on",
            "switched",
            {"name": "microphone permission", "position": "on"},
        ),
        ("when", "the owner requests a copy of the data", "owner_requests", {"request": "a copy of the data"}),
        ("when", "15 working days have passed since the request", "working_days_pass", {"days": "15"}),
        ("when", "1 working day has passed since the request", "working_days_pass", {"days": "1"}),
        (
            "then",
            "the request for a copy of the data is answered in time",
            "is_answered",
            {"request": "a copy of the data"},
        ),
        (
            "then",
            "under the strict reading the request for deletion is answered in time",
            "is_answered",
            {"request": "deletion", "reading": "strict"},
        ),
        ("then", "the cabin video can still be retrieved", "still_retrievable", {"words": "cabin video"}),
        ("then", "another account cannot request deletion", "stranger_cannot_request", {"request": "deletion"}),
        ("then", "no VIN leaves the car", "none_leaves", {"words": "no VIN", "unit": "car"}),
        ("then", "no VIN leaves the phone", "none_leaves", {"words": "no VIN", "unit": "phone"}),
        (
            "then",
            "within 10 seconds no VIN and no account id leaves the car for the weather",
            "none_leaves",
            {"time": "10 seconds", "words": "no VIN and no account id", "unit": "car", "function": "weather"},
        ),
        ("then", "nothing leaves the car", "nothing_leaves", {"unit": "car"}),
        (
            "then",
            "nothing leaves the car for the sentry mode",
            "nothing_leaves",
            {"unit": "car", "function": "sentry mode"},
        ),
        ("then", "exactly these leave the car for it", "exactly_these", {}),
        ("then", "within 30 seconds exactly these leave the car for it", "exactly_these", {"time": "30 seconds"}),
        ("then", "every transmission is covered by the policy", "every_transmission_is_covered", {}),
        (
            "then",
            "the mandated report keeps running every 10 seconds with its VIN and position",
            "keeps_running",
            {"function": "mandated report", "interval": "10 seconds", "words": "VIN and position"},
        ),
        (
            "then",
            "the cabin video leaves the car for BMW only",
            "leaves_for_one_only",
            {"words": "cabin video", "organisation": "BMW"},
        ),
        (
            "then",
            "the position that leaves for the weather is no finer than 10 km",
            "no_finer_than",
            {"words": "position", "function": "weather", "kilometres": "10"},
        ),
        ("then", "the owner's app can fetch the cabin video", "owner_can_fetch", {"words": "cabin video"}),
        (
            "then",
            "another account's app cannot fetch the cabin video",
            "stranger_cannot_fetch",
            {"words": "cabin video"},
        ),
        (
            "then",
            "another account's app is shown the lap record with the VIN, and nothing that the policy does not allow",
            "shown_to_another_account",
            {"item": "lap record", "others": "VIN"},
        ),
        (
            "then",
            "another account's app is shown the lap record, and nothing that the policy does not allow",
            "shown_to_another_account",
            {"item": "lap record"},
        ),
        (
            "then",
            f"under the strict reading the sentry video {GONE}",
            "no_longer_retrievable",
            {"reading": "strict", "words": "sentry video"},
        ),
        (
            "then",
            "the user experience plan alone decides whether VIN and account id leave for it",
            "switch_decides",
            {"name": "user experience plan", "words": "VIN and account id"},
        ),
    ],
)
def test_a_sentence_means_one_step(kind, sentence, name, arguments):
    assert meaning(kind, sentence) == (name, arguments)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("when", "a person tickles the car"),
        ("when", "it is driven for a while"),
        ("when", "30 minutes passed"),
        ("then", "some VIN leaves the car"),
        ("then", "no VIN leaves the house"),
        ("then", "the position that leaves for the weather is no finer than ten km"),
        ("given", "the MINI"),
    ],
)
def test_a_sentence_that_nobody_defined_means_nothing(kind, sentence):
    """It is told when it is collected, instead of being taken for something else."""
    with pytest.raises(AssertionError, match="means \\[\\]"):
        meaning(kind, sentence)
