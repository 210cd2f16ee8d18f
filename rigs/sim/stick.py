"""The USB stick of a simulated bench: a FAT32 volume that is moved into the unit's socket and out of it."""

from __future__ import annotations

from pathlib import Path

from rigs.drivers.stick import found_on
from rigs.fat import format_volume
from rigs.protocols import Clock, Found
from rigs.sim.parts import SimulatedUnit
from rigs.sim.unit.usbport import VOLUME
from telltale.errors import RigError


class SimulatedStick:
    """Blank when it is first plugged in; see `rigs.protocols.UsbStick`.

    :param folder: where it lies while it is not plugged in
    :param socket: the unit's, see `rigs.sim.parts.UnitBoot`
    """

    def __init__(self, folder: Path, socket: Path, unit: SimulatedUnit, clock: Clock) -> None:
        self._out, self._in = folder / VOLUME, socket / VOLUME
        self._unit = unit
        self._clock = clock

    @property
    def plugged(self) -> bool:
        """Whether it is in the car's socket."""
        return self._in.exists()

    def plug(self) -> None:
        """Plug it in."""
        if self.plugged:
            raise RigError("the USB stick is plugged in already")
        if not self._out.exists():
            format_volume(self._out)
        self._out.rename(self._in)
        self._changed()

    def unplug(self) -> None:
        """Take it out once the car has finished with it."""
        self._unit.socket_changed(eject=True)
        self.pull()

    def pull(self) -> None:
        """Take it out at once."""
        if not self.plugged:
            raise RigError("the USB stick is not plugged in")
        self._in.rename(self._out)
        self._changed()

    def writing(self) -> bool:
        """Whether the car is writing to it at this moment."""
        return self.plugged and bool(self._unit.state()["writing"])

    def read(self) -> Found:
        """Every file on it; nothing before it was first plugged in."""
        volume = self._in if self.plugged else self._out
        if not volume.exists():
            return Found(files=())
        with volume.open("rb") as stream:
            return found_on(stream, now=self._clock.now())

    def _changed(self) -> None:
        self._unit.socket_changed()
        self._clock.settle()
