"""Claims about what an owner has a right to."""

from __future__ import annotations

from policies.responding import responded
from telltale.errors import RigError
from telltale.finding import Finding, Judgement
from telltale.verdict import Verdict
from trials import obligations
from trials.outcome import Inconclusive
from trials.trial import Trial

REFUSED = (401, 403, 404)
"""HTTP statuses by which a cloud refuses what is not the asker's own (RFC 9110, 15.5)."""


def request(trial: Trial, name: str) -> None:
    """Make the request *name* as the owner; what the clauses promise for it stands in the ledger from then on."""
    trial.cloud.request(name)
    obligations.of_request(trial, trial.cloud.asked(name))


def answered_in_time(trial: Trial, request: str, *, reading: str | None) -> Judgement:
    """Looked after now; earlier looks count as well."""
    asked = trial.cloud.look_after(request)
    judgement = responded(request, asked.looks, trial.policy, since=asked.bench, reading=reading)
    return obligations.settle(trial, request, judgement)


def stranger_cannot_request(trial: Trial, request: str) -> Judgement:
    """Another account is refused what the owner could request just now.

    :raises Inconclusive: the owner's own request was not taken either, so a refusal shows nothing
    """
    try:
        trial.cloud.request(request)
    except RigError as error:
        raise Inconclusive(f"{error}; so another account's refusal shows nothing") from None
    answer = trial.cloud.request_as(request, "other")
    if 200 <= answer.status < 300:
        verdict, reason = Verdict.VIOLATES, f"another account's request for {request} was taken ({answer.status})"
    elif answer.status in REFUSED:
        verdict, reason = Verdict.COMPLIES, f"another account's request for {request} was answered {answer.status}"
    else:
        verdict, reason = Verdict.INCONCLUSIVE, f"status {answer.status} neither takes the request nor refuses it"
    finding = Finding(verdict=verdict, reason=reason, clauses=trial.clauses, request=request, bench=trial.now)
    return Judgement.of(f"another account cannot request {request}", [finding])
