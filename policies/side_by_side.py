"""Two documents held beside each other: two versions of one, or one in two languages.

Their clauses need not have one numbering. What a clause opens is looked up in the other document by item, function and
recipient; functions and recipients correspond where they share a name in any language. Where both know a clause by the
same id, what it says is compared as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policies.conflicts import OPENING, at, shortened
from policies.model import ANY, Clause, Policy
from policies.regions import circumstances
from policies.remarks import Remark
from policies.terms import covers_item
from telltale.items import taxonomy
from telltale.times import format_duration

_KIND = "between the documents"
_TIMED = ("erase", "retain")
"""Modalities of a clause that counts from an upload."""
_SAYS = ("modality", "items", "functions", "recipients", "when", "unless", "form", "precision", "within")
"""What is compared of clauses of one id."""


def differences(one: Policy, other: Policy) -> Iterator[Remark]:
    """Where the documents part, from either side."""
    first, second = _Side(one, other), _Side(other, one)
    yield from first.unknown()
    yield from second.unknown()
    yield from first.opened()
    yield from second.opened()
    for name in one.clauses.keys() & other.clauses.keys():
        yield from _changed(one, other, name)
    yield from _deadlines(first)


@dataclass(frozen=True)
class _Side:
    """One document as the other is asked about it."""

    policy: Policy
    other: Policy

    @property
    def label(self) -> str:
        """What the other document is called in a line."""
        document = self.other.document
        return f"{document.publisher} {document.version} ({document.language})"

    def function(self, name: str) -> str | None:
        """What the other calls the function."""
        rows = {key: {key, row.zh, *row.also} for key, row in self.other.document.functions.items()}
        row = self.policy.document.functions[name]
        return _sharing({name, row.zh, *row.also}, rows)

    def recipient(self, name: str) -> str | None:
        """What the other calls the organisation."""
        rows = {key: {key, *row.en, *row.zh} for key, row in self.other.organisations.items()}
        row = self.policy.organisations[name]
        return _sharing({name, *row.en, *row.zh}, rows)

    def functions(self, clause: Clause) -> list[str]:
        """The clause's functions, as the other calls them."""
        return _known(self.function(name) for name in clause.functions if name != ANY)

    def recipients(self, clause: Clause) -> list[str]:
        """The clause's recipients, as the other calls them."""
        return _known(self.recipient(name) for name in clause.recipients if name != ANY)

    def unknown(self) -> Iterator[Remark]:
        """Functions that clauses speak of and that the other document does not know."""
        spoken = {name for clause in self.policy.clauses.values() for name in clause.functions}
        for name, row in self.policy.document.functions.items():
            if name in spoken and self.function(name) is None:
                section = f" ({row.section})" if row.section else ""
                yield Remark(kind=_KIND, text=f"`{name}`{section} is no function of {self.label}")

    def opened(self) -> Iterator[Remark]:
        """What a clause here lets leave, and no clause there."""
        for clause in self.policy.clauses.values():
            if clause.modality not in OPENING or ANY in (*clause.items, *clause.functions, *clause.recipients):
                continue
            functions, recipients = self.functions(clause), self.recipients(clause)
            if not functions:
                continue  # told once, with the function
            shut = [
                item
                for item in clause.items
                if not any(_opens(theirs, item, functions, recipients) for theirs in self.other.clauses.values())
            ]
            if not shut:
                continue
            against = [c for c in self.other.clauses.values() if _forbids(c, shut, functions, recipients)]
            closing = set(self.other.document.default_deny)
            named = next((c for c in against if c.id not in closing), None)
            how = f"{at(named)} of {self.label} forbids it{circumstances(named)}" if named else f"{self.label} does not"
            yield Remark(
                kind=_KIND,
                text=f"{at(clause)} permits {shortened(shut)} for {shortened(clause.functions)}"
                f"{circumstances(clause)}, {how}",
                clauses=(clause.id, *([named.id] if named else [])),
                sections=(clause.section, *([named.section] if named else [])),
            )


def _opens(clause: Clause, item: str, functions: list[str], recipients: list[str]) -> bool:
    return clause.modality in OPENING and _speaks(clause, [item], functions, recipients)


def _forbids(clause: Clause, items: list[str], functions: list[str], recipients: list[str]) -> bool:
    return clause.modality == "forbid" and _speaks(clause, items, functions, recipients)


def _speaks(clause: Clause, items: list[str], functions: list[str], recipients: list[str]) -> bool:
    return (
        any(covers_item(clause, item) for item in items)
        and (ANY in clause.functions or bool(set(functions) & set(clause.functions)))
        and (ANY in clause.recipients or bool(set(recipients) & set(clause.recipients)))
    )


def _changed(one: Policy, other: Policy, name: str) -> Iterator[Remark]:
    """Clauses of one id that do not say the same."""
    mine, theirs = one.clauses[name], other.clauses[name]
    for field in _SAYS:
        before, after = getattr(mine, field), getattr(theirs, field)
        if before != after:
            word = field.replace("_", " ")
            yield Remark(
                kind=_KIND,
                text=f"{at(mine)} has {word} {_told(field, before)}, {at(theirs)} of {other.document.version} has "
                f"{_told(field, after)}",
                clauses=(mine.id, theirs.id),
                sections=(mine.section, theirs.section),
            )


def _deadlines(side: _Side) -> Iterator[Remark]:
    """The same data gone after another time."""
    for mine in side.policy.clauses.values():
        for theirs in side.other.clauses.values():
            if mine.id in side.other.clauses or mine.modality != theirs.modality or mine.modality not in _TIMED:
                continue
            items = [i for i in taxonomy() if covers_item(mine, i) and covers_item(theirs, i)]
            if items and set(side.functions(mine)) & set(theirs.functions) and mine.within != theirs.within:
                yield Remark(
                    kind=_KIND,
                    text=f"{at(mine)} has {shortened(items)} {mine.modality}d within {_told('within', mine.within)}, "
                    f"{at(theirs)} of {side.label} within {_told('within', theirs.within)}",
                    clauses=(mine.id, theirs.id),
                    sections=(mine.section, theirs.section),
                )


def _told(field: str, value: object) -> str:
    if field == "within" and isinstance(value, int):
        return format_duration(value)
    if field in ("when", "unless") and isinstance(value, tuple):
        return " or ".join(str({k: list(v) for k, v in one.items()}) for one in value) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _sharing(names: Iterable[str], rows: Mapping[str, Iterable[str]]) -> str | None:
    own = {name.casefold() for name in names}
    return next((key for key, theirs in rows.items() if own & {name.casefold() for name in theirs}), None)


def _known(names: Iterable[str | None]) -> list[str]:
    return [name for name in names if name is not None]
