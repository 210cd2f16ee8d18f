"""The sources of time of one trial, and how each stands against the bench clock from its first measurement to its last.

Clocks that can be asked are asked at power-up and at every Then. The packets' is told by the control transmissions,
the CAN log's by frames that come back; neither needs traffic of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rigs.clocks import CAN_LOG, MODEM, UNIT
from telltale.clocks import ClockOffset
from telltale.times import utc
from trials.observation import Control

PACKETS = "the packets"


class Clocks:
    """All that is known of them; drift between measurements widens what is known."""

    def __init__(self) -> None:
        self._known: dict[str, ClockOffset] = {}
        self._packets: ClockOffset | None = None

    def note(self, measured: Iterable[ClockOffset]) -> None:
        """Clocks have been measured anew; one that could not be is left as it was known before."""
        for now in measured:
            before = self._known.get(now.source)
            if before is None or not before.known:
                self._known[now.source] = now
            elif now.known:
                self._known[now.source] = before.joined(now)

    def note_controls(self, rounds: Iterable[tuple[int, Iterable[Control]]], seen: Mapping[Control, int]) -> None:
        """The capture has been read: what it says of when each control left, beside when the bench sent it.

        :param rounds: controls that were sent at one bench time, and that time, ns
        :param seen: wall time at which each left by the capture's word, ns
        """
        told: ClockOffset | None = None
        for bench, controls in rounds:
            spans = [
                (seen[control] - control.answered, seen[control] - control.began)
                for control in controls
                if control in seen and control.began is not None and control.answered is not None
            ]
            for now in _agreed(spans, bench):
                told = told.joined(now) if told else now
        self._packets = told

    @property
    def rows(self) -> tuple[ClockOffset, ...]:
        """Every source."""
        return (*self._known.values(), *((self._packets,) if self._packets else ()))

    @property
    def unit(self) -> ClockOffset:
        """The clock by which the unit says when it made something."""
        return self._known.get(UNIT) or self._known.get(MODEM) or ClockOffset.unmeasured(UNIT)

    @property
    def packets(self) -> ClockOffset | None:
        """The clock of the capture, if its stamps are *not* the bench's; else None: both read the host's clock."""
        own = self._packets
        return own if own and (own.moved or not own.low <= 0 <= own.high) else None

    @property
    def sending(self) -> int:
        """How far the moment at which something left may be off bench time, ns."""
        return self._packets.furthest if self._packets else 0

    def doubts(self) -> Iterator[str]:
        """Why it is not known when something left."""
        if (off := self.packets) is not None:
            yield f"{off} is not the bench's, so when something left is not known"


def _agreed(spans: list[tuple[int, int]], bench: int) -> Iterator[ClockOffset]:
    """What markers of one moment say together; those that contradict each other say it one after the other."""
    if not spans:
        return
    low, high = max(low for low, _ in spans), min(high for _, high in spans)
    if low <= high:
        yield ClockOffset.between(PACKETS, low, high, measured=bench)
    else:
        yield from (ClockOffset.between(PACKETS, *span, measured=bench) for span in spans)


def in_words(rows: Iterable[ClockOffset]) -> str:
    """A line each: whose, how far off the bench's, how well that is known, from when to when it was measured."""
    return "\n".join(f"{row.source}: {_said(row)}" for row in rows) or "no clock could be asked"


def _said(row: ClockOffset) -> str:
    if not row.known:
        return "not measured, nothing came back" if row.source == CAN_LOG else "not measured, it could not be asked"
    when = f"at {utc(row.measured)}" if row.since is None else f"from {utc(row.since)} to {utc(row.measured)}"
    return f"{row.stand} ± {row.give}, measured {when}{row.unrest}"
