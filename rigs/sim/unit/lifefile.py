"""The ``life`` of a unit file: what keeps it awake, what wakes it, what it draws, how long its own battery lasts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigs.sim.unit.terms import Facts, Interval, Value
from telltale.times import SECOND
from telltale.yamlfile import Duration, Strict

STATES = ("booting", "run", "after_run", "asleep", "waking")
CAUSES = ("timer", "sms", "can", "door", "command")
BUILT_IN_FACTS: dict[str, tuple[Value, ...]] = {
    "life": STATES,
    "wake": ("none", *CAUSES),
    "power": ("supply", "battery"),
}
"""Facts that a unit with a ``life`` knows without being told: its state, what woke it last, what it runs on."""

Ampere = Annotated[float, Field(ge=0)]


class WakeSources(Strict):
    """What wakes the unit from sleep; what is left out does not."""

    timer: Interval | None = None
    """Counted from the moment it fell asleep."""
    sms: str | None = None
    """Words that a text message must hold: a shoulder tap."""
    can: Facts = Field(default_factory=dict)
    """The moment these facts come true on the bus; what keeps it awake wakes it as well."""
    door: Facts = Field(default_factory=dict)


class Draws(Strict):
    """Current from the supply at its nominal voltage, ampere."""

    run: Ampere = 0.75
    after_run: Ampere = 0.4
    asleep: Ampere = 0.003
    waking: Ampere = 0.4

    def of(self, state: str) -> float:
        """While in *state*; booting draws what running does."""
        return float(getattr(self, state, self.run))


class NetworkManagement(Strict):
    """What the unit says on CAN for as long as it needs the bus."""

    message: str
    """Its name in the DBC: a message that the unit itself sends."""
    signals: dict[str, float | str] = Field(default_factory=dict)


class Life(Strict):
    """When the unit sleeps and wakes."""

    kept_awake_by: list[Facts] = Field(default_factory=list)
    """Any of these conditions: the ignition, a network-management message of the bus."""
    after_run: Duration = 0
    """From the moment nothing keeps it awake until it sleeps."""
    woken_by: WakeSources = WakeSources()
    wake_lasts: Interval = 60 * SECOND
    """Until it sleeps again, unless something keeps it awake meanwhile."""
    command_link: Literal["kept", "down"] = "kept"
    """What becomes of it while the unit sleeps: kept up by the modem, so that a command wakes it, or taken down."""
    backup_battery: Interval | None = None
    """How long the unit runs on once its supply is cut; None: it has no battery."""
    draws: Draws = Draws()
    network_management: NetworkManagement | None = None
