"""What the maker's cloud still hands out: asked as the owner's app, as another account's app, and at direct addresses.

The app's resource lists recordings as JSON, ``{"recordings": [{"id", "addresses": {place: url}}], "control": {…}}``;
one is fetched at ``resource/id``. The *control* object is always there: an answer for a recording means something only
beside an answer for the control, asked in the same way at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policies.erasure import Check
from rigs.protocols import CloudProbe, Fetched
from telltale.errors import RigError

Account = Literal["owner", "other"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A recording as the owner's app knew it while it was there."""

    item: str
    name: str
    addresses: Mapping[str, str]
    """Place to signed URL."""
    sha256: str
    """Of what was served."""


class Retrieval:
    """Asks the cloud.

    :param resources: item to the URL at which the owner's app lists recordings of it
    :param tokens: bearer token of each account
    """

    def __init__(self, probe: CloudProbe, resources: Mapping[str, str], tokens: Mapping[str, str]) -> None:
        self._probe = probe
        self._resources = resources
        self._tokens = tokens

    def latest(self, item: str) -> Upload | None:
        """Fetch the newest recording of *item* as the owner's app would; None if the app is served none.

        :raises RigError: the app's resource does not answer as it should
        """
        listed = self._list(item)
        if not listed["recordings"]:
            return None
        entry = listed["recordings"][-1]
        answer = self._fetch(item, entry["id"], "owner")
        if answer.status != 200 or not answer.body:
            return None
        return Upload(item=item, name=entry["id"], addresses=entry["addresses"], sha256=answer.sha256)

    def through_app(self, upload: Upload, account: Account) -> Fetched:
        """The recording, asked for with the credentials of *account*."""
        return self._fetch(upload.item, upload.name, account)

    def ask(self, url: str, account: Account, *, post: bool = False) -> Fetched:
        """Anything else that the owner's app can be asked, with the credentials of *account*."""
        if not post:
            return self._probe.fetch(url, headers=self._as(account))
        return self._probe.fetch(url, headers={**self._as(account), "content-length": "0"}, method="POST")

    def checks(self, upload: Upload, bench: int) -> list[Check]:
        """Try every way at bench time *bench*, each beside its control object."""
        listed = self._list(upload.item)
        control = listed["control"]
        answers = {
            "the app": (
                self._fetch(upload.item, upload.name, "owner"),
                self._fetch(upload.item, control["id"], "owner"),
            )
        }
        for place, url in upload.addresses.items():
            beside = control["addresses"][place]
            answers[f"its direct address ({place})"] = (self._probe.fetch(url), self._probe.fetch(beside))
        return [self._check(way, upload, *pair, bench) for way, pair in answers.items()]

    @staticmethod
    def _check(way: str, upload: Upload, answer: Fetched, control: Fetched, bench: int) -> Check:
        same = answer.sha256 == upload.sha256
        return Check(
            way=way,
            status=answer.status,
            served=(True if same else None) if answer.status == 200 else False,
            control_served=control.status == 200 and bool(control.body),
            bench=bench,
        )

    def _list(self, item: str) -> dict[str, Any]:
        answer = self._probe.fetch(self._resource(item), headers=self._as("owner"))
        if answer.status != 200:
            raise RigError(f"the owner's app was refused the list of {item}: status {answer.status}")
        return dict(json.loads(answer.body))

    def _fetch(self, item: str, name: str, account: Account) -> Fetched:
        return self._probe.fetch(f"{self._resource(item)}/{name}", headers=self._as(account))

    def _resource(self, item: str) -> str:
        if item not in self._resources:
            known = ", ".join(self._resources) or "nothing"
            raise RigError(f"this rig does not know where the owner's app lists {item}; it knows {known}")
        return self._resources[item]

    def _as(self, account: Account) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[account]}"}
