"""One side of a clause against one sighting, with what cannot be told kept apart from yes and no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from policies.model import ANY, Clause, Policy
from telltale.items import is_within, taxonomy
from telltale.sighting import Sighting
from telltale.timeline import Condition, Fact

State = Mapping[str, Fact]
"""Every known fact of the unit at one moment."""


class Answer(Enum):
    """Yes, no, or not to be told."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, holds: object) -> Answer:
        """Yes if *holds* is true, else no."""
        return cls.YES if holds else cls.NO

    @property
    def opposite(self) -> Answer:
        """No for yes, yes for no; what cannot be told stays so."""
        return {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.UNKNOWN: Answer.UNKNOWN}[self]


def both(one: Answer, other: Answer) -> Answer:
    """Yes if both are; no if either is; else unknown."""
    if Answer.NO in (one, other):
        return Answer.NO
    return Answer.UNKNOWN if Answer.UNKNOWN in (one, other) else Answer.YES


@dataclass(frozen=True, slots=True)
class Side:
    """An answer, and what made it so, as people say it: ``experience_plan is off, not on``."""

    answer: Answer
    why: str = ""

    @classmethod
    def of(cls, holds: object, why: str) -> Side:
        """Yes if *holds* is true, else no because of *why*."""
        return cls(Answer.of(holds), why)


def covers_item(clause: Clause, item: str) -> bool:
    """Whether the clause speaks of *item*: by name, or by a broader one if the document says so."""
    return ANY in clause.items or any(item == own or (clause.broad and is_within(item, own)) for own in clause.items)


def items_named(policy: Policy) -> frozenset[str]:
    """Items that some clause speaks of, other than by ``any``."""
    speaking = [clause for clause in policy.clauses.values() if ANY not in clause.items]
    return frozenset(item for item in taxonomy() if any(covers_item(clause, item) for clause in speaking))


def form_allowed(clause: Clause, sighting: Sighting) -> Side:
    """Whether the clause allows the form and the precision in which the item was seen."""
    if clause.form and sighting.form not in clause.form:
        return Side(Answer.NO, f"it is {sighting.form}, not {' or '.join(clause.form)}")
    if clause.precision is None:
        return Side(Answer.YES)
    if sighting.precision is None:
        return Side(Answer.UNKNOWN, f"its precision was not measured, allowed is no finer than {clause.precision:g} m")
    if sighting.precision < clause.precision:
        return Side(Answer.NO, f"it is exact to {sighting.precision:.0f} m, finer than {clause.precision:g} m")
    return Side(Answer.YES)


def in_force(clause: Clause, state: State) -> Side:
    """Whether the clause's conditions over the unit's state hold."""
    when = _one_of(clause.when, state) if clause.when else Side(Answer.YES)
    unless = _one_of(clause.unless, state) if clause.unless else Side(Answer.NO)
    if when.answer is Answer.NO:
        return when
    answer = both(when.answer, unless.answer.opposite)
    if answer is Answer.NO:
        return Side(answer, unless.why)
    decisive = [side.why for side in (when, unless) if answer is Answer.YES or side.answer is answer]
    return Side(answer, " and ".join(filter(None, decisive)))


def _one_of(alternatives: Sequence[Mapping[str, tuple[Fact, ...]]], state: State) -> Side:
    sides = [_all_of(facts, state) for facts in alternatives]
    for wanted in (Answer.YES, Answer.UNKNOWN):
        for side in sides:
            if side.answer is wanted:
                return side
    return Side(Answer.NO, " and ".join(side.why for side in sides))


def _all_of(facts: Mapping[str, tuple[Fact, ...]], state: State) -> Side:
    unmet = {fact: why for fact, allowed in facts.items() if (why := Condition({fact: allowed}).unmet(state))}
    for fact, why in unmet.items():
        if fact in state:
            return Side(Answer.NO, why)
    if unmet:
        return Side(Answer.UNKNOWN, next(iter(unmet.values())))
    return Side(Answer.YES, " and ".join(f"{fact} is {state[fact]}" for fact in facts))
