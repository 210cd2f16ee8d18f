"""Reads a policy folder; whatever is wrong in it is told with file, line, near-misses and the mend."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from policies.endpoints import ambiguous
from policies.model import (
    ANY,
    Clause,
    ClauseRow,
    Conditions,
    Document,
    Endpoint,
    Organisation,
    OrganisationRow,
    Policy,
    Variant,
)
from policies.sections import marks_of
from telltale.errors import InputError, near_miss
from telltale.items import taxonomy
from telltale.timeline import Fact
from telltale.yamlfile import Location, Strict, check, line_of, read_whole

M = TypeVar("M", bound=Strict)


class _Clauses(Strict):
    clauses: dict[str, ClauseRow]
    facts: dict[str, Annotated[tuple[Fact, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Unit state that only these clauses speak of; the document's own list has what many do."""


class _Recipients(Strict):
    organisations: dict[str, OrganisationRow]


class _Endpoints(Strict):
    endpoints: tuple[Endpoint, ...]
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$")
    """Where servers stand of which no row says otherwise."""

    def rows(self) -> tuple[Endpoint, ...]:
        """The endpoints, each with its country as far as one is told."""
        return tuple(
            row if row.country or not self.country else row.model_copy(update={"country": self.country})
            for row in self.endpoints
        )


_NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "permit": (("items",), ("functions",), ("recipients",)),
    "oblige": (("items",), ("functions",), ("recipients",)),
    "forbid": (("items",), ("functions",), ("recipients",)),
    "confine": (("items",), ("functions",), ("recipients",)),
    "transform": (("items",), ("functions",), ("recipients",), ("form", "precision")),
    "erase": (("items",), ("functions",), ("within",), ("counted_from",)),
    "retain": (("items",), ("within",), ("counted_from",)),
    "respond": (("requests",), ("within", "working_days"), ("counted_from",)),
    "attest": (("procedure",), ("evidence",)),
}
"""What a clause of each modality cannot do without: one of each group."""


@dataclass(frozen=True)
class _File(Generic[M]):
    path: Path
    content: M
    lines: Mapping[Location, int]

    @classmethod
    def read(cls, path: Path, model: type[M]) -> _File[M]:
        data, lines = read_whole(path)
        return cls(path, check(data, model, path, lines), lines)

    def error(self, message: str, *place: int | str) -> InputError:
        return InputError(message, file=self.path, line=line_of(place, self.lines))

    def known(self, what: str, given: object, names: Collection[str], *place: int | str) -> None:
        if given not in names:
            raise self.error(f"unknown {what} `{given}`" + near_miss(str(given), names), *place)

    def all_known(self, what: str, given: Iterable[str] | None, names: Collection[str], *place: int | str) -> None:
        for number, name in enumerate(given or ()):
            if name != ANY:
                self.known(what, name, names, *place, number)


def load_policy(folder: Path | str) -> Policy:
    """The policy in *folder*: document.yaml, clauses.yaml, recipients.yaml, endpoints.yaml, each perhaps in parts.

    :raises InputError: something is missing, misspelt or contradictory; one line with file and line
    """
    folder = Path(folder)
    if not folder.is_dir():
        names = [p.name for p in folder.parent.iterdir() if p.is_dir()] if folder.parent.is_dir() else []
        raise InputError(
            "no such policy folder" + near_miss(folder.name, names)
            if not folder.exists()
            else "is a file; a policy is the folder that holds document.yaml and clauses.yaml",
            file=folder,
        )
    inside = [path.parent.name for path in folder.glob("*/document.yaml")]
    if inside and not (folder / "document.yaml").exists():
        raise InputError("holds policies and is none itself" + near_miss(folder.name, inside), file=folder)
    document = _File.read(folder / "document.yaml", Document)
    recipients = _File.read(folder / "recipients.yaml", _Recipients)
    clauses = _File.read(folder / "clauses.yaml", _Clauses)
    endpoints = _File.read(folder / "endpoints.yaml", _Endpoints)
    for name in clauses.content.facts:
        if name in document.content.facts:
            raise clauses.error(f"the fact `{name}` stands in document.yaml already", "facts", name)
    facts = {**document.content.facts, **clauses.content.facts}
    policy = Policy(
        folder=folder,
        document=document.content.model_copy(update={"facts": facts}),
        clauses={name: Clause(id=name, **row.model_dump()) for name, row in clauses.content.clauses.items()},
        organisations={
            name: Organisation(id=name, **row.model_dump()) for name, row in recipients.content.organisations.items()
        },
        endpoints=endpoints.content.rows(),
    )
    _check_document(document, policy)
    _check_recipients(recipients)
    for clause in policy.clauses.values():
        _check_clause(clauses, clause, policy)
    _check_endpoints(endpoints, policy)
    return policy


def _check_document(file: _File[Document], policy: Policy) -> None:
    sections = file.content.source.sections
    for name in sections:
        try:
            marks_of(name)
        except ValueError as error:
            raise file.error(str(error), "source", "sections", name) from None
    for name, function in file.content.functions.items():
        if function.section is not None:
            file.known("section", function.section, sections, "functions", name, "section")
    for number, name in enumerate(file.content.default_deny):
        file.known("clause", name, policy.clauses, "default deny", number)


def _check_recipients(file: _File[_Recipients]) -> None:
    taken: dict[str, str] = {}
    for name, row in file.content.organisations.items():
        for word in {word.casefold() for word in (name, *row.en, *row.zh)}:
            if word in taken:
                raise file.error(
                    f"`{name}` and `{taken[word]}` are both called `{word}`; a name means one organisation",
                    "organisations",
                    name,
                )
            taken[word] = name


def _check_clause(file: _File[_Clauses], clause: Clause, policy: Policy) -> None:
    here = ("clauses", clause.id)
    document = policy.document
    file.known("section", clause.section, document.source.sections, *here, "section")
    if clause.reading is not None:
        file.known("reading", clause.reading, document.readings, *here, "reading")
    file.all_known("function", clause.but_for, document.functions, *here, "but for")
    if clause.but_for and ANY not in clause.functions:
        raise file.error(f"`{clause.id}` has `but for`, which belongs to `functions: any`", *here, "but for")
    file.all_known("request", clause.requests, document.requests, *here, "requests")
    for reading in clause.under:
        file.known("reading", reading, document.readings, *here, "under", reading)
    for group in _NEEDS[clause.modality]:
        if not any(getattr(clause, name) for name in group):
            wanted = " or ".join(f"`{name.replace('_', ' ')}`" for name in group)
            article = "an" if clause.modality[0] in "aeo" else "a"
            raise file.error(f"`{clause.id}` has no {wanted}; {article} {clause.modality} clause needs it", *here)
    _check_terms(file, clause, policy, here)
    if clause.literally is not None:
        _check_terms(file, clause.literally, policy, (*here, "literally"))
    for reading, variant in clause.under.items():
        _check_terms(file, variant, policy, (*here, "under", reading))


def _check_terms(file: _File[_Clauses], part: Clause | Variant, policy: Policy, here: Location) -> None:
    file.all_known("item", part.items, taxonomy(), *here, "items")
    file.all_known("function", part.functions, policy.document.functions, *here, "functions")
    file.all_known("organisation", part.recipients, policy.organisations, *here, "recipients")
    for key in ("when", "unless", "begins"):
        _check_conditions(file, getattr(part, key, ()), policy, (*here, key))
    for key in ("works", "stops"):
        for function, alternatives in getattr(part, key, {}).items():
            file.known("function", function, policy.document.functions, *here, key, function)
            _check_conditions(file, alternatives, policy, (*here, key, function))


def _check_conditions(file: _File[_Clauses], alternatives: Conditions | None, policy: Policy, here: Location) -> None:
    facts = policy.document.facts
    for number, condition in enumerate(alternatives or ()):
        for fact, values in condition.items():
            listed = (*here, number, fact)
            at = listed if listed in file.lines else (*here, fact)
            file.known("fact", fact, facts, *at)
            for value in values:
                if value not in facts[fact]:
                    expected = ", ".join(map(str, facts[fact]))
                    raise file.error(f"`{fact}` is never `{value}`; the document's facts say {expected}", *at)


def _check_endpoints(file: _File[_Endpoints], policy: Policy) -> None:
    rows = file.content.endpoints
    for number, row in enumerate(rows):
        here = ("endpoints", number)
        file.known("organisation", row.organisation, policy.organisations, *here, "organisation")
        file.known("function", row.function, policy.document.functions, *here, "function")
        if row.host is None and row.channel is None:
            raise file.error("an endpoint without `host` and `channel` would claim every transmission", *here)
        if row.host is not None and "*" in row.host.removeprefix("*."):
            raise file.error(f"`{row.host}`: a host is a name, an address or `*.` and a name", *here, "host")
        if row.path is not None and "**" in row.path.strip("/").split("/")[:-1]:
            raise file.error(f"`{row.path}`: `**` stands for the rest, so only at the end", *here, "path")
    pair = ambiguous(rows)
    if pair is not None:
        first, second = pair
        raise file.error(
            f"`{rows[second]}` and the row in line {file.lines['endpoints', first]} could both claim one transmission; "
            "make one more specific",
            "endpoints",
            second,
        )
