"""What leaves the car, and for what."""

from __future__ import annotations

from pytest_bdd import then
from pytest_bdd.parsers import parse, re

from steps.phrases import DURATION, duration, items, rows
from telltale.places import LEVELS
from trials import claims, pictures
from trials.trial import Trial


@then(
    re(
        rf"(?:within (?P<time>{DURATION}) )?(?P<words>no .+?) leaves the (?P<unit>car|phone)"
        r"(?: for the (?P<function>.+))?",
    )
)
def none_leaves(trial: Trial, words: str, unit: str, function: str | None, time: str | None) -> None:
    """None of the items, in any form or encoding, for the function or for one that nobody declared."""
    trial.reach(duration(time) if time else None)
    trial.judge(claims.none_leaves(trial, items(words), function, unit))


@then(re(r"nothing leaves the (?P<unit>car|phone)(?: for the (?P<function>.+))?"))
def nothing_leaves(trial: Trial, unit: str, function: str | None) -> None:
    """Not a single transmission, but for the bench's own and declared background."""
    trial.judge(claims.nothing_leaves(trial, function, unit))


@then(re(rf"(?:within (?P<time>{DURATION}) )?exactly these leave the car for it"))
def exactly_these(trial: Trial, datatable: list[list[str]], time: str | None) -> None:
    """These items and no other for the functions of the table; a missing one is a missed expectation."""
    trial.reach(duration(time) if time else None)
    trial.judge(claims.exactly_these(trial, rows(datatable)))


@then(parse("every transmission is covered by the policy"))
def every_transmission_is_covered(trial: Trial) -> None:
    """Since the scenario began, whatever the function."""
    trial.judge(claims.every_transmission_covered(trial))


@then(re(rf"the (?P<function>.+) keeps running every (?P<interval>{DURATION}) with its (?P<words>.+)"))
def keeps_running(trial: Trial, function: str, interval: str, words: str) -> None:
    """At its interval for as long as the car was driven, complete, to whom it is owed."""
    trial.judge(claims.keeps_running(trial, function, duration(interval), items(words)))


@then(re(rf"the (?P<function>.+) of this drive is complete every (?P<interval>{DURATION}) with its (?P<words>.+)"))
def is_complete(trial: Trial, function: str, interval: str, words: str) -> None:
    """By the moments of generation, so that what waited in the car and was sent later fills its gap."""
    trial.judge(claims.is_complete(trial, function, duration(interval), items(words)))


@then(re(r"the (?P<function>.+) goes on as before with its (?P<words>.+)"))
def goes_on(trial: Trial, function: str, words: str) -> None:
    """Whatever else has been refused meanwhile."""
    trial.judge(claims.goes_on(trial, function, items(words)))


@then(re(r"the (?P<words>.+) leaves the car for (?P<organisation>.+) only"))
def leaves_for_one_only(trial: Trial, words: str, organisation: str) -> None:
    """It does leave, and nobody else gets it."""
    trial.judge(claims.leaves_for_only(trial, items(words), organisation))


@then(
    re(
        r"the (?P<words>.+) that leaves for the (?P<function>.+) is no finer than "
        r"(?:(?P<kilometres>\d+(?:\.\d+)?) km|a (?P<level>district|city|province))"
    )
)
def no_finer_than(trial: Trial, words: str, function: str, kilometres: str | None, level: str | None) -> None:
    """The precision that left, measured."""
    metres = LEVELS[level] if level else float(kilometres or 0) * 1000
    trial.judge(claims.no_finer_than(trial, items(words), function, metres))


@then(re(r"no face can be made out in the (?P<words>.+) that leaves for the (?P<function>.+)"))
def no_face_leaves(trial: Trial, words: str, function: str) -> None:
    """Whatever else the function sends of it, a preview say, is looked at as well."""
    trial.judge(pictures.no_face_leaves(trial, items(words), function))
