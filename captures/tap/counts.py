"""Equation 1 of the accounting: interface counters = captured + counted drops, per uplink, in both directions.

The kernel counts on a veth interface, in each direction, the length of every socket buffer with its Ethernet header: a
segmentation super-packet of 64 KiB is one packet of that length, and so it is in the capture. The equation holds to
the byte as long as nothing between the two merges or splits packets: GRO and LRO must be off on the interface, and on a
real network card TSO and GSO as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Tally:
    """Packets and bytes of an interface; *rx* is what came from the unit, *tx* what went to it."""

    rx_packets: int = 0
    rx_bytes: int = 0
    tx_packets: int = 0
    tx_bytes: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.rx_packets + other.rx_packets,
            self.rx_bytes + other.rx_bytes,
            self.tx_packets + other.tx_packets,
            self.tx_bytes + other.tx_bytes,
        )

    def __sub__(self, other: Tally) -> Tally:
        return Tally(
            self.rx_packets - other.rx_packets,
            self.rx_bytes - other.rx_bytes,
            self.tx_packets - other.tx_packets,
            self.tx_bytes - other.tx_bytes,
        )

    @property
    def packets(self) -> int:
        """Both directions."""
        return self.rx_packets + self.tx_packets

    @property
    def bytes(self) -> int:
        """Both directions, with link-layer headers."""
        return self.rx_bytes + self.tx_bytes


def imbalance(missing: Tally, *, dropped: int, refused: int) -> int:
    """How far equation 1 is off for packets that were counted and not captured: bytes, or packets once some were lost.

    The bytes of *dropped* packets are not known to anybody. A packet that the interface *refused* to send was captured
    if it came as far as the driver, and not if it failed before that.
    """
    if dropped or refused:
        unexplained = missing.packets - dropped
        return max(unexplained, -refused - unexplained, 0)
    return abs(missing.rx_bytes) + abs(missing.tx_bytes) or abs(missing.rx_packets) + abs(missing.tx_packets)


@dataclass(frozen=True, kw_only=True, slots=True)
class UplinkCounts:
    """What one uplink came to in a window."""

    uplink: str
    interface: str
    counter: Tally
    """By the interface's own counters."""
    captured: Tally
    """In the file."""
    dropped_packets: int
    """Packets that the kernel found no room for in the ring, or the tap none on the disk. Their bytes are not known."""
    refused_packets: int
    """Packets to the unit that the interface refused (its ``tx_dropped``): captured perhaps, counted never."""
    settled: bool
    """Whether the equation closed before the time limit; if not, what is missing may still be under way."""
    aligned: bool = True
    """Whether traffic rested for a moment when the window began; if not, its first packets may be miscounted."""
    offloads: tuple[str, ...] = ()
    """Offloads that are on, e.g. ``gro``: the first suspects when the equation does not close."""

    @property
    def counter_packets(self) -> int:
        """On the interface, both directions."""
        return self.counter.packets

    @property
    def counter_bytes(self) -> int:
        """On the interface, both directions, with link-layer headers."""
        return self.counter.bytes

    @property
    def captured_packets(self) -> int:
        """In the file, both directions."""
        return self.captured.packets

    @property
    def captured_bytes(self) -> int:
        """In the file, both directions, with link-layer headers."""
        return self.captured.bytes

    @property
    def balance(self) -> int:
        """0 when the equation closes, else how far it is off: bytes, or packets where drops hide the bytes."""
        return imbalance(self.counter - self.captured, dropped=self.dropped_packets, refused=self.refused_packets)

    @property
    def closed(self) -> bool:
        """Whether the equation closes."""
        return self.settled and self.aligned and self.balance == 0

    @property
    def complete(self) -> bool:
        """Whether the equation closes without a drop: only then is silence in the capture silence on the uplink."""
        return self.closed and not self.dropped_packets

    def explain(self) -> str:
        """One line for people."""
        said = (
            f"{self.uplink} ({self.interface}): {self.counter_packets:,} packets, {self.counter_bytes:,} bytes on the "
            f"interface; {self.captured_packets:,} packets, {self.captured_bytes:,} bytes captured; "
            f"{self.dropped_packets:,} dropped"
        )
        notes = [f"{self.refused_packets:,} refused by the interface"] if self.refused_packets else []
        if self.balance:
            unit = "packets" if self.dropped_packets or self.refused_packets else "bytes"
            notes.append(f"{self.balance:,} {unit} unaccounted for")
            if self.offloads:
                notes.append(f"{', '.join(self.offloads)} on (see `ethtool -k {self.interface}`)")
        if not self.settled:
            notes.append("the counts did not settle")
        if not self.aligned:
            notes.append("traffic did not rest when the window began")
        return "; ".join([said, *notes])


@dataclass(frozen=True, kw_only=True, slots=True)
class TapCounts:
    """What all uplinks came to in a window."""

    equation: ClassVar[str] = "interface counters = captured bytes + counted drops"

    uplinks: tuple[UplinkCounts, ...]
    failure: str | None = None
    """Why the file is not whole, e.g. because the disk was full; None while all is well."""

    def __iter__(self) -> Iterator[UplinkCounts]:
        return iter(self.uplinks)

    def __getitem__(self, uplink: str) -> UplinkCounts:
        """:raises KeyError: no such uplink"""
        for counts in self.uplinks:
            if counts.uplink == uplink:
                return counts
        raise KeyError(uplink)

    @property
    def balance(self) -> int:
        """0 when the equation closes for every uplink."""
        return sum(counts.balance for counts in self.uplinks)

    @property
    def dropped_packets(self) -> int:
        """Over all uplinks."""
        return sum(counts.dropped_packets for counts in self.uplinks)

    @property
    def settled(self) -> bool:
        """Whether nothing was under way any more on any uplink."""
        return all(counts.settled for counts in self.uplinks)

    @property
    def complete(self) -> bool:
        """Whether everything that passed the uplinks is in the file."""
        return self.failure is None and all(counts.complete for counts in self.uplinks)

    def explain(self) -> str:
        """A line for each uplink, and one for a failure."""
        return "\n".join([*(counts.explain() for counts in self.uplinks), *([self.failure] if self.failure else [])])

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> TapCounts:
        """From the tap's answer, which has the fields of this class and of `UplinkCounts` and `Tally`."""
        return cls(
            failure=answer["failure"],
            uplinks=tuple(
                UplinkCounts(
                    **{
                        **told,
                        "counter": Tally(**told["counter"]),
                        "captured": Tally(**told["captured"]),
                        "offloads": tuple(told["offloads"]),
                    }
                )
                for told in answer["uplinks"]
            ),
        )
