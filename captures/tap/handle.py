"""The bench's handle on the tap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from captures.capturing import CaptureProcess
from captures.tap.counts import TapCounts
from telltale.processes import Spawner


class PacketTap(CaptureProcess[TapCounts]):
    """A running packet capture on the uplinks' interfaces.

    Between windows it captures on and lets the packets go. A window begins when what went before has come out of the
    ring and, the first time and after drops, traffic has rested for 50 ms.
    """

    name = "the packet tap"
    module = "captures.tap"

    @classmethod
    def start(cls, *, spawn: Spawner, interfaces: Mapping[str, str], ring_size: int = 64 << 20) -> PacketTap:
        """Start capturing on *interfaces* (interface name to uplink name), where *spawn* starts programs.

        :param ring_size: bytes, for each interface, that bridge the time in which the tap gets no processor
        :raises RigError: there is no such interface, or capturing is not allowed
        """
        tap, _ = cls._launch(spawn, interfaces=dict(interfaces), ring_size=ring_size)
        return tap

    @classmethod
    def _read(cls, answer: Mapping[str, Any]) -> TapCounts:
        return TapCounts.of(answer)
