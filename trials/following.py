"""An identity that is swapped: the same drive repeated with two of its values, and what follows them.

The values come there and back, so that what only passes with time is not taken for one that follows; and the unit is
restarted before each drive, so that what lives from one start to the next differs between two drives with one value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from captures.sightings.pseudonyms import Pseudonym, Run, known_to, pseudonyms
from policies import claims as judged
from policies.endpoints import attribute
from policies.judge import moment
from telltale.finding import Finding, Judgement
from telltale.sighting import Sighting
from trials import claims
from trials.outcome import Inconclusive

if TYPE_CHECKING:
    from trials.trial import Trial

FORM = "pseudonym"
"""Form of a value that stands for an identity and that no search reads."""
ITEM = "vin"
"""The identity that a workshop can swap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """One of several drives that are alike but for an identity."""

    identity: str = field(repr=False)
    start: int
    """Bench time, ns."""
    stop: int


def drive_with_two_vins(trial: Trial, duration: int) -> None:
    """Drive for *duration* ns with the car's own VIN, twice with another, and with its own again."""
    own, another = trial.identities.first(ITEM).text, trial.another_vin()
    present = own
    for vin in (own, another, another, own):
        if vin != present:
            trial.write_vin(vin)
            present = vin
        trial.reset()
        start = trial.now
        trial.road.drive(duration)
        trial.repeats.append(Repeat(identity=vin, start=start, stop=trial.now))


def none_follows(trial: Trial, function: str | None) -> Judgement:
    """No field of what left for the function, or for one that nobody declared, follows the VIN.

    :raises Inconclusive: the drive was not repeated with two VINs
    """
    if not trial.repeats:
        raise Inconclusive("the drive was not repeated with another VIN, so nothing can be seen to follow it")
    seen = trial.observe()
    name = function and trial.policy.function_named(function)
    left = [t for t in seen.transmissions if t.left]
    drives = [[t for t in left if repeat.start <= moment(t) <= repeat.stop] for repeat in trial.repeats]
    runs = [
        Run(identity=repeat.identity, transmissions=sent, sightings=seen.sightings)
        for repeat, sent in zip(trial.repeats, drives, strict=True)
    ]
    paths: dict[int, str] = {}
    sightings = []
    for one in pseudonyms(runs, explained=known_to(trial.engine)):
        for sighting in _sightings(one, runs):
            paths[id(sighting)] = one.describe()
            sightings.append(sighting)
    for_it = f" for {name}" if name else ""
    empty = [
        f"nothing left{for_it} in drive {number} of {len(drives)}, so there is nothing to compare"
        for number, sent in enumerate(drives, start=1)
        if not any(name in (None, attribute(t, trial.policy).function) for t in sent)
    ]
    window = replace(claims.since_the_stimulus(trial), sightings=tuple(sightings))
    judgement = judged.none_leaves(window, trial.policy, [ITEM], name, gaps=(*claims.unseen(trial), *empty))
    return replace(judgement, findings=tuple(_with_path(finding, paths) for finding in judgement.findings))


def _sightings(one: Pseudonym, runs: list[Run]) -> Iterator[Sighting]:
    """A pseudonym as a form of the identity, once for each drive."""
    for place in one.places:
        yield Sighting(
            transmission=place.transmission.index,
            item=ITEM,
            value=runs[place.run].identity,
            form=FORM,
            part=place.part,
            offset=place.offset,
            length=place.length,
        )


def _with_path(finding: Finding, paths: dict[int, str]) -> Finding:
    path = paths.get(id(finding.sighting))
    return replace(finding, reason=f"{path} follows the VIN: {finding.reason}") if path else finding
