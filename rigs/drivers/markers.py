"""How far a CAN adapter's stamps are off the host's clock, told by frames that the bench sends anyway.

A frame is a *marker* if something of it comes back: the adapter's echo of it, or the answer of the unit that was asked
by it. What came back was on the bus after the bench had begun to send, and before it reached the bench: between the
two lies the moment that its stamp names.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable

_UNDER_WAY = 64
"""Frames that may await their echo at once; an adapter that echoes nothing keeps no more."""


class Markers:
    """Of one bus; from any thread. All times are ns of the host's wall clock, stamps are what the adapter says."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._sent: deque[tuple[Hashable, int]] = deque(maxlen=_UNDER_WAY)
        self._asked: int | None = None
        self._best: tuple[int, int] | None = None

    def sending(self, frame: Hashable, wall: int) -> None:
        """The bench begins to send *frame*, of which an echo may come."""
        with self._turn:
            self._sent.append((frame, wall))

    def asking(self, wall: int) -> None:
        """The bench begins to send a frame that the unit answers."""
        with self._turn:
            self._asked = wall

    def echoed(self, frame: Hashable, stamp: int, wall: int) -> bool:
        """A frame came that this host has sent: whether it is the bench's own, and not some other program's."""
        with self._turn:
            if all(sent != frame for sent, _ in self._sent):
                return False
            sent, began = self._sent.popleft()
            while sent != frame:  # echoes come in the order of sending: those before it are not to come
                sent, began = self._sent.popleft()
            self._take(began, stamp, wall)
            return True

    def answered(self, stamp: int, wall: int) -> None:
        """A frame came that answers what the bench has asked last."""
        with self._turn:
            if self._asked is not None:
                self._take(self._asked, stamp, wall)

    def best(self) -> tuple[int, int] | None:
        """Least and most that the stamps can be ahead, by the marker that leaves least open; forgotten once told."""
        with self._turn:
            best, self._best = self._best, None
            return best

    def _take(self, began: int, stamp: int, wall: int) -> None:
        span = stamp - wall, stamp - began
        if stamp > 0 and (self._best is None or span[1] - span[0] < self._best[1] - self._best[0]):
            self._best = span
