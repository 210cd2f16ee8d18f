"""Connects the drivers of a rig, real or simulated, and leaves the bench in its safe state, however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from rigs.drivers.adb import AdbDriver
from rigs.drivers.can import CanDriver
from rigs.drivers.gnss import NmeaSource
from rigs.drivers.modem import AtConsole
from rigs.drivers.power import ScpiSupply
from rigs.drivers.probe import Dialler, HttpProbe
from rigs.instruments import Instruments
from rigs.protocols import Clock
from rigs.rigfile import Addresses, Rig
from rigs.vehicle import Vehicle
from telltale.errors import InputError
from telltale.times import SECOND

CAN_LOG = "can.blf"
MODEM_LOG = "modem.log"
GNSS_LOG = "gnss.log"


class _Closes(Protocol):
    def close(self) -> None: ...


D = TypeVar("D", bound=_Closes)


@contextmanager
def connect(
    rig: Rig,
    addresses: Addresses,
    vehicle: Vehicle,
    clock: Clock,
    *,
    logs: Path,
    delivered: Callable[[int], None] | None = None,
    dial: Dialler | None = None,
) -> Iterator[Instruments]:
    """The instruments at *addresses*, until the context ends; then each is closed, the supply last of all.

    :param rig: whose file is blamed for an address that is wrong
    :param logs: folder for `CAN_LOG`, `MODEM_LOG` and `GNSS_LOG`
    :param delivered: given the number of CAN frames sent, returns when what was sent over CAN and serial has reached
        the unit (a simulated rig: `rigs.sim.peers.host.PeerHost.settle`)
    :param dial: makes the probe's connections
    :raises InputError: an instrument is not where the rig file says, with file and line
    :raises RigError: an instrument fails; or, at the end, the supply's safe state could not be reached
    """
    with ExitStack() as stack:

        def opened(key: str, make: Callable[[], D]) -> D:
            driver = _blaming(rig, key, make)
            stack.callback(driver.close)
            return driver

        power = modem = gnss = adb = phone = can = None
        if (supply := addresses.power) is not None:
            power = opened("power", lambda: ScpiSupply(supply))
        if (at := addresses.modem) is not None:
            modem = opened("modem", lambda: AtConsole(at, logs / MODEM_LOG))
        if (nmea := addresses.gnss) is not None:
            gnss = opened("gnss", lambda: NmeaSource(nmea, logs / GNSS_LOG))
        if (android := addresses.adb) is not None:
            adb = opened("adb", lambda: AdbDriver(android))
        if (handset := addresses.phone) is not None:
            phone = opened("phone", lambda: AdbDriver(handset))
        if (bus := addresses.can) is not None:
            can = opened("can", lambda: CanDriver(bus, vehicle.database, log=logs / CAN_LOG))
        probe = None
        if (cloud := addresses.probe) is not None:
            probe = _blaming(
                rig,
                "probe",
                lambda: HttpProbe(dial, authorities=cloud.authorities, timeout=cloud.timeout / SECOND),
            )
        present = Instruments(
            clock=clock, can=can, modem=modem, gnss=gnss, adb=adb, phone=phone, power=power, probe=probe
        )
        yield present if delivered is None else _with_delivery(present, delivered)


def _with_delivery(instruments: Instruments, delivered: Callable[[int], None]) -> Instruments:
    can = instruments.can
    return replace(instruments, delivered=lambda: delivered(can.sent if can is not None else 0))


T = TypeVar("T")


def _blaming(rig: Rig, key: str, make: Callable[[], T]) -> T:
    """What *make* makes; an address that is wrong is told with the rig file's line."""
    try:
        return make()
    except InputError as error:
        raise rig.fault((key,), error.message) from None
