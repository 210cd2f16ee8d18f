"""Pairs of clauses of one document that cannot both be kept, found by what they say and never by their names.

Two clauses conflict over the items, functions and recipients that both are about, in a state of the unit in which both
are in force. What a clause says of a switch within its own section is no conflict but the rule's exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from policies.model import ANY, Clause, Policy
from policies.regions import circumstances, inside, meet, told
from policies.remarks import Remark, resolved
from policies.terms import covers_item
from telltale.items import taxonomy
from telltale.times import format_duration

OPENING = frozenset({"permit", "oblige"})
"""Modalities by which something may leave."""
_SHOWN = 3
"""Items that a line names; further ones are counted."""


@dataclass(frozen=True)
class _Pair:
    """An opening clause and another, with what both are about."""

    one: Clause
    other: Clause
    policy: Policy

    @cached_property
    def items(self) -> list[str]:
        """Items that both speak of, without those whose broader item is among them."""
        common = [item for item in taxonomy() if covers_item(self.one, item) and covers_item(self.other, item)]
        return [item for item in common if taxonomy()[item].parent not in common]

    @cached_property
    def functions(self) -> list[str]:
        return [name for name in self.policy.document.functions if self._both_speak_of(name)]

    def _both_speak_of(self, function: str) -> bool:
        return self.one.speaks_of(function) and self.other.speaks_of(function)

    @cached_property
    def recipients(self) -> list[str]:
        return _common(self.one.recipients, self.other.recipients, self.policy.organisations)

    @cached_property
    def meet(self) -> bool:
        """Whether a state has both in force, over a channel that both speak of."""
        channels = not self.other.channels or set(self.one.channels) & set(self.other.channels)
        return bool(channels) and meet(self.one, self.other, self.policy.document.facts)

    @property
    def apart(self) -> bool:
        """Whether they stand in different sections."""
        return self.one.section != self.other.section

    @property
    def outside(self) -> list[str]:
        """Recipients that the one opens and the other does not have."""
        opened = self.policy.organisations if ANY in self.one.recipients else self.one.recipients
        return [name for name in opened if ANY not in self.other.recipients and name not in self.other.recipients]

    def called(self, names: Sequence[str]) -> str:
        """Organisations by their names."""
        return shortened([self.policy.organisations[name].en[0] for name in names])


def shortened(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def at(clause: Clause) -> str:
    """The clause with its section."""
    return f"{clause.id} ({clause.section})"


def conflicts(policy: Policy) -> Iterator[Remark]:
    """Every pair that conflicts under some reading, each once for a kind."""
    found: dict[tuple[str, str, str], _Found] = {}
    for reading in policy.readings:
        standing = [clause for clause in policy.under(reading) if clause.id not in policy.document.default_deny]
        words = [literal for clause in standing if (literal := clause.by_its_words) is not None]
        for kind, text, pair in _among(policy, standing, standing):
            found.setdefault((kind, pair.one.id, pair.other.id), _Found(pair, text)).readings.append(reading)
        for kind, text, pair in (*_among(policy, standing, words), *_among(policy, words, standing)):
            known = found.setdefault((kind, pair.one.id, pair.other.id), _Found(pair, text, by_words=True))
            if known.by_words:
                known.readings.append(reading)
    for (kind, *_), one in found.items():
        yield one.remark(kind, policy.readings)


@dataclass
class _Found:
    """A conflict, and under which readings it is one."""

    pair: _Pair
    text: str
    by_words: bool = False
    """Whether it takes the words alone of one of them."""
    readings: list[str] = field(default_factory=list)

    def remark(self, kind: str, readings: Sequence[str]) -> Remark:
        both = (self.pair.one, self.pair.other)
        inferred = [clause.id for clause in both if clause.warning]
        doubt = f" ({' and '.join(inferred)} inferred)" if inferred else ""
        literal = " and ".join(clause.id for clause in both if clause.literally) if self.by_words else ""
        narrower = f"; so the words of {literal}, which the register reads more narrowly" if literal else ""
        return Remark(
            kind=kind,
            text=self.text + doubt + narrower + resolved(self.readings, readings),
            clauses=(both[0].id, both[1].id),
            sections=(both[0].section, both[1].section),
            by_words=self.by_words,
            readings=tuple(self.readings) if len(set(self.readings)) < len(readings) else (),
        )


def _among(policy: Policy, ones: Sequence[Clause], others: Sequence[Clause]) -> Iterator[tuple[str, str, _Pair]]:
    for one, other in product(ones, others):
        if one.id == other.id:
            continue
        pair = _Pair(one, other, policy)
        for kind, rule in _RULES.get((_opens(one), other.modality), ()):
            if pair.items and (text := rule(pair)):
                yield kind, text, pair
        for kind, rule in _FOR_ALL:
            if text := rule(pair):
                yield kind, text, pair


def _opens(clause: Clause) -> str:
    return "opening" if clause.modality in OPENING else clause.modality


def _common(one: Sequence[str], other: Sequence[str], known: Mapping[str, object]) -> list[str]:
    names = known if ANY in one else one
    return [name for name in names if ANY in other or name in other]


# --- rules: None, or what the line says -----------------------------------------------------------------------------


def _not_to_be_met(pair: _Pair) -> str | None:
    """A duty in a state in which it is forbidden."""
    if pair.one.modality != "oblige" or not (pair.functions and pair.recipients and pair.meet):
        return None
    return (
        f"{at(pair.one)} obliges {shortened(pair.items)} for {shortened(pair.functions)} to "
        f"{pair.called(pair.recipients)}, {at(pair.other)} forbids it{circumstances(pair.other)}"
    )


def _opens_nothing(pair: _Pair) -> str | None:
    """A permit that is forbidden wherever it is in force."""
    if pair.one.modality != "permit" or not pair.meet or not _swallowed(pair):
        return None
    return (
        f"{at(pair.one)} permits {shortened(pair.items)} for {shortened(pair.functions)}{circumstances(pair.one)}, "
        f"{at(pair.other)} forbids it all{circumstances(pair.other)}"
    )


def _swallowed(pair: _Pair) -> bool:
    one, other = pair.one, pair.other
    items = all(covers_item(other, item) for item in taxonomy() if covers_item(one, item))
    functions = all(other.speaks_of(name) for name in pair.policy.document.functions if one.speaks_of(name))
    recipients = ANY in other.recipients or set(one.recipients) <= set(other.recipients)
    return items and functions and recipients and inside(one, other, pair.policy.document.facts)


def _gate(clause: Clause) -> bool:
    """Whether it closes everything under a condition, as one on consent does: every permit is meant to wait for it."""
    return ANY in clause.items and ANY in clause.functions and bool(clause.when or clause.unless)


def _taken_back(pair: _Pair) -> str | None:
    """A permit that says nothing of a state in which another section forbids."""
    if pair.one.modality != "permit" or not pair.apart or not (pair.functions and pair.recipients and pair.meet):
        return None
    if _swallowed(pair) or _gate(pair.other):
        return None
    return (
        f"{at(pair.one)} permits {shortened(pair.items)} for {shortened(pair.functions)} to "
        f"{pair.called(pair.recipients)}{circumstances(pair.one)}, {at(pair.other)} forbids it"
        f"{circumstances(pair.other)}"
    )


def _beyond(pair: _Pair) -> str | None:
    """A permit to somebody whom the other leaves out, for the same function."""
    if not (pair.functions and pair.outside and pair.meet):
        return None
    return (
        f"{at(pair.one)} opens {shortened(pair.items)} for {shortened(pair.functions)} to "
        f"{pair.called(pair.outside)}, {at(pair.other)} confines it to {pair.called(pair.other.recipients)}"
    )


def _saved(pair: _Pair) -> str | None:
    """Somewhere to keep it, and nothing of it to be left there."""
    kept = [name for name in pair.recipients if pair.policy.organisations[name].kind == "place"]
    if not kept or not (pair.functions and pair.meet) or pair.other.begins:
        return None
    return (
        f"{at(pair.one)} lets {shortened(pair.items)} be saved for {shortened(pair.functions)} to "
        f"{pair.called(kept)}, {at(pair.other)} has it gone within {format_duration(pair.other.within or 0)}"
    )


def _kept_too_long(pair: _Pair) -> str | None:
    """To be kept for longer than it may be there."""
    one, other = pair.one, pair.other
    same = (not one.functions or pair.functions) and (not one.recipients or not other.recipients or pair.recipients)
    if not same or not pair.meet or (one.within or 0) <= (other.within or 0):
        return None
    return (
        f"{at(one)} has {shortened(pair.items)} kept for {format_duration(one.within or 0)}, "
        f"{at(other)} has it gone within {format_duration(other.within or 0)}"
    )


def _unlimited(pair: _Pair) -> str | None:
    """Allowed in a form, or as exactly, as the other does not."""
    one, other = pair.one, pair.other
    if not (pair.functions and pair.recipients and pair.meet):
        return None
    finer = other.precision is not None and one.precision is not None and one.precision < other.precision
    forms = bool(other.form and one.form and not set(one.form) <= set(other.form))
    silent = pair.apart and one.precision is None and not one.form
    if not (finer or forms or silent):
        return None
    limit = f"no finer than {other.precision:g} m" if other.precision is not None else " or ".join(other.form)
    own = f"{one.precision:g} m" if finer else " or ".join(one.form) if forms else "as it is"
    return (
        f"{at(one)} opens {shortened(pair.items)} for {shortened(pair.functions)} {own}, "
        f"{at(other)} holds it to {limit}{circumstances(other)}"
    )


def _goes_on(pair: _Pair) -> str | None:
    """A function that works by the one and stops by the other, in one state."""
    one, other = pair.one, pair.other
    for function in one.works:
        if function not in other.stops:
            continue
        working = one.model_copy(update={"when": one.works[function], "unless": ()})
        stopping = other.model_copy(update={"when": other.stops[function], "unless": ()})
        if meet(working, stopping, pair.policy.document.facts):
            return (
                f"{at(one)} has {function} go on with {told(one.works[function])}, "
                f"{at(other)} has it stop with {told(other.stops[function])}"
            )
    return None


_Rule = Callable[[_Pair], "str | None"]
_RULES: Mapping[tuple[str, str], tuple[tuple[str, _Rule], ...]] = {
    ("opening", "forbid"): (
        ("cannot be met", _not_to_be_met),
        ("opens nothing", _opens_nothing),
        ("allowed and forbidden", _taken_back),
    ),
    ("opening", "confine"): (("beyond its confines", _beyond),),
    ("opening", "erase"): (("kept and gone", _saved),),
    ("retain", "erase"): (("kept and gone", _kept_too_long),),
    ("opening", "transform"): (("rough and exact", _unlimited),),
}
"""Modalities of two clauses that speak of common items to what can be wrong between them, as kind and rule."""
_FOR_ALL: tuple[tuple[str, _Rule], ...] = (("works and stops", _goes_on),)
"""What can be wrong between any two clauses, whatever items they speak of."""
