"""Finds a section of a Chinese policy text by its marks, and digests it.

A section is named as the document counts: ``一(二)``, ``二(一)21``, ``一(二)2.1``. The marks and their ranks:

    一、      rank 0    a part
    (一)      rank 1    full-width brackets count as well
    1.        rank 2
    1.1       rank 3
    1) (1)    rank 4
    a. a)     rank 5

A section begins on the first line, within the section that holds it, that opens with its mark, and ends before the
next line that opens with a mark of its own or a higher rank. Of several parts with one mark (a table of contents
repeats them) the longest counts. ``一 preamble`` is what stands in 一 before its first mark of a lower rank,
``preamble`` alone what stands before the first part. White space at either end of a line, list dashes, asterisks and
empty lines are layout, not text: they are taken off before anything is compared or digested.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

_BRACKETS = str.maketrans({"\N{FULLWIDTH LEFT PARENTHESIS}": "(", "\N{FULLWIDTH RIGHT PARENTHESIS}": ")"})
_NUMERAL = "[一二三四五六七八九十]+"
_RANKS = (
    re.compile(rf"({_NUMERAL})、"),
    re.compile(rf"\(({_NUMERAL})\)"),
    re.compile(r"(\d+)\.(?!\d)"),
    re.compile(r"(\d+\.\d+)(?!\d)"),
    re.compile(r"\(?(\d+)\)"),
    re.compile(r"([a-z])[.)]"),
)
"""What opens a line of each rank."""

_WRITTEN = ("{}", "({})", "{}", "{}", " {})", "{}")
"""How a mark of each rank is written in a section's name."""

PREAMBLE = "preamble"
"""Ends the name of what stands before a section's first subsection."""

_NAME = re.compile(
    rf"(?P<r0>{_NUMERAL})|\((?P<r1>{_NUMERAL})\)|(?P<r3>\d+\.\d+)|(?P<r4>\d+)\)|(?P<r2>\d+)|(?P<r5>[a-z])"
)


def lines_of(text: str) -> list[str]:
    """The lines of a document without layout."""
    stripped = (line.strip().lstrip("-").replace("*", "").strip() for line in text.splitlines())
    return [line for line in stripped if line]


def section_lines(text: str, name: str) -> list[str]:
    """The lines of the section called *name*, its heading first.

    :raises ValueError: *name* is not made of marks, or the text has no such section
    """
    lines = lines_of(text)
    marks = marks_of(name)
    for rank, mark in marks:
        starts = [n for n, line in enumerate(lines) if opens(line, rank) == mark]
        if not starts:
            raise ValueError(f"has no section `{name}`: no line opens with the mark `{mark}`")
        spans = [lines[start : _end(lines, start, rank)] for start in starts]
        lines = max(spans, key=len) if rank == 0 else spans[0]
    if name.endswith(PREAMBLE):
        below = marks[-1][0] + 1 if marks else 0
        first = next(
            (r for r in range(below, len(_RANKS)) if any(opens(line, r) for line in lines[bool(marks) :])), None
        )
        inside = range(bool(marks), len(lines))
        stop = next((n for n in inside if first is not None and opens(lines[n], first)), len(lines))
        lines = lines[:stop]
    return lines


def subsections(text: str, name: str) -> list[str]:
    """Names of the sections of the next rank that there is inside the section called *name*; of the whole text for "".

    :raises ValueError: as `section_lines`
    """
    lines = section_lines(text, name)[1:] if name else lines_of(text)
    below = marks_of(name)[-1][0] + 1 if name else 0
    for rank in range(below, len(_RANKS)):
        marks = dict.fromkeys(mark for line in lines if (mark := opens(line, rank)) is not None)
        if marks:
            return [f"{name}{_WRITTEN[rank].format(mark)}" for mark in marks]
    return []


def section_digest(text: str, name: str) -> str:
    """SHA-256, in hex, of the section's lines joined by LF, as UTF-8; errors as in `section_lines`."""
    return hashlib.sha256("\n".join(section_lines(text, name)).encode()).hexdigest()


def marks_of(name: str) -> list[tuple[int, str]]:
    """Rank and mark of each step down to the section: ``一(二)2.1`` is ``[(0, 一), (1, 二), (3, 2.1)]``.

    :raises ValueError: *name* is not a chain of marks of falling rank
    """
    marks: list[tuple[int, str]] = []
    rest = name.removesuffix(PREAMBLE).strip().translate(_BRACKETS)
    while rest:
        found = _NAME.match(rest)
        if not found or not found.lastgroup:
            break
        marks.append((int(found.lastgroup[1]), found[found.lastgroup]))
        rest = rest[found.end() :].lstrip()
    ranks = [rank for rank, _ in marks]
    if rest or not name.strip() or ranks != sorted(set(ranks)):
        raise ValueError(f"`{name}` is not a section's name; write it like `二(一)21` or `一(二)2.1`")
    return marks


def opens(line: str, rank: int) -> str | None:
    """The mark of that rank that *line* opens with; None if it opens with none."""
    found = _RANKS[rank].match(line.translate(_BRACKETS))
    return found[1] if found else None


def _end(lines: Sequence[str], start: int, rank: int) -> int:
    for number in range(start + 1, len(lines)):
        if any(opens(lines[number], higher) for higher in range(rank + 1)):
            return number
    return len(lines)
