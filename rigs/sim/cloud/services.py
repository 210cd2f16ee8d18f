"""Who answers what: the hosts and paths of a cloud file, each with the service behind it."""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rigs.sim import websocket
from rigs.sim.agenda import Agenda
from rigs.sim.clock import SharedClock
from rigs.sim.cloud.http import Request, Response
from rigs.sim.cloud.link import Link
from rigs.sim.cloud.requests import Desk
from rigs.sim.cloud.stores import Notifications, Store, answer, refusal

Service = Callable[[Request, str], Awaitable[Response]]
"""Takes a request and the rest of its path below the service's own."""


class Services:
    """All HTTP services of one cloud.

    :param cloud: the checked cloud file, keys in the file's words
    :param tokens: the bearer tokens of the ``owner`` and of ``other`` accounts
    """

    def __init__(
        self, cloud: Mapping[str, Any], *, clock: SharedClock, agenda: Agenda, tokens: Mapping[str, str]
    ) -> None:
        self._tokens = tokens
        self._routes: dict[tuple[str, str], Service] = {}
        self.link = Link(cloud["link"]["topic"] if cloud["link"] else "")
        self._notifications = {name: Notifications() for name in cloud["apps"]}
        self._listed: dict[str, dict[str, Store]] = {name: {} for name in cloud["apps"]}
        self.stores: dict[str, Store] = {}
        for name, data in cloud["stores"].items():
            notifications = self._notifications[data["app"]]
            store = Store(data, clock=clock, agenda=agenda, notifications=notifications)
            self.stores[name] = store
            self._listed[data["app"]][data["listed as"]] = store
            self._route(data["upload"], _upload(store))
            for place, address in data["addresses"].items():
                self._route(address["at"], _direct(store, place))
        self._desks: dict[str, Desk] = {}
        for name, data in cloud["apps"].items():
            rows = {row["asked as"]: row for row in cloud["requests"].values() if row["app"] == name}
            self._desks[name] = Desk(data["at"], rows, clock=clock, agenda=agenda, stores=self.stores)
            self._route(data["at"], self._app(name, data))
        for data in cloud["sinks"].values():
            if data["at"]:
                self._route(data["at"], _sink(data["answer"]))
            if data["ws"]:
                self._route(data["ws"], _upgraded)

    async def answer(self, request: Request) -> Response:
        """The answer of the service with the longest matching path."""
        path = request.path.rstrip("/")
        while True:
            if service := self._routes.get((request.host, path)):
                return await service(request, request.path[len(path) :].strip("/"))
            if not path:
                return refusal(404, f"nothing is served at {request.host}{request.path}")
            path = path.rpartition("/")[0]

    def _route(self, url: str, service: Service) -> None:
        parts = urllib.parse.urlsplit(url)
        self._routes[parts.hostname or "", parts.path.rstrip("/")] = service

    def _app(self, name: str, data: Mapping[str, Any]) -> Service:
        async def serve(request: Request, rest: str) -> Response:
            account = self._account(request)
            if refused := _unauthorised(account, data["serves"]):
                return refused
            resource, _, which = rest.partition("/")
            match request.method, resource:
                case "GET", "notifications":
                    return answer(200, {"notifications": self._notifications[name].all})
                case "GET", listed if listed in self._listed[name]:
                    return self._listed[name][listed].for_app(which, owner=account == "owner")
                case "GET" | "POST", "requests":
                    return self._desks[name].serve(request.method, which)
                case "POST", "commands" if (command := which.replace("-", " ")) in data["commands"]:
                    await self.link.push(command)
                    return answer(202, {"command": command})
            return refusal(404, "no such resource")

        return serve

    def _account(self, request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return next((who for who, theirs in self._tokens.items() if theirs == token), None)


def _unauthorised(account: str | None, serves: str) -> Response | None:
    if account is None:
        return refusal(401, "no valid token")
    return None if serves in (account, "any account") else refusal(403, "this account does not own the car")


def _upload(store: Store) -> Service:
    async def serve(request: Request, _: str) -> Response:
        return store.upload(request)

    return serve


def _direct(store: Store, place: str) -> Service:
    async def serve(request: Request, rest: str) -> Response:
        return store.direct(place, rest, request.query)

    return serve


async def _upgraded(request: Request, _rest: str) -> Response:
    if not websocket.is_upgrade(request.headers):
        return refusal(426, "WebSocket is spoken here")
    return Response(status=101)


def _sink(data: Mapping[str, Any]) -> Service:
    async def serve(_request: Request, _rest: str) -> Response:
        if data["json"] is not None:
            return answer(data["status"], data["json"])
        return Response(status=data["status"])

    return serve
