"""The three verdicts, and how several become one."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from telltale.errors import ExitStatus


class Verdict(StrEnum):
    """``violates`` needs evidence, ``complies`` a complete and controlled capture; all else is ``inconclusive``."""

    COMPLIES = "complies"
    VIOLATES = "violates"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status that reports this verdict."""
        return _EXIT[self]

    @classmethod
    def gravest(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """violates before inconclusive before complies; nothing judged is inconclusive."""
        seen = set(verdicts)
        for verdict in (cls.VIOLATES, cls.INCONCLUSIVE, cls.COMPLIES):
            if verdict in seen:
                return verdict
        return cls.INCONCLUSIVE


_EXIT = {
    Verdict.COMPLIES: ExitStatus.COMPLIES,
    Verdict.VIOLATES: ExitStatus.VIOLATES,
    Verdict.INCONCLUSIVE: ExitStatus.INCONCLUSIVE,
}
