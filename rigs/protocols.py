"""What a scenario may ask of a bench: one capability each. Drivers and the simulated clock implement them.

A capability that a rig lacks is simply not there (see `rigs.instruments.Instruments`), so that a scenario that needs it
is skipped with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from rigs.route import Fix

SignalValue = float | str
"""A signal's physical value in the DBC's unit, or a label of its value table."""
Signals = Mapping[str, Mapping[str, SignalValue]]
"""Message name to signal name to value."""
Progress = Callable[[int, int], None]
"""Told the time passed and the time asked for, both ns."""


class CanBus(Protocol):
    """One CAN bus with its DBC."""

    @property
    def sent(self) -> int:
        """Frames sent so far."""
        ...

    @property
    def received(self) -> int:
        """Frames received so far."""
        ...

    @property
    def error(self) -> str | None:
        """Why the bus is no longer recorded, in one line; None while all is well."""
        ...

    def marked(self) -> tuple[int, int] | None:
        """The least and the most that stamps of received frames can be ahead of the host's clock, ns.

        Told by the best marker since the last call, see `rigs.drivers.markers`; None if there was none.
        """
        ...

    def heard(self, identifier: int, *, extended: bool) -> int:
        """Frames with *identifier* that have come in so far."""
        ...

    def send(self, signals: Signals) -> None:
        """Send each message once; signals that are not named keep their last value.

        :raises InputError: the DBC lacks a message, signal or value
        :raises RigError: the bus is gone
        """
        ...

    def send_all(self) -> None:
        """Send every message of the rest of the car once, as it stands. :raises RigError: the bus is gone"""
        ...

    def start_rest_bus(self) -> None:
        """Keep sending the messages of the rest of the car, each at its cycle time."""
        ...

    def stop_rest_bus(self) -> None:
        """Fall silent, so that the car's bus goes to sleep."""
        ...

    def pause_rest_bus(self) -> None:
        """Fall silent until it is resumed; nothing happens if it does not run."""
        ...

    def resume_rest_bus(self) -> None:
        """Go on where it was paused; nothing happens if it was not."""
        ...


class Modem(Protocol):
    """The unit's AT console (3GPP TS 27.007)."""

    def command(self, line: str, *, timeout: float = 5.0) -> list[str]:
        """The lines of the answer before OK. *timeout* in seconds. :raises RigError: ERROR, or no answer"""
        ...

    def registered(self) -> bool:
        """Sign of life: whether the modem says that it is registered in a network. :raises RigError: no answer"""
        ...


class Texts(Protocol):
    """Text messages to the unit, as its operator would deliver them."""

    def send(self, text: str) -> None:
        """Send *text* to the unit's number; returns when the network has taken it. :raises RigError: it has not"""
        ...


class Gnss(Protocol):
    """Tells the unit where it is."""

    def place(self, latitude: float, longitude: float, bench: int) -> None:
        """Send a fix: degrees, WGS-84; *bench*: the time that it carries, ns. :raises RigError: the line is gone"""
        ...

    def move(self, fix: Fix, bench: int) -> None:
        """Send a fix of a car that moves. :raises RigError: the line is gone"""
        ...

    def lose(self, bench: int) -> None:
        """Tell that no satellites are in view, and so no position. :raises RigError: the line is gone"""
        ...

    def repeat(self, bench: int) -> None:
        """Send what was sent last again, with the time *bench*, ns. :raises RigError: the line is gone"""
        ...

    @property
    def error(self) -> str | None:
        """Why the line is gone, in one line; None while all is well."""
        ...


class Adb(Protocol):
    """The unit's Android, over USB or TCP."""

    def shell(self, line: str) -> str:
        """Standard output of a command line. :raises RigError: it ended with another status than 0, or no answer"""
        ...

    def get_setting(self, namespace: str, key: str) -> str | None:
        """A value of the settings provider; None if it was never set."""
        ...

    def put_setting(self, namespace: str, key: str, value: str) -> None:
        """Set a value and read it back. :raises RigError: the unit did not take it"""
        ...

    def start(self, component: str) -> None:
        """Open an app: ``package/.Activity``."""
        ...

    def screenshot(self) -> bytes:
        """What the screen shows, as PNG. :raises RigError: the unit gives none"""
        ...

    def screen_texts(self) -> list[str]:
        """Every text on the screen. :raises RigError: the unit does not tell"""
        ...

    def reboot(self) -> None:
        """Restart the unit's system, without waiting for it."""
        ...

    def reset(self) -> None:
        """Take the unit back to its factory state, without waiting for it. :raises RigError: it refused"""
        ...

    def push(self, source: Path, target: str) -> None:
        """Copy a file of the host to the unit."""
        ...

    def pull(self, source: str, target: Path) -> None:
        """Copy a file of the unit to the host."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a supply measures at its terminals."""

    voltage: float
    """Volt."""
    current: float
    """Ampere."""


class PowerSupply(Protocol):
    """The unit's supply, within the rig's ceiling."""

    def on(self) -> None:
        """Switch the output on; returns when the supply says that it is done."""
        ...

    def off(self) -> None:
        """Switch the output off. Not yet silence: a T-Box has a battery of its own."""
        ...

    def measure(self) -> Reading:
        """Voltage and current at the terminals."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """An entry of a unit's fault memory."""

    code: str
    """As SAE J2012 writes it: ``P0A80``."""
    confirmed: bool


class Diagnostics(Protocol):
    """The unit's diagnosis (ISO 14229-1), as a workshop has it."""

    def answers(self) -> bool:
        """Sign of life: whether the unit answers at all."""
        ...

    def read(self, name: str) -> str:
        """A data identifier: ``VIN``, or one that the vehicle file names. :raises RigError: the unit does not tell"""
        ...

    def write(self, name: str, value: str) -> None:
        """Write a data identifier and read it back. :raises RigError: the unit did not take it"""
        ...

    def reset(self) -> None:
        """Restart the unit; returns when it answers again."""
        ...

    def faults(self) -> tuple[Fault, ...]:
        """What the fault memory holds."""
        ...

    def clear_faults(self) -> None:
        """Empty the fault memory."""
        ...


LineState = Literal["open", "closed"]
"""How the contact on a digital line stands."""


class DigitalIO(Protocol):
    """Lines into the unit with names: ``KL15``, ``crash``, ``SOS``."""

    def set(self, line: str, state: LineState) -> None:
        """Close or open *line*; returns when it stands so.

        :raises MissingInstrumentError: no such line
        :raises RigError: it did not switch
        """
        ...

    def state(self, line: str) -> LineState:
        """How *line* stands. :raises MissingInstrumentError: no such line"""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptFile:
    """A file found on the USB stick or in the car."""

    path: str
    data: bytes
    written: tuple[int, int] | None
    """Bench time at which it was made, ns: the earliest and the latest that its time of creation leaves open."""
    torn: str | None = None
    """Why *data* is not all of it, or not to be trusted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a look at a place showed."""

    files: tuple[KeptFile, ...]
    causes: tuple[str, ...] = ()
    """What could not be seen, cause by cause."""


class UsbStick(Protocol):
    """A USB stick that the bench can plug into the car, take out, and read."""

    @property
    def plugged(self) -> bool:
        """Whether it is in the car's socket."""
        ...

    def plug(self) -> None:
        """Plug it in."""
        ...

    def unplug(self) -> None:
        """Take it out once the car has finished with it."""
        ...

    def pull(self) -> None:
        """Take it out at once, whatever the car is doing with it."""
        ...

    def writing(self) -> bool:
        """Whether the car is writing to it at this moment. :raises RigError: this bench cannot tell"""
        ...

    def read(self) -> Found:
        """Every file on it. :raises RigError: it cannot be read"""
        ...


class Snoop(Protocol):
    """The log of the unit's Bluetooth controller (HCI snoop)."""

    def read(self) -> bytes:
        """The log as it stands. :raises RigError: it is switched off, or cannot be read"""
        ...


class Storage(Protocol):
    """The unit's own storage."""

    def remember(self) -> None:
        """Take what is there now for what was there before. :raises RigError: it cannot be listed"""
        ...

    def changed(self) -> Found:
        """What is there now and was not, or not so, when it was remembered. :raises RigError: it cannot be read"""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the engineer was asked to do by hand, and said to it."""

    wall: int
    """Wall time of the answer, ns."""
    prompt: str
    answer: str
    note: str = ""


class Person(Protocol):
    """The engineer at the bench."""

    @property
    def asked(self) -> Sequence[Asked]:
        """Everything so far, in order."""
        ...

    def news(self) -> Sequence[Asked]:
        """What has been asked since this was called last."""
        ...

    def ask(self, prompt: str) -> str:
        """Have something done. :raises MissingInstrumentError: it cannot be. :raises RigError: nobody is there"""
        ...


UplinkKind = Literal["cellular", "wifi"]


class Coverage(Protocol):
    """Takes uplinks away from the unit and gives them back: a shield box, an attenuator, a switch in the network."""

    @property
    def uplinks(self) -> Mapping[str, UplinkKind]:
        """Uplinks that it commands."""
        ...

    @property
    def away(self) -> Collection[str]:
        """Uplinks that it keeps without coverage now."""
        ...

    def says(self) -> str:
        """How each uplink stands, asked without changing anything. :raises RigError: an instrument does not answer"""
        ...

    def lost(self, uplink: str) -> None:
        """Nothing passes from now on. :raises RigError: it could not be taken away"""
        ...

    def back(self, uplink: str) -> None:
        """All passes again, at full rate. :raises RigError: it could not be given back"""
        ...

    def slow(self, uplink: str, rate: int) -> None:
        """No more than *rate* bit/s pass each way. :raises RigError: the rate could not be set"""
        ...


class Clock(Protocol):
    """The bench clock: virtual on a simulated rig, the host's on a real one."""

    def now(self) -> int:
        """Bench time, ns since 1970."""
        ...

    def advance(self, duration: int, progress: Progress | None = None) -> None:
        """Return when *duration* ns of bench time have passed and what was due has happened."""
        ...

    def settle(self) -> None:
        """Wait until all simulated parts are idle; on a real bench there is nothing to wait for."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """An answer of a cloud, as it came."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    """In order, names in lower case."""
    body: bytes
    sha256: str
    """Of the body, hexadecimal."""
    peer: str
    """Address that answered."""

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key == name.lower()), None)


class CloudProbe(Protocol):
    """Asks the maker's cloud, as the owner's app or as anybody."""

    def fetch(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: Literal["GET", "HEAD", "POST"] = "GET",
        body: bytes | None = None,
    ) -> Fetched:
        """One request, never redirected, never cached.

        :raises RigError: no answer; that is never to be taken for "gone"
        """
        ...
