"""A USB stick that the bench moves between the car and itself, and what is on it.

It is moved by a multiplexer that a digital line switches (closed: to the car), or by the engineer. It is read while it
is the bench's: to look at it in the car would be to pull it out.
"""

from __future__ import annotations

import time
from typing import BinaryIO, Protocol

from rigs.addresses import StickAddress
from rigs.drivers.manual import Engineer
from rigs.fat import File, Volume
from rigs.fat.layout import TICK, FatError
from rigs.protocols import Clock, DigitalIO, Found, KeptFile
from telltale.errors import RigError
from telltale.times import SECOND

_LOOK = 0.05
"""Seconds between two looks for the device, which its host takes a moment to find."""


class Mover(Protocol):
    """What moves the stick."""

    def to_car(self) -> None:
        """:raises RigError: it did not"""
        ...

    def to_bench(self, *, ejected: bool) -> None:
        """With *ejected* once the car has finished with it. :raises RigError: it did not"""
        ...

    def writing(self) -> bool:
        """Whether the car is writing to it. :raises RigError: nobody can tell"""
        ...


class Multiplexer:
    """A USB multiplexer on a digital line."""

    def __init__(self, digital: DigitalIO, line: str, clock: Clock, quiet: int) -> None:
        self._digital = digital
        self._line = line
        self._clock = clock
        self._quiet = quiet

    def to_car(self) -> None:
        """Close the line."""
        self._digital.set(self._line, "closed")

    def to_bench(self, *, ejected: bool) -> None:
        """Open the line; no bench can press the car's button, so for *ejected* the car gets time to finish."""
        if ejected:
            self._clock.advance(self._quiet)
        self._digital.set(self._line, "open")

    def writing(self) -> bool:
        """Not to be told from outside."""
        raise RigError("a USB multiplexer cannot tell whether the car is writing; let the engineer hold the stick")


class ByHand:
    """The engineer."""

    def __init__(self, engineer: Engineer) -> None:
        self._engineer = engineer

    def to_car(self) -> None:
        """Ask for it."""
        self._engineer.ask("plug the USB stick into the car")

    def to_bench(self, *, ejected: bool) -> None:
        """Ask for it."""
        how = "have the car eject the USB stick, then take it out" if ejected else "pull the USB stick out at once"
        self._engineer.ask(f"{how} and plug it into the bench")

    def writing(self) -> bool:
        """Ask whether its lamp shows it."""
        return self._engineer.ask("is the car writing to the USB stick (does its lamp blink)?", "yes or no") == "yes"


class BlockStick:
    """A stick that is a block device of this host while it is the bench's."""

    def __init__(self, address: StickAddress, mover: Mover, clock: Clock) -> None:
        self._address = address
        self._mover = mover
        self._clock = clock
        self._plugged = False

    @property
    def plugged(self) -> bool:
        """Whether it is in the car's socket."""
        return self._plugged

    def plug(self) -> None:
        """See `rigs.protocols.UsbStick`."""
        self._mover.to_car()
        self._plugged = True

    def unplug(self) -> None:
        """See `rigs.protocols.UsbStick`."""
        self._mover.to_bench(ejected=True)
        self._plugged = False

    def pull(self) -> None:
        """See `rigs.protocols.UsbStick`."""
        self._mover.to_bench(ejected=False)
        self._plugged = False

    def writing(self) -> bool:
        """See `rigs.protocols.UsbStick`."""
        return self._plugged and self._mover.writing()

    def read(self) -> Found:
        """See `rigs.protocols.UsbStick`."""
        if self._plugged:
            raise RigError("it is in the car; let the scenario pull it out before it asks what is on it")
        with self._opened() as device:
            return found_on(device, now=self._clock.now(), zone=round(self._address.hours_ahead * 3600 * SECOND))

    def _opened(self) -> BinaryIO:
        until = time.monotonic() + self._address.patience / SECOND
        while True:
            try:
                return self._address.device.open("rb")
            except OSError as error:
                if time.monotonic() > until:
                    raise RigError(f"{self._address.device} cannot be read: {error.strerror or error}") from None
            time.sleep(_LOOK)

    def close(self) -> None:
        """Nothing is held; the multiplexer's line has a safe state of its own."""


def found_on(stream: BinaryIO, *, now: int, zone: int = 0) -> Found:
    """Every file on a FAT32 volume.

    :param now: bench time, ns; nothing on it was written later
    :param zone: ns that the car's local time, which FAT keeps, is ahead of UTC
    :raises RigError: it is no FAT32 volume, or cannot be read
    """
    try:
        volume = Volume(stream)
        files = []
        for file in volume.files():
            content = volume.read(file)
            files.append(
                KeptFile(path=file.path, data=content.data, written=_written(file, now, zone), torn=content.torn)
            )
    except FatError as error:
        raise RigError(f"it {error}") from None
    except OSError as error:
        raise RigError(f"it cannot be read: {error.strerror or error}") from None
    return Found(files=tuple(files), causes=tuple(f"on the USB stick {note}" for note in volume.notes))


def _written(file: File, now: int, zone: int) -> tuple[int, int] | None:
    created = file.entry.created
    if created is None:
        return None
    return min(created - zone, now), min(created - zone + TICK - 1, now)
