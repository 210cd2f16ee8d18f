"""What a scenario asks the maker's cloud from outside the car: for recordings, and for what an owner has a right to.

A request is taken with ``202`` and a JSON object that says where to look after it, ``{"at": URL}``; there the cloud
tells ``{"answer": null}`` as long as it is open, then what it was answered and when (``answered``, ISO 8601).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from policies.erasure import GONE, Check
from policies.responding import Look
from policies.workdays import after_working_days
from rigs.protocols import Fetched
from telltale.errors import RigError
from telltale.times import SECOND
from trials.outcome import Inconclusive
from trials.retrieval import Account, Retrieval, Upload
from trials.session import Session


@dataclass(kw_only=True, slots=True)
class Asked:
    """One request of the owner's."""

    request: str
    at: str
    """Where the cloud tells what has become of it."""
    url: str
    """Where it was made."""
    bench: int
    """When the cloud had taken it, bench ns."""
    looks: list[Look] = field(default_factory=list)


class Asking:
    """One scenario's questions and the answers to them.

    :param act: does something on the bench, after what was due before has happened
    :param wait_until: lets time pass until a bench time, ns
    """

    def __init__(
        self, session: Session, *, act: Callable[[Callable[[], None]], None], wait_until: Callable[[int], None]
    ) -> None:
        self._session = session
        self._act = act
        self._wait_until = wait_until
        self._uploads: dict[str, Upload] = {}
        self._checks: dict[str, list[Check]] = {}
        self._asked: dict[str, Asked] = {}

    @property
    def retrieval(self) -> Retrieval:
        """Asks the maker's cloud, from outside the car."""
        return self._session.retrieval

    # --- recordings ---------------------------------------------------------------------------------------------

    def retrieve(self, item: str) -> Upload | None:
        """The newest recording of *item* as the owner's app is served it now; None if it is served none."""
        upload = self.retrieval.latest(item)
        if upload is not None:
            self._uploads[item] = upload
        return upload

    def try_to_retrieve(self, item: str) -> tuple[Check, ...]:
        """Try every way to a recording that had been there; returns this attempt with all earlier ones.

        :raises Inconclusive: the owner's app was never served it, so that its absence shows nothing
        """
        upload = self._uploads.get(item) or self.retrieve(item)
        if upload is None:
            raise Inconclusive(f"the owner's app was never served the {item}, so its absence shows nothing")
        checks = self._checks.setdefault(item, [])
        checks += self.retrieval.checks(upload, self._session.now())
        return tuple(checks)

    # --- requests -----------------------------------------------------------------------------------------------

    def request(self, name: str) -> None:
        """Make the request *name* as the owner.

        :raises InputError: the vehicle file knows no such request
        :raises RigError: the cloud does not take it
        """
        url = self._session.vehicle.request(name)

        def make() -> None:
            answer = self.retrieval.ask(url, "owner", post=True)
            told = _object(answer)
            if not 200 <= answer.status < 300 or not isinstance(told.get("at"), str):
                raise RigError(f"the request for {name} was not taken: POST {url} answered {answer.status}")
            now = self._session.now()
            self._asked.pop(name, None)
            self._asked[name] = Asked(request=name, at=told["at"], url=url, bench=now)
            self._session.timeline.record(now, "requested", name, "app")

        self._act(make)

    def request_as(self, name: str, account: Account) -> Fetched:
        """What *account* is answered to the request *name*."""
        return self.retrieval.ask(self._session.vehicle.request(name), account, post=True)

    def asked(self, name: str | None = None) -> Asked:
        """The latest request *name*, or the latest of all. :raises Inconclusive: nothing of the kind was requested"""
        if name is None and self._asked:
            return next(reversed(self._asked.values()))
        if name is None or name not in self._asked:
            raise Inconclusive(f"{name or 'nothing'} was not requested in this scenario, so no answer can be late")
        return self._asked[name]

    def look_after(self, name: str) -> Asked:
        """Look what has become of the request *name*; all looks so far are in what is returned."""
        asked = self.asked(name)
        asked.looks.append(look(self.retrieval, asked.at, self._session.now()))
        return asked

    def wait_working_days(self, days: int) -> None:
        """Let time pass until the *days* working days since the latest request are over, and look then.

        Where that depends on a year that is not announced, looks are taken at both ends of what it can be.
        """
        asked = self.asked()
        over = after_working_days(asked.bench, days)
        for moment in dict.fromkeys((over.earliest, over.latest)):
            self._wait_until(moment)
            self.look_after(asked.request)


def look(retrieval: Retrieval, at: str, bench: int) -> Look:
    """What the cloud says at *at* of a request that it took, at bench time *bench*.

    A request that it no longer knows, beside a list of requests that it still tells, is not answered.
    """
    answer = retrieval.ask(at, "owner")
    told = _object(answer)
    if answer.status == 200 and "answer" in told:
        given = told["answer"]
        return Look(bench=bench, answer=None if given is None else str(given), dated=_instant(told.get("answered")))
    if answer.status in GONE and retrieval.ask(at.rpartition("/")[0], "owner").status == 200:
        return Look(bench=bench)
    return Look(bench=bench, doubt=f"status {answer.status} tells neither an answer nor that there is none")


def _object(answer: Fetched) -> dict[str, Any]:
    """The JSON object that was answered; empty for anything else."""
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _instant(told: object) -> int | None:
    """ns of an ISO 8601 text; without a zone it is UTC."""
    if not isinstance(told, str):
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000) * (SECOND // 1000)
