"""What can still be fetched from the maker's cloud, by whom, and when it is gone."""

from __future__ import annotations

from pytest_bdd import then
from pytest_bdd.parsers import re

from steps.phrases import items
from trials import claims, shown
from trials.trial import Trial


@then(re(r"the owner's app can fetch the (?P<words>.+)"))
def owner_can_fetch(trial: Trial, words: str) -> None:
    """An expectation: without it, "gone" would mean nothing."""
    trial.judge(claims.owner_can_fetch(trial, *items(words)))


@then(re(r"another account's app cannot fetch the (?P<words>.+)"))
def stranger_cannot_fetch(trial: Trial, words: str) -> None:
    """A claim: the same request with another account's valid credentials is refused."""
    trial.judge(claims.stranger_cannot_fetch(trial, *items(words)))


@then(
    re(
        r"another account's app is shown the (?P<item>.+?)(?: with the (?P<others>.+))?,"
        r" and nothing that the policy does not allow"
    )
)
def shown_to_another_account(trial: Trial, item: str, others: str | None) -> None:
    """What it is served counts as given to others; a claim, once the items are there."""
    first, *more = items(f"{item} and {others}" if others else item)
    trial.judge(shown.to_another_account(trial, first, more))


@then(
    re(
        r"(?:under the (?P<reading>\w+) reading )?the (?P<words>.+) can no longer be retrieved,"
        r" through the app or at its direct address"
    )
)
def no_longer_retrievable(trial: Trial, words: str, reading: str | None) -> None:
    """Asked with fresh credentials, next to a control object that is still served."""
    trial.judge(claims.no_longer_retrievable(trial, *items(words), reading=reading))


@then(re(r"(?:under the (?P<reading>\w+) reading )?the (?P<words>.+) can still be retrieved"))
def still_retrievable(trial: Trial, words: str, reading: str | None) -> None:
    """A claim of each clause that has it kept for a time: some way serves it, once that time is over."""
    trial.judge(claims.still_retrievable(trial, *items(words), reading=reading))
