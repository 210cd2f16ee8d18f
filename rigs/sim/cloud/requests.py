"""What owners ask of the maker, and are answered later: a copy of their data, its deletion, a withdrawal."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from rigs.sim.agenda import Agenda
from rigs.sim.clock import SharedClock
from rigs.sim.cloud.http import Response
from rigs.sim.cloud.stores import Store, answer, refusal
from telltale.times import utc


@dataclass(slots=True)
class _Asked:
    """One request."""

    name: str
    asked_as: str
    received: int
    answer: str | None = None
    answered: int | None = None


class Desk:
    """Where one app's owner asks: ``POST A/requests/AS`` asks, ``GET A/requests/ID`` tells what has become of it.

    :param at: the app's address
    :param rows: last segment of the request's address to its row of the cloud file
    :param stores: the cloud's, by name
    """

    def __init__(
        self,
        at: str,
        rows: Mapping[str, Mapping[str, Any]],
        *,
        clock: SharedClock,
        agenda: Agenda,
        stores: Mapping[str, Store],
    ) -> None:
        self._at = f"{at.rstrip('/')}/requests"
        self._rows = rows
        self._clock = clock
        self._agenda = agenda
        self._stores = stores
        self._asked: dict[str, _Asked] = {}

    def serve(self, method: str, which: str) -> Response:
        """Take the request *which*, or tell of one, or of all if *which* is empty."""
        if method == "POST":
            return self._take(which)
        if not which:
            return answer(200, {"requests": [self._entry(asked) for asked in self._asked.values()]})
        if which not in self._asked:
            return refusal(404, "no such request was taken")
        return answer(200, self._entry(self._asked[which]))

    def _take(self, asked_as: str) -> Response:
        row = self._rows.get(asked_as)
        if row is None:
            return refusal(404, "nothing of the kind can be asked for here")
        now = self._clock.now()
        asked = _Asked(secrets.token_hex(8), asked_as, now)
        self._asked[asked.name] = asked
        if row["answered after"] is not None:
            self._agenda.at(now + row["answered after"], partial(self._settle, asked, row))
        return answer(202, self._entry(asked))

    def _settle(self, asked: _Asked, row: Mapping[str, Any]) -> None:
        asked.answer, asked.answered = row["answer"], self._clock.now()
        for store in row["empties"]:
            self._stores[store].empty()

    def _entry(self, asked: _Asked) -> dict[str, Any]:
        return {
            "id": asked.name,
            "at": f"{self._at}/{asked.name}",
            "asked for": asked.asked_as,
            "received": utc(asked.received),
            "answer": asked.answer,
            "answered": None if asked.answered is None else utc(asked.answered),
        }
