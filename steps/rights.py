"""What an owner has a right to: it is requested, and answered in time."""

from __future__ import annotations

from pytest_bdd import then, when
from pytest_bdd.parsers import parse, re

from trials import rights
from trials.trial import Trial


@when(parse("the owner requests {request}"))
def owner_requests(trial: Trial, request: str) -> None:
    """In the words of the vehicle file, through the owner's app."""
    rights.request(trial, request)


@when(re(r"(?P<days>\d+) working days? (?:have|has) passed since the request"))
def working_days_pass(trial: Trial, days: str) -> None:
    """By the calendar of China's mainland; the day of the request does not count."""
    trial.cloud.wait_working_days(int(days))


@then(re(r"(?:under the (?P<reading>\w+) reading )?the request for (?P<request>.+) is answered in time"))
def is_answered(trial: Trial, request: str, reading: str | None) -> None:
    """A claim of each clause that gives a time for the answer."""
    trial.judge(rights.answered_in_time(trial, request, reading=reading))


@then(re(r"another account cannot request (?P<request>.+)"))
def stranger_cannot_request(trial: Trial, request: str) -> None:
    """A claim: with another account's valid credentials the same request is refused."""
    trial.judge(rights.stranger_cannot_request(trial, request))
