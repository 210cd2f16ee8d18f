"""What the judge concludes, in pieces small enough to be checked one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from telltale.sighting import Sighting
from telltale.transmission import Transmission
from telltale.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One judgement: transmission, sighting, clauses and a reason."""

    verdict: Verdict
    reason: str
    """One sentence for people; names clause, item and recipient, never an identity in clear."""
    clauses: tuple[str, ...] = ()
    reading: str | None = None
    """The reading it was judged under; None when every reading says the same."""
    function: str | None = None
    """The car's function that the endpoint row names; None is undeclared."""
    organisation: str | None = None
    """The recipient's organisation; None is undeclared."""
    transmission: Transmission | None = None
    sighting: Sighting | None = None
    request: str | None = None
    """What an owner had asked for, where that is judged."""
    bench: int | None = None
    """Bench time of the matter judged, ns (the sending, or the moment of a check)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What one Then came to: a verdict per reading, with the findings behind it."""

    claim: str
    verdicts: dict[str, Verdict]
    """Reading to verdict. A claim without readings has the single key ``"only"``."""
    findings: tuple[Finding, ...] = ()
    clauses: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What the bench could not see, cause by cause."""

    @property
    def verdict(self) -> Verdict:
        """The gravest over all readings."""
        return Verdict.gravest(self.verdicts.values())

    @property
    def readings_differ(self) -> bool:
        """Whether the readings of an ambiguous clause part here."""
        return len(set(self.verdicts.values())) > 1

    @classmethod
    def together(cls, judgements: Iterable[Judgement]) -> Judgement:
        """Several judgements of one claim as one: the findings of all, and the gravest verdict under each reading.

        :raises ValueError: there are none
        """
        parts = tuple(judgements)
        if not parts:
            raise ValueError("no judgement to put together")
        return cls(
            claim=parts[0].claim,
            verdicts={
                reading: Verdict.gravest(part.verdicts[reading] for part in parts) for reading in parts[0].verdicts
            },
            findings=tuple(finding for part in parts for finding in part.findings),
            clauses=tuple(dict.fromkeys(clause for part in parts for clause in part.clauses)),
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        )

    @classmethod
    def of(
        cls,
        claim: str,
        findings: Iterable[Finding],
        *,
        gaps: Iterable[str] = (),
        clauses: Iterable[str] = (),
        readings: Iterable[str] = ("only",),
    ) -> Judgement:
        """Judge by the findings under each reading; *gaps* (what could not be seen) turn complies into inconclusive."""
        kept = tuple(findings)
        notes = tuple(gaps)
        verdicts = {}
        for reading in readings:
            seen = [finding.verdict for finding in kept if finding.reading in (None, reading)]
            if Verdict.VIOLATES in seen:
                verdicts[reading] = Verdict.VIOLATES
            elif notes or Verdict.INCONCLUSIVE in seen:
                verdicts[reading] = Verdict.INCONCLUSIVE
            else:
                verdicts[reading] = Verdict.COMPLIES
        return cls(claim=claim, verdicts=verdicts, findings=kept, clauses=tuple(clauses), notes=notes)
