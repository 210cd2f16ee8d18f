"""What a trial needs of a bench, whatever the bench is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from captures.decode import Senders
from rigs.instruments import Instruments
from rigs.stimuli import Stimulator
from rigs.vehicle import Vehicle
from telltale.identity import Identities
from telltale.timeline import Timeline
from telltale.times import ClockMap
from trials.observation import Control
from trials.recording import Stock
from trials.retrieval import Retrieval


class Session(Protocol):
    """A bench while it serves one trial."""

    vehicle: Vehicle
    identities: Identities
    stimulator: Stimulator
    timeline: Timeline
    instruments: Instruments
    uplinks: Mapping[str, str]
    """Captured interface to uplink."""
    units: tuple[str, ...]
    """The unit's own addresses."""
    senders: Mapping[str, Senders]
    """Uplink to the control units that share it."""

    @property
    def retrieval(self) -> Retrieval:
        """Asks the maker's cloud. :raises MissingInstrumentError: the rig cannot"""

    @property
    def has_screen(self) -> bool:
        """Whether the unit has a screen that can be looked at now."""

    @property
    def awake(self) -> bool:
        """Whether the unit has power and runs, so that it can be asked something."""

    def power_on(self) -> None:
        """Switch the supply on and wait until the unit has booted."""

    def restarted(self) -> None:
        """The unit has booted anew: tell it where it is and how the car stands, and read what it kept."""

    def power_off(self) -> None:
        """Switch the supply off; a unit with a battery of its own runs on."""

    def heard(self) -> str | None:
        """What shows that the unit is not off yet; None: nothing has been heard of it since the last call."""

    def now(self) -> int:
        """Bench time, ns."""

    def advance(self, duration: int) -> None:
        """Let bench time pass, ns."""

    def steps(self) -> ClockMap:
        """Bench time of any wall time."""

    def control(self, uplink: str) -> Control:
        """Send a control transmission."""

    def take_stock(self) -> Stock:
        """Wait for quiet, flush, and take stock: counters, keys, and what is known to be wrong."""

    def close(self) -> None:
        """End the capture and take the car off the bench."""
