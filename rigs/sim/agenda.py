"""What a simulated part has to do later, on the virtual clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from rigs.sim.clock import NEVER

Action = Callable[[], None]


@dataclass(order=True, slots=True)
class Entry:
    """One thing due; entries of one moment run by rank, then in the order they were made."""

    due: int
    rank: int
    number: int
    action: Action = field(compare=False)
    cancelled: bool = field(compare=False, default=False)

    def cancel(self) -> None:
        """It will not run; the agenda forgets it when it comes to it."""
        self.cancelled = True


class Agenda:
    """A queue of entries by bench time, ns."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._made = 0

    def at(self, due: int, action: Action, *, rank: int = 0) -> Entry:
        """Do *action* at bench time *due*; the entry returned can be cancelled."""
        self._made += 1
        entry = Entry(due, rank, self._made, action)
        heapq.heappush(self._heap, entry)
        return entry

    @property
    def due(self) -> int:
        """Bench time of the next entry, `NEVER` if there is none."""
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else NEVER

    def run(self, now: int) -> None:
        """Do everything due at *now* or before; what an action adds for the same moment is done as well."""
        while self.due <= now:
            heapq.heappop(self._heap).action()
