"""In which states of the unit a clause is in force, and whether two clauses ever are at once.

A state is one value for each fact that the clauses speak of, out of those that the document says it can take. So all of
them can be gone through: clauses speak of a few facts, with a few values each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from policies.model import Clause, Conditions
from telltale.timeline import Fact

Domains = Mapping[str, Sequence[Fact]]
"""Fact to the values that it can take."""
State = Mapping[str, Fact]


def holds(conditions: Conditions, state: State) -> bool:
    """Whether one of the alternatives holds in *state*; none at all holds nowhere."""
    return any(all(state[fact] in values for fact, values in facts.items()) for facts in conditions)


def in_force(clause: Clause, state: State) -> bool:
    """Whether the clause says anything in *state*, which has every fact that it speaks of."""
    return (not clause.when or holds(clause.when, state)) and not holds(clause.unless, state)


def ever(clause: Clause, domains: Domains) -> bool:
    """Whether there is a state in which the clause is in force."""
    return any(in_force(clause, state) for state in _states(domains, clause))


def meet(one: Clause, other: Clause, domains: Domains) -> bool:
    """Whether there is a state in which both are in force."""
    return any(in_force(one, state) and in_force(other, state) for state in _states(domains, one, other))


def inside(one: Clause, other: Clause, domains: Domains) -> bool:
    """Whether *other* is in force wherever *one* is."""
    return all(in_force(other, state) for state in _states(domains, one, other) if in_force(one, state))


def told(conditions: Conditions) -> str:
    """The alternatives as people say them: ``experience_plan off, or gear P or N and lock locked``."""
    return ", or ".join(
        " and ".join(f"{fact} {' or '.join(map(str, values))}" for fact, values in facts.items())
        for facts in conditions
    )


def circumstances(clause: Clause) -> str:
    """When the clause is in force, to be put behind a sentence; empty for always."""
    when = f" with {told(clause.when)}" if clause.when else ""
    return when + (f" unless {told(clause.unless)}" if clause.unless else "")


def _states(domains: Domains, *clauses: Clause) -> Iterator[State]:
    named = {fact: None for clause in clauses for condition in (*clause.when, *clause.unless) for fact in condition}
    for values in product(*(domains[fact] for fact in named)):
        yield dict(zip(named, values, strict=True))
