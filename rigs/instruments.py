"""What a bench can do at this moment: the instruments that are connected, by capability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from rigs.protocols import (
    Adb,
    CanBus,
    Clock,
    CloudProbe,
    Coverage,
    Diagnostics,
    DigitalIO,
    Gnss,
    Modem,
    Person,
    PowerSupply,
    Snoop,
    Storage,
    Texts,
    UsbStick,
)
from telltale.errors import RigError


class MissingInstrumentError(RigError):
    """The rig lacks an instrument that a scenario needs, so the scenario is skipped with this reason."""


def _nothing() -> None:
    """A real bench has nothing to wait for: wires and plugs deliver at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruments:
    """The instruments of one rig; what it lacks is None."""

    clock: Clock
    can: CanBus | None = None
    modem: Modem | None = None
    gnss: Gnss | None = None
    adb: Adb | None = None
    phone: Adb | None = None
    """The Android of the owner's phone."""
    power: PowerSupply | None = None
    sms: Texts | None = None
    digital: DigitalIO | None = None
    diagnosis: Diagnostics | None = None
    engineer: Person | None = None
    probe: CloudProbe | None = None
    stick: UsbStick | None = None
    storage: Storage | None = None
    snoop: Snoop | None = None
    coverage: Coverage | None = None
    delivered: Callable[[], None] = _nothing
    """Returns when what was sent over CAN and serial has reached the unit; a simulated rig has to wait for it."""
    arrived: Callable[[], None] = _nothing
    """Returns when what the unit has sent over CAN has reached the bench; a simulated rig has to wait for it."""

    def needed_can(self) -> CanBus:
        """The CAN bus. :raises MissingInstrumentError: the rig has none"""
        return self.can or _missing("can", "a CAN bus")

    def needed_adb(self) -> Adb:
        """ADB. :raises MissingInstrumentError: the rig has none"""
        return self.adb or _missing("adb", "ADB")

    def needed_phone(self) -> Adb:
        """The owner's phone. :raises MissingInstrumentError: the rig has none"""
        return self.phone or _missing("phone", "an owner's phone")

    def needed_gnss(self) -> Gnss:
        """GNSS input. :raises MissingInstrumentError: the rig has none"""
        return self.gnss or _missing("gnss", "a GNSS input")

    def needed_modem(self) -> Modem:
        """The AT console. :raises MissingInstrumentError: the rig has none"""
        return self.modem or _missing("modem", "a modem console")

    def needed_coverage(self) -> Coverage:
        """Command of the uplinks' coverage. :raises MissingInstrumentError: the rig has none"""
        return self.coverage or _missing("coverage", "a command of its uplinks' coverage")

    def needed_power(self) -> PowerSupply:
        """The supply. :raises MissingInstrumentError: the rig has none"""
        return self.power or _missing("power", "a power supply")

    def needed_digital(self) -> DigitalIO:
        """The digital lines. :raises MissingInstrumentError: the rig has none"""
        return self.digital or _missing("digital", "digital lines")

    def needed_sms(self) -> Texts:
        """Text messages to the unit. :raises MissingInstrumentError: the rig cannot send any"""
        return self.sms or _missing("sms", "a modem that sends text messages")

    def needed_engineer(self) -> Person:
        """Somebody to ask. :raises MissingInstrumentError: nobody is"""
        return self.engineer or _missing("manual", "engineer")

    def needed_diagnosis(self) -> Diagnostics:
        """Diagnosis. :raises MissingInstrumentError: the rig has none"""
        if self.diagnosis is None:
            raise MissingInstrumentError(
                "this rig has no diagnosis; it takes `can`, and `diagnosis` in the vehicle file"
            )
        return self.diagnosis

    def needed_probe(self) -> CloudProbe:
        """The cloud probe. :raises MissingInstrumentError: the rig has none"""
        return self.probe or _missing("probe", "a cloud probe")

    def needed_stick(self) -> UsbStick:
        """The USB stick. :raises MissingInstrumentError: the rig has none"""
        return self.stick or _missing("stick", "a USB stick")

    def needed_storage(self) -> Storage:
        """The unit's storage. :raises MissingInstrumentError: the rig has none"""
        return self.storage or _missing("storage", "a way into the unit's storage")


def _missing(key: str, what: str) -> NoReturn:
    raise MissingInstrumentError(
        f"this rig has no {what.removeprefix('an ').removeprefix('a ')}; name one under `{key}` in the rig file"
    )
