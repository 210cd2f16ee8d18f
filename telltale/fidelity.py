"""How much of what a unit does its bench can see. Part of every verdict's evidence."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Fidelity(StrEnum):
    """How the unit is kept to the captured uplinks."""

    SEALED = "sealed"
    """A simulated unit in namespaces of its own: whatever it sends crosses a captured interface, or goes nowhere."""
    LOOPBACK = "loopback"
    """A simulated unit as an ordinary process, which is asked to send through a recording relay on 127.0.0.1."""
    BENCH = "bench"
    """A real unit: whatever it sends over the uplinks that its rig file names."""

    @property
    def blind_spots(self) -> tuple[str, ...]:
        """What may leave unseen, a sentence each: gaps in whatever needs to know that nothing else left.

        Claims that something did leave, or is retrievable no longer, do not need to know that.
        """
        return _BLIND_SPOTS.get(self, ())


_BLIND_SPOTS: Mapping[Fidelity, tuple[str, ...]] = MappingProxyType(
    {
        Fidelity.LOOPBACK: ("in loopback an undeclared direct connection, a name lookup or a datagram cannot be seen",),
    }
)
