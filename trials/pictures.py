"""What pictures that left the car show, as a claim of a Then step.

Such a claim needs more than others: the detector has to be installed, it has to find the face that stood before the
camera (without one that it finds, that it finds none shows nothing), and what left has to be whole enough to be looked
at. What is missing is a gap, named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from captures.faces import DetectorMissingError, Piece, Shown, look
from captures.media import told
from captures.sightings import Footage
from policies import claims as judged
from policies.endpoints import attribute
from policies.judge import moment
from policies.versions import by_version
from policies.window import Window
from telltale.finding import Finding, Judgement
from telltale.items import is_within
from telltale.sighting import Sighting
from telltale.transmission import Transmission
from telltale.verdict import Verdict
from trials.claims import of_unit, since_the_stimulus, unseen

if TYPE_CHECKING:
    from trials.trial import Trial

FACE = "face_image"
RECOGNISED = "recognised"
"""The form of what is told by its looks and not by its value."""


@dataclass(slots=True)
class _Looked:
    """What a window's pictures came to."""

    faces: list[Sighting] = field(default_factory=list)
    clear: list[Finding] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def no_face_leaves(trial: Trial, items: Sequence[str], function: str) -> Judgement:
    """In no picture or film that leaves for *function*, or for an undeclared one, can a face be made out.

    *items* are what is expected to leave for it; what is made of that (a preview) is looked at as well.
    """
    name = trial.policy.function_named(function)
    window = of_unit(since_the_stimulus(trial), "car")
    looked = _look(trial, window, items, name)
    window = replace(window, sightings=(*window.sightings, *looked.faces))
    gaps = (*unseen(trial), *looked.gaps)
    judgement = by_version(window, trial.window, lambda w: judged.none_leaves(w, trial.policy, [FACE], name, gaps=gaps))
    return replace(judgement, findings=(*judgement.findings, *looked.clear))


def _look(trial: Trial, window: Window, items: Sequence[str], function: str) -> _Looked:
    looked = _Looked()
    concerned = window.where(lambda t: attribute(t, trial.policy).function in (None, function))
    filmed = [
        (t, footage)
        for t in concerned.transmissions
        for footage in trial.engine.footage(t)
        if footage.medium.item != "audio"
    ]
    camera = list(_before_the_camera(trial, items))
    try:
        shown = look([*(piece for _, piece in camera), *((f.medium.name, f.data) for _, f in filmed)])
    except DetectorMissingError as error:
        looked.gaps.append(str(error))
        return looked
    found = {item for (item, _), one in zip(camera, shown, strict=False) if one.faces}
    for item in items:
        if not any(is_within(other, item) for other in found):
            looked.gaps.append(f"no {item} of the run shows a face that the detector finds")
        if not any(is_within(item, footage.medium.item) for _, footage in filmed):
            looked.gaps.append(f"expected, but not seen: a {item} for {function} that can be looked at")
    looked.gaps += _unwhole(concerned, filmed, items)
    for (transmission, footage), one in zip(filmed, shown[len(camera) :], strict=True):
        _tell(looked, transmission, footage, one, function)
    return looked


def _before_the_camera(trial: Trial, items: Sequence[str]) -> Iterator[tuple[str, Piece]]:
    """The run's own footage of *items*: what the car's cameras took."""
    for identity in trial.identities:
        if isinstance(identity.value, bytes) and any(is_within(identity.item, item) for item in items):
            medium = told(identity.value)
            yield identity.item, (medium.name if medium else "media of no known kind", identity.value)


def _tell(looked: _Looked, transmission: Transmission, footage: Footage, shown: Shown, function: str) -> None:
    what = f"{footage.medium.describe()}, in transmission {transmission.index} to {transmission.recipient}"
    if shown.faces:
        start, end = footage.places[0]
        looked.faces.append(
            Sighting(
                transmission=transmission.index,
                item=FACE,
                value=f"{len(shown.faces)} in {shown.frames} frames, {max(shown.faces)} pixels wide",
                form=RECOGNISED,
                chain=footage.chain,
                part=footage.part,
                offset=start,
                length=end - start,
                generated=transmission.generated,
            )
        )
        return
    doubts = f"{shown.doubts} places may be faces" if shown.doubts else None
    cut = None if footage.medium.shape.whole else "it is cut off"
    if causes := [cause for cause in (doubts, shown.unclear, cut) if cause]:
        looked.gaps.append(f"what is shown cannot be told of {what}: {'; '.join(causes)}")
        return
    looked.clear.append(
        Finding(
            verdict=Verdict.COMPLIES,
            reason=f"no face is made out in {what}; frames looked at: {shown.frames}",
            function=function,
            transmission=transmission,
            bench=moment(transmission),
        )
    )


def _unwhole(window: Window, filmed: Sequence[tuple[Transmission, Footage]], items: Sequence[str]) -> Iterator[str]:
    """Pieces of the run's footage that have no beginning, and cannot be decoded."""
    for sighting in window.sightings:
        low, high = sighting.offset, sighting.offset + sighting.length
        whole = any(
            (t.index, footage.part) == (sighting.transmission, sighting.part)
            and any(start < high and low < end for start, end in footage.places)
            for t, footage in filmed
        )
        if not whole and any(is_within(sighting.item, item) for item in items):
            yield f"a piece of {sighting.item} without its beginning left in transmission {sighting.transmission}"
