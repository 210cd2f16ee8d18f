"""A simulated engineer at a simulated bench: what it holds in its hands, and what it does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rigs.connect import connect
from rigs.drivers.manual import Engineer
from rigs.instruments import Instruments
from rigs.protocols import Clock
from rigs.rigfile import Addresses, SimulatedRig
from rigs.sim.peers.engineer import SimulatedEngineer
from rigs.stimuli import Stimulator
from rigs.vehicle import Action, Vehicle
from telltale.timeline import Timeline

LOGS = "by hand"
"""Folder, in that of the run, of what the engineer's own instruments write down."""


@contextmanager
def engineer(
    rig: SimulatedRig,
    addresses: Addresses,
    vehicle: Vehicle,
    clock: Clock,
    *,
    logs: Path,
    bench: Callable[[], Instruments],
) -> Iterator[tuple[Addresses, Engineer | None]]:
    """What is left for the bench to connect to, and whom it asks for the rest; None: whoever sits at the terminal.

    The engineer holds the instruments that the rig file calls manual. While it acts the bench waits for its answer, so
    that it may use the bench's own as well.

    :param logs: the run's folder
    :param bench: the bench's instruments, once there are any
    """
    if not rig.manual and not rig.engineer:
        yield addresses, None
        return
    folder = logs / LOGS
    folder.mkdir(mode=0o700)
    held = ("can", *rig.manual) if "diagnosis" in rig.manual else rig.manual
    known = {name: getattr(addresses, name) for name in held if name in Addresses.model_fields and name != "diagnosis"}
    with connect(rig, Addresses(**known), vehicle, clock, logs=folder) as tools:
        mine = {name: getattr(tools, name) for name in rig.manual}

        def hands() -> Instruments:
            return replace(bench(), **mine)

        def perform(actions: list[Action]) -> None:
            Stimulator(vehicle, hands(), Timeline()).perform(actions)

        played = SimulatedEngineer(
            hands=hands, by_hand=rig.manual, vehicle=vehicle, skills=rig.engineer, perform=perform
        )
        try:
            left = {name: None for name in rig.manual if name != "diagnosis"}
            yield addresses.model_copy(update={**left, "manual": rig.manual}), Engineer(played.terminal)
        finally:
            played.close()
