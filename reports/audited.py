"""What came of the audit of one capture; small, whatever the capture's size."""

from __future__ import annotations

from dataclasses import dataclass

from reports.overview import Overview
from telltale.errors import ExitStatus
from telltale.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """One capture, looked into and judged, or the reason why not."""

    name: str
    size: int
    """Bytes."""
    kind: str = ""
    """``pcap``, ``har`` …; empty where it could not be opened."""
    overview: Overview | None = None
    """None where it could not be opened."""
    gaps: tuple[str, ...] = ()
    """What could not be seen, a sentence each."""
    ours: int = 0
    """Control transmissions that a bench's own record names; nothing else here counts them."""
    verdict: Verdict | None = None
    """None without a policy, and of what stayed in the car."""
    aboard: bool = False
    """Whether all that it holds stayed in the car, as on a CAN bus: there is nothing to be judged then."""
    conclusion: tuple[str, ...] = ()
    """The judgement in lines for people."""
    failure: str | None = None
    """Why there is nothing to tell, in one line."""
    failed: ExitStatus = ExitStatus.INCONCLUSIVE
    """What that failure is worth."""

    @property
    def status(self) -> ExitStatus:
        """The exit status that this capture stands for."""
        if self.failure is not None:
            return self.failed
        return self.verdict.exit_status if self.verdict else ExitStatus.COMPLIES

    @property
    def outcome(self) -> str:
        """One word or two for a table: the verdict, ``listed``, ``not opened`` or ``failed``."""
        if self.failure is not None:
            return "not opened" if self.failed is ExitStatus.USAGE else "failed"
        return str(self.verdict or "listed")
