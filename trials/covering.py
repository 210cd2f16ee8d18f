"""Whether every transmission is covered by the policy, judged one transmission at a time.

A capture of any length is judged in the memory of one transmission: of findings only their lines are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from policies import Policy
from policies.access import ENCRYPTED
from policies.endpoints import attribute
from policies.judge import cover
from policies.window import judgement
from telltale.finding import Finding, Judgement
from telltale.sighting import Sighting
from telltale.timeline import Timeline
from telltale.transmission import Transmission
from telltale.verdict import Verdict
from trials.outcome import Alike, headline

CLAIM = "every transmission is covered by the policy"
NOTHING = "nothing left the car"
"""The gap of a capture that holds nothing, or nothing but declared background: it shows nothing."""


MOST_COVERED = 10_000
"""Kinds of transmissions that are remembered to be declared; of more, each is judged anew."""


class Conclusion(NamedTuple):
    """What a claim came to."""

    verdict: Verdict
    lines: tuple[str, ...]
    """For people: the claim with its verdicts, and what does not comply."""
    gaps: tuple[str, ...]
    """What could not be seen, and keeps the claim from complying."""


class Covering:
    """The claim, as it grows."""

    def __init__(self, policy: Policy, timeline: Timeline) -> None:
        self._policy = policy
        self._timeline = timeline
        self._verdicts = dict.fromkeys(policy.readings, Verdict.COMPLIES)
        self._alike = Alike()
        self._empty = True
        self._covered: set[tuple[str, ...]] = set()
        """Channel, recipient, path and kind of what nobody needs to look at again."""

    def add(self, transmission: Transmission, sightings: Sequence[Sighting]) -> Mapping[int, Verdict]:
        """Judge one transmission; gives the gravest verdict on each of *sightings*, by its place.

        What has not left the car is not judged.
        """
        if not transmission.left:
            return {}
        key = (transmission.channel, transmission.recipient, transmission.path, transmission.kind)
        if not sightings and key in self._covered and _is_plain(transmission):
            return {}

        def judge(reading: str) -> Iterable[Finding]:
            return cover((transmission,), sightings, self._timeline, self._policy, reading=reading)

        judged = judgement(CLAIM, self._policy, judge)
        for reading, verdict in judged.verdicts.items():
            self._verdicts[reading] = Verdict.gravest((self._verdicts[reading], verdict))
        for finding in judged.findings:
            self._alike.add(finding)
        self._empty = self._empty and attribute(transmission, self._policy).background
        if not judged.findings and _is_plain(transmission) and len(self._covered) < MOST_COVERED:
            self._covered.add(key)  # what says that it is declared says nothing else about the next of its kind
        places = {id(sighting): place for place, sighting in enumerate(sightings)}
        found: dict[int, list[Verdict]] = {}
        for finding in judged.findings:
            if finding.sighting is not None:
                found.setdefault(places[id(finding.sighting)], []).append(finding.verdict)
        return {place: Verdict.gravest(verdicts) for place, verdicts in found.items()}

    def conclude(self, gaps: Iterable[str]) -> Conclusion:
        """The verdict, now that all is seen; *gaps* turn complies into inconclusive."""
        notes = (*gaps, *((NOTHING,) if self._empty else ()))
        told = Judgement(
            claim=CLAIM,
            verdicts={
                reading: Verdict.INCONCLUSIVE if notes and verdict is Verdict.COMPLIES else verdict
                for reading, verdict in self._verdicts.items()
            },
            notes=notes,
        )
        return Conclusion(told.verdict, (headline(told), *(f"  {line}" for line in self._alike)), notes)


def _is_plain(transmission: Transmission) -> bool:
    """Whether there is nothing about it to be judged but to whom it went."""
    whole = transmission.complete and transmission.malformed is None and not transmission.opaque
    return whole and transmission.channel not in ENCRYPTED
