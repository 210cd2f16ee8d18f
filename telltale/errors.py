"""Whose fault it was, and what to do about it: every error of the harness, as one readable line.

``InputError``   the user's files or options are wrong (exit status 2)
``RigError``     the bench could not do its work: a peer is gone, a capture died (inconclusive, exit status 3)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import Self


class ExitStatus(IntEnum):
    """Exit status of every command, ``pytest`` included."""

    COMPLIES = 0
    VIOLATES = 1
    USAGE = 2
    INCONCLUSIVE = 3

    @classmethod
    def gravest(cls, statuses: Iterable[ExitStatus]) -> ExitStatus:
        """The status that wins: 2, then 1, then 3, then 0; nothing at all is inconclusive."""
        seen = set(statuses)
        for status in (cls.USAGE, cls.VIOLATES, cls.INCONCLUSIVE, cls.COMPLIES):
            if status in seen:
                return status
        return cls.INCONCLUSIVE


class Line(int):
    """A 1-based line number that knows its file, where several files were read as one."""

    file: Path

    def __new__(cls, number: int, file: Path) -> Self:
        """Line *number* of *file*."""
        line = super().__new__(cls, number)
        line.file = file
        return line


class TelltaleError(Exception):
    """Root of the tree. ``str()`` is one line: what was given, what was expected, the mend."""

    exit_status = ExitStatus.INCONCLUSIVE


class InputError(TelltaleError):
    """A file, option or scenario of the user's is wrong, e.g. an unknown key in a rig file."""

    exit_status = ExitStatus.USAGE

    def __init__(self, message: str, *, file: Path | str | None = None, line: int | None = None) -> None:
        self.message = message
        if isinstance(line, Line):
            file, line = line.file, int(line)
        self.file = Path(file) if file is not None else None
        self.line = line
        place = "" if file is None else f"{file}:{line}: " if line is not None else f"{file}: "
        super().__init__(f"{place}{message}")


class RigError(TelltaleError):
    """The bench could not do its work, e.g. the packet capture died or the modem does not answer."""


class HostRefusedError(RigError):
    """This host does not let the bench do its work at all, so no scenario needs to be tried."""


class NamespacesRefusedError(HostRefusedError):
    """This host does not let the bench build its sealed network."""


def one_line(error: BaseException) -> str:
    """What *error* says in one line; what was not written to be read as it stands is named by its type."""
    told = str(error) if isinstance(error, TelltaleError) else f"{type(error).__name__}: {error}".removesuffix(": ")
    return " ".join(told.split())


def near_miss(given: str, known: Iterable[str]) -> str:
    """``"; did you mean `x`?"`` for the known names closest to *given*, or all of them if they are few, or nothing."""
    names = sorted(set(known))
    close = difflib.get_close_matches(given, names, n=3, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(f"`{name}`" for name in close) + "?"
    if 0 < len(names) <= 12:
        return "; known: " + ", ".join(f"`{name}`" for name in names)
    return ""
