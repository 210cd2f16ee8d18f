"""A policy document as plain data: clauses, organisations, endpoints, readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from telltale.errors import InputError, near_miss
from telltale.timeline import Fact
from telltale.yamlfile import Duration, Strict

Modality = Literal["permit", "forbid", "erase", "retain", "transform", "confine", "oblige", "respond", "attest"]
Basis = Literal["generated", "sent"]

ANY = "any"
"""In a clause: every item, function or recipient. A permit for any still covers declared ones only."""

ONLY = "only"
"""The one reading of a document that declares none."""


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _alternatives(given: Any) -> Any:
    """One mapping or a list of them; each fact with one value or a list of values."""
    if isinstance(given, Mapping):
        given = [given]
    if not isinstance(given, list | tuple):
        return given
    return [
        {fact: value if isinstance(value, list | tuple) else [value] for fact, value in facts.items()}
        if isinstance(facts, Mapping)
        else facts
        for facts in given
    ]


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Conditions = Annotated[
    tuple[dict[str, Annotated[tuple[Fact, ...], Field(min_length=1)]], ...], BeforeValidator(_alternatives)
]
"""Alternatives: one of them must hold, and it holds when all its facts do."""
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Variant(Strict):
    """What a clause says otherwise under one reading."""

    items: Names | None = None
    functions: Names | None = None
    recipients: Names | None = None
    when: Conditions | None = None
    unless: Conditions | None = None
    form: Names | None = None
    precision: float | None = None
    within: Duration | None = None
    working_days: int | None = Field(default=None, gt=0, le=60)
    time_basis: Basis | None = None


class Wording(Variant):
    """What a sentence says by its words alone, where the register reads it more narrowly."""

    modality: Modality | None = None


class ClauseRow(Strict):
    """One entry of clauses.yaml; its key is the clause's id."""

    section: str
    """Where the document says it, by the name the document's digests use."""
    statement: str
    """The commitment in our own words, in English."""
    modality: Modality
    items: Names = ()
    broad: bool = False
    """Whether the items cover their narrower items as well, because the document says so."""
    functions: Names = ()
    but_for: Names = ()
    """Functions that ``any`` does not reach: what law or an emergency asks for, say."""
    recipients: Names = ()
    channels: Names = ()
    """Over these channels only (``http``, ``tcp`` …); none given means over any."""
    countries: Names = ()
    """Of a confine: where the recipient's server may stand, ISO 3166-1 alpha-2."""
    when: Conditions = ()
    """In force only under one of these states of the unit."""
    unless: Conditions = ()
    """Not in force under any of these states of the unit."""
    form: Names = ()
    """Forms that are allowed, e.g. coarse; none given allows every form."""
    precision: float | None = Field(default=None, gt=0)
    """For positions: no finer than this many metres."""
    within: Duration | None = None
    """A deadline, ns, counted from `counted_from`."""
    working_days: int | None = Field(default=None, gt=0, le=60)
    """A deadline in working days, see `policies.workdays`, counted from `counted_from`."""
    counted_from: str | None = None
    requests: Names = ()
    """Of a respond clause: the requests whose answer it gives a time for, by the document's names, or ``any``."""
    begins: Conditions = ()
    """The deadline runs from the moment at which one of these states of the unit comes about after the upload; from the
    upload itself if there is none."""
    time_basis: Basis = "generated"
    """Whether the moment of making the data counts, or that of sending it."""
    works: dict[str, Conditions] = Field(default_factory=dict)
    """Function to the states of the unit in which the document says that it goes on. Told by the linter, not judged."""
    stops: dict[str, Conditions] = Field(default_factory=dict)
    """Function to the states of the unit in which the document says that it is not to be had."""
    reading: str | None = None
    """The clause exists under this reading only."""
    under: dict[str, Variant] = Field(default_factory=dict)
    """Reading to what the clause says otherwise under it."""
    literally: Wording | None = None
    """What it says otherwise by its words alone. Nothing is judged by that; the linter holds other clauses to it."""
    warning: bool = False
    """Inferred, not stated by the document: a breach is told as a warning and decides no verdict."""
    procedure: str | None = None
    """For what no bench can see: what somebody does to find out."""
    evidence: str | None = None
    """What counts as the answer to it."""
    requirements: tuple[str, ...] = ()
    """Outside requirements that the clause serves: a law's article, a standard's section."""
    note: str | None = None
    """Why the register reads the document so."""
    untested: str | None = None
    """Why no scenario names the clause; None for one that scenarios name."""


class Clause(ClauseRow):
    """One commitment of a document."""

    id: str

    def read_as(self, reading: str) -> Clause:
        """The clause as it stands under *reading*."""
        variant = self.under.get(reading)
        return self if variant is None else self._with(variant)

    @property
    def by_its_words(self) -> Clause | None:
        """The clause as its words alone would have it; None where it is read so anyhow."""
        return None if self.literally is None else self._with(self.literally)

    def _with(self, variant: Variant) -> Clause:
        names = type(variant).model_fields
        changed = {name: value for name in names if (value := getattr(variant, name)) is not None}
        return self.model_copy(update=changed)

    def is_about(self, function: str | None, organisation: str | None) -> bool:
        """Whether function and recipient are the clause's; None is undeclared, and only ``any`` is about that."""
        return self.speaks_of(function) and (ANY in self.recipients or organisation in self.recipients)

    def speaks_of(self, function: str | None) -> bool:
        """Whether it is about the function, whoever receives."""
        return function in self.functions or (ANY in self.functions and function not in self.but_for)


class FunctionRow(Strict):
    """A function of the car as people say it; the key is its English name."""

    zh: str
    also: Names = ()
    """Further names, in either language."""
    section: str | None = None
    """Where the document describes it; None for background that no document speaks of."""


class OrganisationRow(Strict):
    """One entry of recipients.yaml; its key is the organisation's id."""

    en: Names = Field(min_length=1)
    zh: Names = Field(min_length=1)
    kind: Literal["maker", "affiliate", "processor", "third party", "authority", "person", "place"]
    """``place``: no one, but somewhere that data is kept: the owner's USB stick, the car itself."""


class Organisation(OrganisationRow):
    """A recipient that the document names. The first name of each language is the one that is printed."""

    id: str


class Endpoint(Strict):
    """The maker's interpretation of one way out: whose it is, and for what. What is left out matches everything."""

    host: str | None = None
    """A name or address, or ``*.example.test`` for the names below one."""
    path: str | None = None
    """URL path or MQTT topic by segments: ``*`` is one segment, ``**`` at the end any rest."""
    channel: str | None = None
    kind: str | None = None
    organisation: str
    function: str
    background: bool = False
    """Not the car's doing for a function: it does not count in closed-world claims. A sighting in it does."""
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$")
    """Where the server stands, as the maker says (ISO 3166-1 alpha-2); None: as the file says of all."""
    opaque: bool = False
    """Content that the bench cannot read is expected here, and accepted."""
    generated_at: str | None = None
    """JSON field beside the data that says when they were made: ISO 8601 (UTC if it names no zone), or Unix time in
    seconds or milliseconds."""
    approved_by: str
    evidence: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.channel, self.kind, self.host, self.path)))


class Source(Strict):
    """The text that the register was written from."""

    sha256: Digest
    """Of the file's bytes."""
    sections: dict[str, Digest]
    """Section to digest, by the rule of `policies.sections`."""


class Document(Strict):
    """document.yaml."""

    publisher: str
    title: str
    version: str
    effective: date
    language: str
    source: Source
    readings: dict[str, str] = Field(default_factory=dict)
    """Name to what it means."""
    functions: dict[str, FunctionRow]
    facts: dict[str, Annotated[tuple[Fact, ...], Field(min_length=1)]]
    """Unit state that clauses speak of, with the values it can take."""
    requests: dict[str, str] = Field(default_factory=dict)
    """What people may ask of the publisher, and how the document calls it."""
    default_deny: Names = Field(min_length=1)
    """The clauses that close the document's world. They are broken by what nothing permits, and by nothing else."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A declared document with its clauses, organisations and endpoints."""

    folder: Path
    document: Document
    clauses: Mapping[str, Clause]
    organisations: Mapping[str, Organisation]
    endpoints: tuple[Endpoint, ...]

    @property
    def clause_ids(self) -> frozenset[str]:
        """Every clause's id."""
        return frozenset(self.clauses)

    @property
    def readings(self) -> tuple[str, ...]:
        """Every reading's name; ``only`` where the document declares none."""
        return tuple(self.document.readings) or (ONLY,)

    @cached_property
    def _by_reading(self) -> dict[str, tuple[Clause, ...]]:
        return {
            reading: tuple(
                clause.read_as(reading) for clause in self.clauses.values() if clause.reading in (None, reading)
            )
            for reading in self.readings
        }

    def under(self, reading: str) -> tuple[Clause, ...]:
        """The clauses that count under *reading*, as they stand there.

        :raises InputError: the document has no such reading
        """
        if reading not in self._by_reading:
            raise self._unknown("reading", reading, self.readings)
        return self._by_reading[reading]

    def clause(self, name: str) -> Clause:
        """:raises InputError: no clause has that id; the message shows the near-misses"""
        if name not in self.clauses:
            raise self._unknown("clause", name, self.clauses)
        return self.clauses[name]

    def organisation_named(self, words: str) -> Organisation:
        """The organisation with that id or one of those names, in English or Chinese, in any case.

        :raises InputError: there is none; the message shows the near-misses
        """
        by_name = {n.casefold(): o for o in self.organisations.values() for n in (o.id, *o.en, *o.zh)}
        found = by_name.get(_plain(words))
        if found is None:
            raise self._unknown("organisation", words, [o.en[0] for o in self.organisations.values()])
        return found

    def function_named(self, words: str) -> str:
        """The function's English name, from that or its Chinese one, in any case.

        :raises InputError: there is none; the message shows the near-misses
        """
        functions = self.document.functions
        by_name = {n.casefold(): name for name, row in functions.items() for n in (name, row.zh, *row.also)}
        found = by_name.get(_plain(words))
        if found is None:
            raise self._unknown("function", words, functions)
        return found

    def _unknown(self, what: str, given: str, known: Iterable[str]) -> InputError:
        return InputError(f"unknown {what} `{given}`" + near_miss(given, known), file=self.folder)


def _plain(words: str) -> str:
    plain = " ".join(words.casefold().split())
    return plain.removeprefix("the ")
