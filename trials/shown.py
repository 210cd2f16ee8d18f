"""What the maker's cloud shows to others of what the car has uploaded.

To show something to somebody is to give it to them. So what another account's app is served counts as a transmission
over the channel ``shown``, whose rows in endpoints.yaml say who the others are, and is judged like any other.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Sequence

from policies.showing import shown_is_covered
from policies.window import Window
from telltale.finding import Judgement
from telltale.transmission import Address, Part, Transmission
from trials.outcome import Inconclusive
from trials.trial import Trial

SHOWN = "shown"
"""The channel."""
CLOUD = "cloud"
"""What stands for the uplink: it does not come from the car."""


def to_another_account(trial: Trial, item: str, others: Sequence[str] = ()) -> Judgement:
    """Another account's app is served *item* with *others*, and nothing in it that no clause covers.

    :raises Inconclusive: the owner's app is not served it, or the other one is refused
    """
    upload = trial.cloud.retrieve(item)
    if upload is None:
        raise Inconclusive(f"the owner's app is not served the {item}, so there is nothing to be shown to others")
    answer = trial.cloud.retrieval.through_app(upload, "other")
    if answer.status != 200:
        raise Inconclusive(f"another account's app was answered {answer.status}, so it is shown nothing")
    url, now = urllib.parse.urlsplit(answer.url), time.time_ns()
    shown = Transmission(
        index=0,
        channel=SHOWN,
        uplink=CLOUD,
        sent=now,
        ended=now,
        bench=trial.now,
        source=Address(ip=answer.peer, port=url.port or 443),
        destination=Address(ip=answer.peer, port=url.port or 443),
        host=url.hostname,
        summary=f"{item} as another account's app is shown it",
        path=url.path,
        parts=(Part(name="body", data=answer.body),),
    )
    seen = trial.engine.examine(shown)
    window = Window(
        transmissions=(shown.marked(seen.opaque),), sightings=tuple(seen.sightings), timeline=trial.timeline
    )
    return shown_is_covered(window, trial.policy, (item, *others), gaps=seen.gaps)
