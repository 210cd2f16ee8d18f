"""Equation 1 of the accounting without interfaces: relayed bytes = recorded bytes, per uplink, in both directions.

*Relayed* is counted where the relay takes bytes from a socket, *recorded* in the file itself. There are no interface
counters, so it says nothing about what never came to the relay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayedUplink:
    """What one uplink came to in a window; bytes of TCP payload."""

    uplink: str
    interface: str
    connections: int
    relayed_up: int
    """Taken from the unit."""
    relayed_down: int
    """Taken from the gateway."""
    recorded_up: int
    recorded_down: int
    settled: bool
    """Whether nothing was under way any more before the time limit."""

    @property
    def balance(self) -> int:
        """0 when the equation closes, else by how many bytes it is off."""
        return abs(self.relayed_up - self.recorded_up) + abs(self.relayed_down - self.recorded_down)

    def explain(self) -> str:
        """One line for people."""
        relayed, recorded = self.relayed_up + self.relayed_down, self.recorded_up + self.recorded_down
        said = (
            f"{self.uplink} ({self.interface}): {relayed:,} bytes relayed on {self.connections:,} connections; "
            f"{recorded:,} bytes recorded; no interface counters in loopback"
        )
        notes = [f"{self.balance:,} bytes unaccounted for"] if self.balance else []
        return "; ".join([said, *notes, *([] if self.settled else ["the counts did not settle"])])


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayCounts:
    """What all uplinks came to in a window."""

    equation: ClassVar[str] = "relayed bytes = recorded bytes"

    uplinks: tuple[RelayedUplink, ...]
    failure: str | None = None
    """Why nothing is relayed any more, e.g. because the disk is full; None while all is well."""

    def __iter__(self) -> Iterator[RelayedUplink]:
        return iter(self.uplinks)

    @property
    def complete(self) -> bool:
        """Whether everything that passed the relay is in the file."""
        return self.failure is None and all(uplink.settled and not uplink.balance for uplink in self.uplinks)

    def explain(self) -> str:
        """A line for each uplink, and one for a failure."""
        return "\n".join([*(uplink.explain() for uplink in self.uplinks), *([self.failure] if self.failure else [])])

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> RelayCounts:
        """From the relay's answer, which has the fields of this class and of `RelayedUplink`."""
        return cls(failure=answer["failure"], uplinks=tuple(RelayedUplink(**told) for told in answer["uplinks"]))
