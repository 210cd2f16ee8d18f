"""How grave a verdict is, and its colour in every picture and page."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from telltale.verdict import Verdict

COLOURS = MappingProxyType(
    {Verdict.VIOLATES: "#cf222e", Verdict.INCONCLUSIVE: "#bf8700", Verdict.COMPLIES: "#2da44e", None: "#8c959f"}
)
"""None is not judged."""
GRAVITY = MappingProxyType({Verdict.VIOLATES: 3, Verdict.INCONCLUSIVE: 2, Verdict.COMPLIES: 1, None: 0})


def gravest(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The gravest; None where nothing was judged."""
    return max(verdicts, key=GRAVITY.__getitem__, default=None)
