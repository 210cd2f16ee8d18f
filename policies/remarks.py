"""What the linter says: one line each, in groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policies.model import ONLY

GROUPS: Mapping[str, str] = {
    "cannot be met": "Duties that another clause stands against",
    "opens nothing": "Permits that another clause forbids wherever they hold",
    "kept and gone": "Kept by one clause, gone by another",
    "allowed and forbidden": "Permitted by one section, forbidden by another",
    "beyond its confines": "Permitted to somebody else than it is confined to",
    "rough and exact": "Limited in form or precision by one clause, not by another",
    "works and stops": "Functions that go on by one clause and stop by another",
    "cannot be broken": "Clauses that nothing can break",
    "between the documents": "Where the two documents part",
    "without a clause": "Sections of the document that no clause stands for",
    "without a note": "Inferred clauses that do not say from what",
    "unused": "Declared, and spoken of nowhere",
}
"""Kind of remark to the heading that its lines stand under, the gravest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """One thing that the linter found."""

    kind: str
    """One of `GROUPS`."""
    text: str
    """One line, clauses and sections in it."""
    clauses: tuple[str, ...] = ()
    """Those that it is about, at most two."""
    sections: tuple[str, ...] = ()
    """Of the clauses, in their order."""
    by_words: bool = False
    """Whether it takes the words alone of a clause that the register reads more narrowly."""
    readings: tuple[str, ...] = ()
    """Readings under which it holds, where others resolve it; none if it holds under all of them."""


def resolved(holding: Iterable[str], readings: Sequence[str]) -> str:
    """What to say of a remark that holds under some readings alone; empty if it holds under all of them."""
    under = [reading for reading in readings if reading in set(holding)]
    others = [reading for reading in readings if reading not in under]
    if not others or readings == (ONLY,):
        return ""
    return f"; under the {' and '.join(under)} reading, which the {' and '.join(others)} one resolves"
