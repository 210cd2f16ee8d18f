"""One uplink at the tap: its interface, its ring, and what both came to in the window."""

from __future__ import annotations

import time
from dataclasses import dataclass

from captures.tap.counts import Tally, UplinkCounts, imbalance
from captures.tap.interface import Nic
from captures.tap.ring import HANDOVER, RingSocket
from telltale.errors import RigError

REST = 5 * HANDOVER / 1000
"""Seconds without a packet, in the counters and from the ring, after which none is under way between the two."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything that is counted since the ring was opened, at one moment."""

    counter: Tally
    captured: Tally
    dropped: int
    refused: int

    @property
    def gap(self) -> Tally:
        return self.counter - self.captured


class Line:
    """Counts of one uplink.

    What the interface counts and what comes out of the ring run in step, a constant gap apart. The gap is known when
    traffic has rested for a moment, and holds from then on, so that a later window may begin in the midst of traffic
    and still be exact to the byte. What breaks the step (a lost packet, whose bytes nobody knows, or merged ones)
    spoils the window in which it happens; the next one waits for a rest again.

    :raises RigError: there is no such interface, or no capturing on it
    """

    def __init__(self, interface: str, uplink: str, *, ring_size: int) -> None:
        self.uplink = uplink
        self.nic = Nic(interface)
        try:
            self.ring = RingSocket(self.nic, size=ring_size)
        except RigError:
            self.nic.close()
            raise
        self._now = self._stepped = self._begin = _Look(Tally(), Tally(), 0, 0)
        self._in_step = self._aligned = False
        self._resting_since = time.monotonic()

    def settled(self, *, in_window: bool) -> bool:
        """Look at the counters; whether nothing is under way between them and the ring, which was just drained.

        :raises RigError: the interface is gone
        """
        counter, refused = self.nic.counters()
        before, now = self._now, _Look(counter, self.ring.captured, self.ring.dropped(), refused)
        self._now = now
        if now != before:
            self._resting_since = time.monotonic()
        if self._in_step:
            since = self._stepped
            lost = {"dropped": now.dropped - since.dropped, "refused": now.refused - since.refused}
            if imbalance(now.gap - since.gap, **lost) == 0:
                return True
            if in_window:
                return False  # taking the gap anew would hide what is missing
        if time.monotonic() - self._resting_since < REST:
            return False
        self._stepped, self._in_step = now, True
        return True

    def prepare(self) -> None:
        """A window is about to begin: packets lost since the last rest make another one necessary."""
        since, now = self._stepped, self._now
        if (now.dropped, now.refused) != (since.dropped, since.refused):
            self._in_step = False

    def begin(self) -> None:
        """The window begins with the next packet from the ring."""
        self._aligned = self._in_step
        counter = self.ring.captured + self._stepped.gap if self._in_step else self._now.counter
        self._begin = _Look(counter, self.ring.captured, self._now.dropped, self._now.refused)

    def counts(self, *, settled: bool, stored: Tally | None = None) -> UplinkCounts:
        """The window so far, as of the last look.

        :param stored: what is in the file, if that is not all that came out of the ring
        """
        captured = self._now.captured - self._begin.captured
        unwritten = 0 if stored is None else captured.packets - stored.packets
        return UplinkCounts(
            uplink=self.uplink,
            interface=self.nic.name,
            counter=self._now.counter - self._begin.counter,
            captured=captured if stored is None else stored,
            dropped_packets=self._now.dropped - self._begin.dropped + unwritten,
            refused_packets=self._now.refused - self._begin.refused,
            settled=settled,
            aligned=self._aligned,
            offloads=self.nic.offloads(),
        )

    def close(self) -> None:
        """Stop capturing."""
        self.ring.close()
        self.nic.close()
