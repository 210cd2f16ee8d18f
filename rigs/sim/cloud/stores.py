"""Recordings in the cloud: kept for a time, handed to the owner's app and at signed direct addresses."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message as Headers
from functools import partial
from typing import Any

from rigs.sim.agenda import Agenda
from rigs.sim.clock import SharedClock
from rigs.sim.cloud.http import Request, Response
from telltale.times import SECOND, utc

CONTROL = "control"
"""Id of the object that is always served."""
APP = "app"
"""The place in which the owner's app finds a recording."""
_CONTROL_BODY = b"telltale control object"


@dataclass(slots=True)
class _Recording:
    made: int
    body: bytes
    content_type: str
    places: set[str] = field(default_factory=set)
    """Where it is still handed out: ``app`` and names of direct addresses."""


class Notifications:
    """What one app tells its owner."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []

    def tell(self, now: int, text: str, about: str) -> None:
        """Add a notification about a recording."""
        self.all.append({"at": utc(now), "text": text, "about": about})


class Store:
    """One store of a cloud file."""

    def __init__(
        self, data: Mapping[str, Any], *, clock: SharedClock, agenda: Agenda, notifications: Notifications
    ) -> None:
        self._data = data
        self._clock = clock
        self._agenda = agenda
        self._notifications = notifications
        self._key = secrets.token_bytes(32)
        self._recordings: dict[str, _Recording] = {}

    def upload(self, request: Request) -> Response:
        """Keep what the car uploads: the body, or the file in a form. DELETE empties the store."""
        if request.method == "DELETE":
            return answer(200, {"deleted": self.empty()})
        if request.method not in ("POST", "PUT"):
            return refusal(405, "recordings are uploaded with POST or PUT, and all deleted with DELETE")
        body, content_type = _file_of(request)
        now = self._clock.now()
        name = secrets.token_hex(8)
        recording = _Recording(now, body, content_type, {APP, *self._data["addresses"]})
        self._recordings[name] = recording
        self._agenda.at(now + self._data["keep"], partial(self._drop, name, APP))
        for place, address in self._data["addresses"].items():
            keep = self._data["keep"] if address["keep"] is None else address["keep"]
            self._agenda.at(now + keep, partial(self._drop, name, place))
        if self._data["notice"]:
            self._notifications.tell(now, self._data["notice"], name)
        if summary := self._data["summary"]:
            due = now + summary["after"]
            self._agenda.at(due, lambda: self._notifications.tell(due, summary["text"], name), rank=-1)
        return answer(201, {"id": name})

    def for_app(self, name: str, *, owner: bool) -> Response:
        """What an app gets, the *owner*'s or somebody else's: the list if *name* is empty, else one recording."""
        if not name:
            listed = [self._entry(key) for key, r in self._recordings.items() if APP in r.places]
            return answer(200, {"recordings": listed, "control": self._entry(CONTROL)})
        handed = self._hand_out(name, APP)
        return handed if owner or handed.status != 200 or name == CONTROL else self._for_others(handed)

    def _for_others(self, whole: Response) -> Response:
        shown = self._data["shows others"]
        held = json.loads(whole.body) if shown else None
        return answer(200, {key: held[key] for key in shown if key in held}) if held else whole

    def direct(self, place: str, name: str, query: Mapping[str, str]) -> Response:
        """What anybody gets at a direct address: 403 without a valid signature, 410 once the recording is gone."""
        expires = query.get("expires", "")
        signed = self._signature(place, name, expires)
        if not hmac.compare_digest(signed, query.get("signature", "")):
            return refusal(403, "the signature is wrong")
        if self._clock.now() >= int(expires) * SECOND:
            return refusal(403, "the signature has expired")
        return self._hand_out(name, place, gone=410)

    def empty(self) -> list[str]:
        """Delete every recording, but where an address outlives that; returns their names."""
        places = [APP, *(place for place, address in self._data["addresses"].items() if address["emptied"])]
        names = list(self._recordings)
        for name in names:
            for place in places:
                self._drop(name, place)
        return names

    def stored(self) -> list[dict[str, Any]]:
        """What is still there, for tests."""
        return [
            {"id": name, "made": recording.made, "places": sorted(recording.places)}
            for name, recording in self._recordings.items()
        ]

    def _hand_out(self, name: str, place: str, *, gone: int = 404) -> Response:
        if name == CONTROL:
            return Response(status=200, body=_CONTROL_BODY, content_type="text/plain")
        recording = self._recordings.get(name)
        if recording is None or place not in recording.places:
            return refusal(gone, "there is no such recording")
        return Response(status=200, body=recording.body, content_type=recording.content_type)

    def _drop(self, name: str, place: str) -> None:
        if recording := self._recordings.get(name):
            recording.places.discard(place)
            if not recording.places:
                del self._recordings[name]

    def _entry(self, name: str) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "id": name,
            "addresses": {place: self._signed(place, name) for place in self._data["addresses"]},
        }
        if recording := self._recordings.get(name):
            entry |= {"made": utc(recording.made), "type": recording.content_type, "size": len(recording.body)}
        return entry

    def _signed(self, place: str, name: str) -> str:
        address = self._data["addresses"][place]
        expires = str((self._clock.now() + address["valid for"]) // SECOND)
        query = urllib.parse.urlencode({"expires": expires, "signature": self._signature(place, name, expires)})
        return f"{address['at'].rstrip('/')}/{name}?{query}"

    def _signature(self, place: str, name: str, expires: str) -> str:
        return hmac.new(self._key, f"{place}/{name}/{expires}".encode(), hashlib.sha256).hexdigest()


def answer(status: int, data: Any) -> Response:
    """A JSON answer."""
    return Response(status=status, body=json.dumps(data, ensure_ascii=False).encode())


def refusal(status: int, reason: str) -> Response:
    """A JSON answer that says why not."""
    return answer(status, {"error": reason})


def _file_of(request: Request) -> tuple[bytes, str]:
    """The uploaded bytes and their type: the first part with a file name (RFC 7578), or the whole body."""
    headers = Headers()
    headers["content-type"] = request.headers.get("content-type", "application/octet-stream")
    boundary = headers.get_boundary()
    if headers.get_content_maintype() != "multipart" or not boundary:
        return request.body, headers.get_content_type()
    for part in (b"\r\n" + request.body).split(b"\r\n--" + boundary.encode())[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        lines = dict(line.lower().split(b":", 1) for line in head.strip().split(b"\r\n") if b":" in line)
        if b"filename=" in lines.get(b"content-disposition", b""):
            return content, lines.get(b"content-type", b"application/octet-stream").strip().decode()
    return request.body, headers.get_content_type()
