"""What a rig will be able to judge: clause by clause, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.access import JUDGED, Access, limits, unobserved
from policies.model import ANY, Clause, Policy

Prospect = Literal["can judge", "cannot", "not tested"]
ASKED = ("erase", "retain", "respond")
"""Modalities that are judged by what the maker's cloud says when it is asked."""
WATCHED = ("oblige", *ASKED)
"""Modalities that are judged by what is there, not by the absence of anything else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """One clause on one rig."""

    clause: str
    prospect: Prospect
    because: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    """Those of the reasons that are closed recipients: the ones for which its scenarios will come out inconclusive."""


def forecast(
    policy: Policy,
    access: Access,
    *,
    exits: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
    probe: bool = True,
) -> list[Forecast]:
    """Every clause, in the order of the document's register.

    A clause about any function is judged for those that can be looked into; its reasons tell the others.

    :param access: how much of each recipient's traffic the bench can open
    :param exits: ways out of the car that the bench does not observe
    :param facts: facts of the unit's state that this bench cannot bring about, and why
    :param probe: whether the bench can ask the maker's cloud
    """
    known = limits(policy, access)
    but = tuple(f"but {limit.reason}" for limit in known)
    told: list[Forecast] = []
    for clause in policy.clauses.values():
        if clause.untested is not None:
            because = (" ".join(clause.untested.split()),)
            told.append(Forecast(clause=clause.id, prospect="not tested", because=because))
            continue
        closed = tuple(limit.reason for limit in known if clause.id in limit.clauses)
        others = (*_of_bench(clause, exits, probe=probe), *_of_state(clause, facts or {}))
        told.append(
            Forecast(
                clause=clause.id,
                prospect="cannot" if closed or others else "can judge",
                because=(*closed, *others, *(but if ANY in clause.functions else ())),
                closed=closed,
            )
        )
    return told


def _of_bench(clause: Clause, exits: Sequence[str], *, probe: bool) -> Iterator[str]:
    if clause.modality not in (*JUDGED, *ASKED):
        yield f"`{clause.modality}` is not judged in this version"
    if clause.modality in ASKED and not probe:
        yield "this rig has no probe to ask the maker's cloud with"
    if clause.modality not in WATCHED:
        yield from map(unobserved, exits)


def _of_state(clause: Clause, facts: Mapping[str, str]) -> Iterator[str]:
    spoken_of = {fact for state in (*clause.when, *clause.unless) for fact in state}
    yield from (f"{fact} cannot be brought about: {why}" for fact, why in facts.items() if fact in spoken_of)
