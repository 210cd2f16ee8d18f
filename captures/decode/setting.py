"""What is known about a bench beside its capture."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from captures.decode.senders import Senders
from telltale.times import ClockMap


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Without any of it a capture is read as it stands."""

    uplinks: Mapping[str, str] = field(default_factory=dict)
    """Interface to uplink; packets of other interfaces are decoded with uplink None."""
    units: Collection[str] = ()
    """The unit's own IP addresses; when empty, whoever opens a conversation is the unit."""
    clock: ClockMap | None = None
    """For bench times; without it they are None."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Address to host name, beside what DNS in the capture tells."""
    senders: Mapping[str, Senders] = field(default_factory=dict)
    """Uplink to the control units that share it; without, who sent is not told."""
