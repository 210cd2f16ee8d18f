"""Connects the drivers of a rig, real or simulated, and leaves the bench in its safe state, however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from rigs.addresses import CoverageAddress, ProbeAddress, StickAddress
from rigs.drivers.adb import AdbDriver
from rigs.drivers.can import CanDriver
from rigs.drivers.coverage import RealCoverage
from rigs.drivers.diagnostics import UdsClient
from rigs.drivers.digital import ScpiSwitch
from rigs.drivers.gnss import NmeaSource
from rigs.drivers.manual import Engineer, ManualInstrument
from rigs.drivers.modem import AtConsole
from rigs.drivers.power import ScpiSupply
from rigs.drivers.probe import Dialler, HttpProbe
from rigs.drivers.sms import SmsModem
from rigs.drivers.stick import BlockStick, ByHand, Multiplexer
from rigs.drivers.storage import AdbSnoop, AdbStorage
from rigs.instruments import Instruments
from rigs.protocols import Adb, Clock
from rigs.rigfile import Addresses, RealRig, Rig
from rigs.vehicle import Vehicle
from telltale.times import SECOND

CAN_LOG = "can.blf"
MODEM_LOG = "modem.log"
GNSS_LOG = "gnss.log"
SMS_LOG = "sms.log"


class _Closes(Protocol):
    def close(self) -> None: ...


A = TypeVar("A")
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
    engineer: Engineer | None = None,
) -> Iterator[Instruments]:
    """The instruments at *addresses*, until the context ends; then each is closed, the supply last of all.

    :param rig: whose file is blamed for an address that is wrong
    :param logs: folder for `CAN_LOG`, `MODEM_LOG`, `GNSS_LOG` and `SMS_LOG`
    :param delivered: given the number of CAN frames sent, returns when what was sent over CAN and serial has reached
        the unit (a simulated rig: `rigs.sim.peers.host.PeerHost.settle`)
    :param dial: makes the probe's connections
    :param engineer: who stands in for what is manual; None: whoever sits at the terminal
    :raises InputError: an instrument is not where the rig file says, with file and line
    :raises RigError: an instrument fails; or, at the end, the supply's safe state could not be reached
    """
    engineer = engineer or Engineer()
    with ExitStack() as stack:

        def opened(key: str, address: A | None, make: Callable[[A], D]) -> D | None:
            if key in addresses.manual:
                by_hand: Any = ManualInstrument(key, engineer, vehicle)
                stack.callback(by_hand.close)
                return cast("D", by_hand)
            if address is None:
                return None
            driver = _blaming(rig, key, lambda: make(address))
            stack.callback(driver.close)
            return driver

        # What is opened first is closed last: the supply, then the lines into the unit
        power = opened("power", addresses.power, ScpiSupply)
        digital = opened("digital", addresses.digital, ScpiSwitch)
        can = opened("can", addresses.can, lambda bus: CanDriver(bus, vehicle.database, log=logs / CAN_LOG))
        uds = UdsClient(can, vehicle.diagnosis) if can is not None and vehicle.diagnosis is not None else None
        present = Instruments(
            clock=clock,
            power=power,
            digital=digital,
            can=can,
            diagnosis=opened("diagnosis", uds, lambda client: client),
            engineer=engineer,
            modem=opened("modem", addresses.modem, lambda at: AtConsole(at, logs / MODEM_LOG)),
            gnss=opened("gnss", addresses.gnss, lambda nmea: NmeaSource(nmea, logs / GNSS_LOG)),
            adb=opened("adb", addresses.adb, AdbDriver),
            phone=opened("phone", addresses.phone, AdbDriver),
            sms=opened("sms", addresses.sms, lambda modem: SmsModem(modem, logs / SMS_LOG)),
            probe=opened("probe", addresses.probe, lambda cloud: _probe(cloud, dial)),
        )
        if addresses.coverage is not None:
            present = replace(
                present, coverage=opened("coverage", addresses.coverage, lambda at: _coverage(rig, at, engineer))
            )
        if addresses.stick is not None:
            present = replace(present, stick=_stick(rig, present, addresses.stick, engineer))
        if addresses.storage is not None:
            present = replace(present, storage=AdbStorage(_over_adb(rig, present, "storage"), addresses.storage, clock))
        if addresses.snoop is not None:
            present = replace(present, snoop=AdbSnoop(_over_adb(rig, present, "snoop"), addresses.snoop))
        yield present if delivered is None else _with_delivery(present, delivered)


def _probe(address: ProbeAddress, dial: Dialler | None) -> HttpProbe:
    return HttpProbe(dial, authorities=address.authorities, timeout=address.timeout / SECOND)


def _coverage(rig: Rig, address: CoverageAddress, engineer: Engineer) -> RealCoverage:
    kinds = {uplink.name: uplink.kind for uplink in rig.uplinks} if isinstance(rig, RealRig) else {}
    return RealCoverage(address, kinds, engineer)


def _stick(rig: Rig, present: Instruments, address: StickAddress, engineer: Engineer) -> BlockStick:
    if address.mux == "manual":
        return BlockStick(address, ByHand(engineer), present.clock)
    if present.digital is None:
        raise rig.fault(("stick", "mux"), f"`mux` is `{address.mux}`, a digital line; name its switch under `digital`")
    return BlockStick(address, Multiplexer(present.digital, address.mux, present.clock, address.quiet), present.clock)


def _over_adb(rig: Rig, present: Instruments, key: str) -> Adb:
    if present.adb is None:
        raise rig.fault((key,), f"`{key}` is looked at over ADB; name the unit under `adb`")
    return present.adb


def _with_delivery(instruments: Instruments, delivered: Callable[[int], None]) -> Instruments:
    can = instruments.can
    return replace(instruments, delivered=lambda: delivered(can.sent if can is not None else 0))


T = TypeVar("T")


def _blaming(rig: Rig, key: str, make: Callable[[], T]) -> T:
    """What *make* makes; an address that is wrong is told with the rig file's line."""
    with rig.blamed(key):
        return make()
