"""What a new version of a document touches: sections by their digests, clauses by their sections.

The old text is not needed.
A section that only got another number is found again: its heading is given the old mark and digested anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.model import Clause, Policy
from policies.sections import PREAMBLE, marks_of, opens, section_digest, section_lines, subsections

Change = Literal["changed", "removed", "moved", "added"]
_COMPANY = re.compile(
    r"[\w()\N{FULLWIDTH LEFT PARENTHESIS}\N{FULLWIDTH RIGHT PARENTHESIS}]{2,30}?"
    r"(?:有限责任公司|股份有限公司|有限公司|集团)"
    r"|(?:[A-Z][\w&.-]*\s){1,4}(?:Co\.,? ?Ltd\.?|Ltd\.?|Inc\.?|LLC|GmbH|AG|Corporation)"
)
"""An organisation by its legal form."""
_BEFORE_A_NAME = re.compile(r"^.*(?:由|向|与|和|及|给|至|的|为|在|是|如)(?=\w{4,})")
"""Words of the sentence that run into a Chinese name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """A section that is not what it was, with the clauses that rest on it."""

    section: str
    """As the document's digests name it; the new name of an added one."""
    change: Change
    clauses: tuple[Clause, ...] = ()
    now: str | None = None
    """Where a moved section stands now."""
    organisations: tuple[str, ...] = ()
    """What looks like an organisation in the new text of the section, and is none that the policy names."""


def drift(policy: Policy, text: str) -> list[Touched]:
    """Sections of *text* that differ from what the policy was written from, in the document's order, added ones last.

    :raises ValueError: the text has none of the document's sections
    """
    declared = policy.document.source.sections
    present = {name: digest for name in declared if (digest := _digest(text, name)) is not None}
    if not present.keys() - {PREAMBLE}:  # which any text has
        raise ValueError(f"holds none of the document's {len(declared)} sections; is it another document?")
    touched: list[Touched] = []
    moved = _moved(policy, text, [name for name in declared if present.get(name) != declared[name]])
    for name, digest in declared.items():
        if present.get(name) == digest:
            continue
        if name in moved:
            touched.append(Touched(section=name, change="moved", clauses=_on(policy, name), now=moved[name]))
        elif name in present and name not in moved.values():
            others = _organisations(policy, section_lines(text, name))
            touched.append(Touched(section=name, change="changed", clauses=_on(policy, name), organisations=others))
        else:
            touched.append(Touched(section=name, change="removed", clauses=_on(policy, name)))
    for name in _undeclared(policy, text):
        if name not in moved.values():
            others = _organisations(policy, section_lines(text, name))
            touched.append(Touched(section=name, change="added", organisations=others))
    return touched


def unchanged(policy: Policy, text: str) -> int:
    """How many of the document's sections stand unchanged in *text*."""
    return sum(_digest(text, name) == digest for name, digest in policy.document.source.sections.items())


def file_digest(data: bytes) -> str:
    """SHA-256, in hex, of a whole text."""
    return hashlib.sha256(data).hexdigest()


def digests(text: str, names: Sequence[str] = ()) -> dict[str, str]:
    """Section to digest, of the sections called *names*; of every one down to the third rank if none is named.

    :raises ValueError: the text has no such section
    """
    return {name: section_digest(text, name) for name in names or tuple(_leaves(text, "", 3))}


def _digest(text: str, name: str) -> str | None:
    try:
        return section_digest(text, name)
    except ValueError:
        return None


def _on(policy: Policy, section: str) -> tuple[Clause, ...]:
    return tuple(clause for clause in policy.clauses.values() if clause.section == section)


def _undeclared(policy: Policy, text: str) -> Iterator[str]:
    """Sections of the text that the document's digests neither name nor hold inside another."""
    named = policy.document.source.sections
    declared = {_path(name) for name in named if not name.endswith(PREAMBLE)}

    def below(name: str) -> Iterator[str]:
        if (preamble := _preamble(text, name)) and preamble not in named:
            yield preamble
        for child in subsections(text, name):
            path = _path(child)
            if path in declared:
                continue
            if any(other[: len(path)] == path for other in declared):
                yield from below(child)
            else:
                yield child

    return below("")


def _path(name: str) -> tuple[tuple[int, str], ...]:
    return tuple(marks_of(name))


def _moved(policy: Policy, text: str, lost: Sequence[str]) -> dict[str, str]:
    """Sections whose text stands unchanged under another number, with that."""
    declared = policy.document.source.sections
    found: dict[str, str] = {}
    for name in lost:
        if name.endswith(PREAMBLE):
            continue
        *above, (rank, mark) = marks_of(name)
        holder = _name_above(name, rank, mark)
        for other in (child for child in subsections(text, holder) if _path(child)[:-1] == tuple(above)):
            lines = section_lines(text, other)
            now = opens(lines[0], rank)
            if other != name and now is not None:
                renamed = [lines[0].replace(now, mark, 1), *lines[1:]]
                if hashlib.sha256("\n".join(renamed).encode()).hexdigest() == declared[name]:
                    found[name] = other
    return found


def _name_above(name: str, rank: int, mark: str) -> str:
    """The name of the section that holds *name*, whose own last mark is *mark*."""
    ending = {1: f"({mark})", 4: f"{mark})"}.get(rank, mark)
    return name.strip().removesuffix(ending).strip()


def _leaves(text: str, name: str, ranks: int) -> Iterator[str]:
    """Sections without subsections of the first few *ranks*, and what stands before the subsections of the others."""
    children = [child for child in subsections(text, name) if marks_of(child)[-1][0] < ranks]
    if not children:
        yield name
        return
    if preamble := _preamble(text, name):
        yield preamble
    for child in children:
        yield from _leaves(text, child, ranks)


def _preamble(text: str, name: str) -> str | None:
    """The name of what stands before the first subsection, if that is more than the heading."""
    preamble = f"{name} {PREAMBLE}".strip()  # which has no line at all in a text that begins with a mark
    return preamble if len(section_lines(text, preamble)) > (1 if name else 0) else None


def _organisations(policy: Policy, lines: Sequence[str]) -> tuple[str, ...]:
    known = {word.casefold() for row in policy.organisations.values() for word in (*row.en, *row.zh)}
    named = (_BEFORE_A_NAME.sub("", found.group()).strip() for line in lines for found in _COMPANY.finditer(line))
    return tuple(dict.fromkeys(name for name in named if name.casefold() not in known))
