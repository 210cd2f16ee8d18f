"""Asks every instrument of a rig whether it is there, reading only: nothing is switched on, set or sent to the unit.

An instrument that is connected already is asked as it stands. One of a real rig is tried at its address with its own
driver; supplies and switch units, whose drivers set them up, are asked as bare SCPI instruments. Of a real rig only
what its own file names is asked: a vehicle file is shared by benches, and its hosts are for scenarios.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rigs.addresses import AdbAddress, CanAddress, CoverageAddress, PowerAddress
from rigs.connect import connect
from rigs.drivers.clock import WallClock
from rigs.drivers.modem import AtConsole
from rigs.drivers.scpi import ScpiInstrument
from rigs.instruments import Instruments
from rigs.protocols import Reading
from rigs.rigfile import Addresses, RealRig
from rigs.vehicle import Vehicle
from telltale.errors import RigError, TelltaleError

LISTEN = 1.0
"""Seconds to hear something on a CAN bus."""
ANY_SETTING = ("global", "device_name")
"""What an Android answers as soon as it has booted: a value, or that there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One connection of the bench."""

    connection: str
    tried: str
    state: Literal["ok", "wrong", "missing"]
    says: str
    """What it answered, or what is wrong and how to mend it."""


@dataclass(frozen=True, slots=True)
class _Question:
    tried: str
    ask: Callable[[Any, str | None], str]
    """Given the driver, and what of the maker's cloud is to be asked."""
    lost: str
    """What a bench without it cannot do."""
    where: Callable[[Any], str | None] = field(default=lambda _: None)
    """Whom an address names, for those that are asked at one of their own."""


def _power(supply: Any, _: str | None) -> str:
    reading = supply.measure()
    return f"{reading.voltage:g} V, {reading.current:g} A at its terminals"


def _can(bus: Any, _: str | None) -> str:
    end, before = time.monotonic() + LISTEN, bus.received
    while bus.error is None and bus.received == before and time.monotonic() < end:
        time.sleep(0.05)
    if bus.error is not None:
        raise RigError(f"{bus.error}; check bitrate, wiring and termination")
    return "frames are heard" if bus.received != before else "the bus is open, and silent"


def _modem(modem: Any, _: str | None) -> str:
    if not modem.registered():
        raise RigError("it is not registered in a network; check SIM, antenna and the test cell")
    return "registered in a network"


def _adb(adb: Any, _: str | None) -> str:
    adb.get_setting(*ANY_SETTING)
    return f"{adb.serial} answers"


def _digital(switch: Any, _: str | None) -> str:
    return ", ".join(f"{line} {switch.state(line)}" for line in switch.lines)


def _diagnosis(diagnosis: Any, _: str | None) -> str:
    if not diagnosis.answers():
        raise RigError("the unit does not answer; check the identifiers in the vehicle file, and that it has power")
    return "the unit answers"


def _probe(probe: Any, cloud: str | None) -> str:
    if cloud is None:
        return "it is there; nobody was asked, for no `url` is named under `probe`"
    return f"{cloud} answers {probe.fetch(cloud).status}"


def _storage(storage: Any, _: str | None) -> str:
    storage.remember()
    return "it can be listed"


def _stick(stick: Any, _: str | None) -> str:
    return "in the car" if stick.plugged else "with the bench"


def _snoop(snoop: Any, _: str | None) -> str:
    return f"a log of {len(snoop.read()):,} bytes"


def _coverage(coverage: Any, _: str | None) -> str:
    return str(coverage.says())


def _bus(address: CanAddress) -> str:
    told = (address.interface, address.channel, *(address.options.get(key) for key in ("host", "port")))
    return " ".join(str(word) for word in told if word is not None)


def _android(address: AdbAddress) -> str:
    return address.tcp or f"USB {address.usb}"


def _commanders(address: CoverageAddress) -> str | None:
    return ", ".join(where for row in address.root.values() if (where := row.visa or row.interface)) or None


def _visa(address: Any) -> str:
    return str(address.visa)


def _port(address: Any) -> str:
    return str(address.port)


QUESTIONS: Mapping[str, _Question] = {
    "power": _Question("asked what it measures", _power, "the unit cannot be switched off and on", _visa),
    "digital": _Question("asked how each line stands", _digital, "no line into the unit can be switched", _visa),
    "coverage": _Question("asked how each uplink stands", _coverage, "no uplink can be without coverage", _commanders),
    "can": _Question(f"listened for {LISTEN:g} s", _can, "nothing can be played on the unit's bus", _bus),
    "diagnosis": _Question("asked for a sign of life", _diagnosis, "the unit cannot be asked over diagnosis"),
    "modem": _Question("asked whether it is registered", _modem, "no modem tells that the unit lives", _port),
    "gnss": _Question(
        "opened its line", lambda *_: "the line is open; nothing answers on it", "places cannot be set", _port
    ),
    "adb": _Question("read a setting", _adb, "no switch of the unit can be set, and no app be opened", _android),
    "phone": _Question("read a setting", _adb, "the owner's phone takes no part", _android),
    "sms": _Question("asked for a sign of life", lambda modem, _: _at(modem), "the unit gets no text messages", _port),
    "probe": _Question(
        "asked the maker's cloud", _probe, "nobody can tell what the maker's cloud still has", lambda at: at.url
    ),
    "stick": _Question("asked where it is", _stick, "nothing can be carried out of the car on a stick"),
    "storage": _Question("listed it", _storage, "nobody can tell what the unit keeps"),
    "snoop": _Question("read it", _snoop, "what leaves over Bluetooth is not seen"),
}
"""By field of `Instruments`, in the order in which they are told."""


def ask(instruments: Instruments, *, cloud: str | None) -> Iterator[Check]:
    """A check for every instrument, of those that are connected.

    :param cloud: the URL that the probe asks; None asks nobody
    """
    for name in QUESTIONS:
        driver = getattr(instruments, name)
        yield _missing(name) if driver is None else _asked(name, driver, cloud)


def asked(rig: RealRig) -> Iterator[str]:
    """Whom `try_addresses` turns to, each with its instrument: nobody that the rig file does not name."""
    for name, question in QUESTIONS.items():
        address = getattr(rig.addresses, name, None)
        if address is not None and (where := question.where(address)) is not None:
            yield f"{name} at {where}"


def try_addresses(rig: RealRig, vehicle: Vehicle, *, logs: Path) -> Iterator[Check]:
    """A check for every instrument of *rig*, each connected by itself and hung up on again.

    :param logs: folder for what the drivers write down meanwhile
    """
    for name, question in QUESTIONS.items():
        if name in rig.addresses.manual:
            yield Check(connection=name, tried="a person", state="ok", says="the engineer is asked at the terminal")
            continue
        if name == "stick" and rig.addresses.stick is not None:
            yield Check(connection=name, tried="nothing", state="ok", says="to look at it would be to move it")
            continue
        if name == "diagnosis":
            there = rig.addresses.can is not None and vehicle.diagnosis is not None
        else:
            there = getattr(rig.addresses, name) is not None
        if not there:
            yield _missing(name)
            continue
        try:
            with _tried(name, rig, vehicle, logs) as driver:
                yield _asked(name, driver, probe.url if (probe := rig.addresses.probe) else None)
        except TelltaleError as error:
            yield Check(connection=name, tried=question.tried, state="wrong", says=str(error))


def _asked(name: str, driver: Any, cloud: str | None) -> Check:
    question = QUESTIONS[name]
    try:
        return Check(connection=name, tried=question.tried, state="ok", says=question.ask(driver, cloud))
    except TelltaleError as error:
        return Check(connection=name, tried=question.tried, state="wrong", says=str(error))


def _missing(name: str) -> Check:
    lost = f"{QUESTIONS[name].lost}; scenarios that need it are skipped"
    return Check(connection=name, tried="not on this rig", state="missing", says=lost)


@contextmanager
def _tried(name: str, rig: RealRig, vehicle: Vehicle, logs: Path) -> Iterator[Any]:
    addresses = rig.addresses
    bare: Mapping[str, Callable[[Any], AbstractContextManager[Any]]] = {
        "power": lambda at: closing(_Supply(at)),
        "digital": lambda at: closing(_Relays(at.visa, at.lines)),
        "sms": lambda at: closing(AtConsole(at)),
    }
    if name in bare:
        with rig.blamed(name), bare[name](getattr(addresses, name)) as driver:
            yield driver
        return
    wanted = {"diagnosis": ("can",), "storage": ("adb", "storage"), "snoop": ("adb", "snoop")}.get(name, (name,))
    alone = Addresses(**{field: getattr(addresses, field) for field in wanted})
    with connect(rig, alone, vehicle, WallClock(), logs=logs) as instruments:
        yield getattr(instruments, name)


def _at(modem: Any) -> str:
    if isinstance(modem, AtConsole):
        modem.command("AT")
        return "the modem answers"
    return "it is there"


class _Supply:
    """A supply that is only read."""

    def __init__(self, address: PowerAddress) -> None:
        self._line = ScpiInstrument(address.visa, what="supply", example="TCPIP::192.168.0.5::5025::SOCKET")

    def measure(self) -> Reading:
        """Voltage and current at the terminals of the output that is selected."""
        return Reading(float(self._line.ask("MEAS:VOLT?")), float(self._line.ask("MEAS:CURR?")))

    def close(self) -> None:
        """Hang up, and leave it as it is."""
        self._line.release()


class _Relays:
    """A switch unit that is only read."""

    def __init__(self, visa: str, lines: Mapping[str, int]) -> None:
        self._line = ScpiInstrument(visa, what="switch unit", example="TCPIP::192.168.0.6::5025::SOCKET")
        self._channels = lines

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines."""
        return tuple(self._channels)

    def state(self, line: str) -> str:
        """How *line* stands."""
        return "closed" if self._line.ask(f"ROUT:CLOS? (@{self._channels[line]})") == "1" else "open"

    def close(self) -> None:
        """Hang up, and leave them as they are."""
        self._line.release()
