"""What a policy says of one capture: of what is known to be the car's, and of what only looks like somebody's value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from policies import Policy
from telltale.items import taxonomy
from telltale.sighting import RECOGNISED, Sighting
from telltale.timeline import Timeline
from telltale.transmission import Transmission
from telltale.verdict import Verdict
from trials.covering import Conclusion, Covering


class Judged(NamedTuple):
    """What came of the sightings of one transmission."""

    verdicts: Mapping[int, Verdict]
    """The gravest on each of them, by its place."""
    gaps: Sequence[str]
    """What cannot be decided."""


class AuditJudge:
    """Judges identities. A value that was only recognised violates nothing, and may keep a capture from complying."""

    def __init__(self, policy: Policy, timeline: Timeline) -> None:
        self._known = Covering(policy, timeline)
        self._recognised = Covering(policy, timeline)

    def add(self, transmission: Transmission, sightings: Sequence[Sighting]) -> Judged:
        """Judge one transmission."""
        places: tuple[list[int], list[int]] = [], []
        for place, sighting in enumerate(sightings):
            places[sighting.form == RECOGNISED].append(place)
        known, recognised = places
        judged = self._known.add(transmission, [sightings[place] for place in known])
        verdicts = {known[place]: verdict for place, verdict in judged.items()}
        if not recognised:
            return Judged(verdicts, ())
        undecided: dict[str, None] = {}
        for place, verdict in self._recognised.add(transmission, [sightings[place] for place in recognised]).items():
            verdicts[recognised[place]] = verdict if verdict is Verdict.COMPLIES else Verdict.INCONCLUSIVE
            if verdict is not Verdict.COMPLIES:
                undecided[sightings[recognised[place]].item] = None
        return Judged(verdicts, [_gap(item) for item in undecided])

    def conclude(self, gaps: Iterable[str]) -> Conclusion:
        """The verdict, now that all is seen; *gaps* turn complies into inconclusive."""
        return self._known.conclude(gaps)


def _gap(item: str) -> str:
    return f"what looks like a {taxonomy()[item].en} is none of the identities, and the policy does not cover it"
