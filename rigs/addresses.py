"""Where a bench's instruments are: passive data of a rig file, one model a driver."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, RootModel, model_validator

from rigs.benchfile import ControlAddress, IpAddress
from rigs.protocols import LineState
from telltale.times import SECOND
from telltale.yamlfile import Duration, Strict

Positive = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


class CanAddress(Strict):
    """A CAN bus, in python-can's words (its documentation, "Hardware Interfaces")."""

    interface: str
    """``socketcan``, ``pcan``, ``vector``, ``slcan``, ``socketcand`` …"""
    channel: str | int | None = None
    bitrate: int | None = None
    """Bit/s; None: as the interface is set up already."""
    fd: bool = False
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """More arguments of the interface, with its own names: ``{data_bitrate: 2000000}``."""


class SerialAddress(Strict):
    """A serial line."""

    port: str
    """``/dev/ttyUSB0``, or a URL of pyserial's (``socket://host:port``)."""
    baud: int = 115_200


class SmsAddress(SerialAddress):
    """A second modem, with a SIM card of its own, that sends text messages to the unit's number."""

    number: Annotated[str, Field(pattern=r"^\+?\d{3,15}$")]
    """The unit's, as it is dialled: ``+8613800000000``."""


class AdbAddress(Strict):
    """An Android unit, by serial number over USB or by address over TCP."""

    usb: str | None = None
    tcp: Annotated[str, Field(pattern=r"^.+:\d+$")] | None = None
    """``host:port``."""

    @model_validator(mode="after")
    def _one(self) -> AdbAddress:
        if (self.usb is None) == (self.tcp is None):
            raise ValueError("expected `usb` (a serial number) or `tcp` (host:port)")
        return self


class StorageAddress(Strict):
    """What of the unit's storage is compared before and after, over ADB."""

    roots: list[str] = Field(default=["/data", "/sdcard"], min_length=1)
    """Folders; reading all of them needs an engineering build."""
    leave_out: list[str] = Field(default=["/data/misc/bluetooth/logs"])
    """Folders that the bench itself has had written, such as the Bluetooth log."""


class StickAddress(Strict):
    """A USB stick that is moved between the car and the bench."""

    device: Path
    """The stick, or its partition, while it is the bench's: ``/dev/disk/by-id/usb-…``."""
    mux: str
    """The digital line that switches the multiplexer, closed: to the car; or ``manual``, the engineer's hands."""
    hours_ahead: Annotated[float, Field(ge=-14, le=14)] = 0
    """Of UTC: the car's local time, which FAT keeps; 8 in China."""
    quiet: Duration = 5 * SECOND
    """How long the car is given to finish before the multiplexer takes the stick out in order."""
    patience: Duration = 10 * SECOND
    """How long this host may take to find the stick."""


class SnoopAddress(Strict):
    """The unit's HCI snoop log, over ADB; it is switched on in the developer options."""

    path: str = "/data/misc/bluetooth/logs/btsnoop_hci.log"


class Ceiling(Strict):
    """What no call can exceed."""

    voltage: Positive
    """Volt."""
    current: Positive
    """Ampere."""


class PowerAddress(Strict):
    """A SCPI power supply."""

    visa: str
    """VISA resource name: ``TCPIP::host::port::SOCKET``, ``USB0::…::INSTR``."""
    channel: int | None = None
    """For supplies of several outputs (INSTrument:NSELect)."""
    voltage: Positive = 12.0
    """Volt, set before the output goes on."""
    current: Positive = 2.0
    """Limit, ampere, set before the output goes on."""
    ceiling: Ceiling
    safe_state: Literal["off", "on"] = "off"
    """How the output is left, however the bench ends."""

    @model_validator(mode="after")
    def _below_ceiling(self) -> PowerAddress:
        for name, unit in (("voltage", "V"), ("current", "A")):
            wanted, most = getattr(self, name), getattr(self.ceiling, name)
            if wanted > most:
                raise ValueError(f"`{name}` is {wanted:g} {unit}, above its ceiling of {most:g} {unit}")
        return self


class CoverageRow(Strict):
    """What takes coverage away from one uplink: exactly one of ``visa``, ``interface`` and ``manual``."""

    visa: str | None = None
    """A test cell or a programmable attenuator that speaks SCPI."""
    off: str | None = None
    """The command after which nothing passes: ``OUTP:STAT OFF``, ``ATT 90``."""
    on: str | None = None
    """The command after which all passes."""
    slow: str | None = None
    """The command that lets no more than ``{rate}`` bit/s pass each way; None: it cannot."""
    interface: str | None = None
    """A network interface of this host towards the car, such as the port of an uplink's bridge: it is set down."""
    manual: Literal[True] | None = None
    """A person does it."""

    @model_validator(mode="after")
    def _one(self) -> CoverageRow:
        if sum(way is not None for way in (self.visa, self.interface, self.manual)) != 1:
            raise ValueError("expected exactly one of `visa` (with `off` and `on`), `interface` and `manual: true`")
        commands = (self.off, self.on)
        if (self.visa is not None) != all(commands) or (self.visa is None and any((*commands, self.slow))):
            raise ValueError("`visa` needs the commands `off` and `on`, and nothing else has any")
        if self.slow is not None and "{rate}" not in self.slow:
            raise ValueError("`slow` names no `{rate}`")
        return self


class CoverageAddress(RootModel[dict[str, CoverageRow]]):
    """Uplink to what commands its coverage."""


class DigitalAddress(Strict):
    """A SCPI switch unit whose relays are lines into the unit."""

    visa: str
    lines: dict[str, Annotated[int, Field(ge=0)]] = Field(min_length=1)
    """Name to channel of the switch unit, as in its channel list ``(@n)``."""
    safe_state: LineState = "open"
    """How all lines are left, however the bench ends."""


def _ports(given: Any) -> Any:
    first, dash, last = given.partition("-") if isinstance(given, str) else ("", "", "")
    return (int(first), int(last)) if dash and first.isdecimal() and last.isdecimal() else given


def _ascending(ports: tuple[int, int]) -> tuple[int, int]:
    if ports[0] > ports[1]:
        raise ValueError(f"`{ports[0]}-{ports[1]}` ends before it begins")
    return ports


PortRange = Annotated[tuple[Port, Port], BeforeValidator(_ports), AfterValidator(_ascending)]
"""``40000-44999``, both included."""


class BehindAddress(Strict):
    """A control unit that another one forwards for: what tells it apart on the uplink."""

    ecu: str
    ports: PortRange | None = None
    """Its source ports, where it shares an IPv4 address (deterministic NAT, RFC 7422)."""
    addresses: list[IpAddress] = Field(default_factory=list)
    """IP addresses that are its own."""

    @model_validator(mode="after")
    def _something(self) -> BehindAddress:
        if self.ports is None and not self.addresses:
            raise ValueError("expected `ports`, `addresses` or both: nothing tells this control unit from the others")
        return self


class UplinkAddress(Strict):
    """A way out of the car that this bench captures."""

    name: str
    kind: Literal["cellular", "wifi"]
    interface: str
    """Network interface of the bench that carries it."""
    apn: Literal["public", "private"] | None = None
    """Cellular only."""
    ip: list[Literal[4, 6]] = Field(default=[4, 6], min_length=1)
    ecu: str | None = None
    """Which control unit sends through it: whoever is not `behind`."""
    behind: list[BehindAddress] = Field(default_factory=list)
    """Control units that `ecu` forwards for."""
    unit: list[IpAddress] = Field(default_factory=list)
    """The unit's own addresses on it, by a fixed lease; without them, whoever begins to talk is taken for the unit."""
    control: ControlAddress | None = None
    """Without it nothing shows that a transmission over this uplink would have been seen."""

    @model_validator(mode="after")
    def _told_apart(self) -> UplinkAddress:
        for one, other in combinations(self.behind, 2):
            if one.ecu == other.ecu:
                raise ValueError(f"`{one.ecu}` stands behind it twice; write one row")
            if shared := set(one.addresses) & set(other.addresses):
                raise ValueError(f"`{one.ecu}` and `{other.ecu}` both have the address {min(shared)}")
            if one.ports and other.ports and one.ports[0] <= other.ports[1] and other.ports[0] <= one.ports[1]:
                raise ValueError(f"the ports of `{one.ecu}` and `{other.ecu}` overlap")
        return self

    @model_validator(mode="after")
    def _apn_of_cellular(self) -> UplinkAddress:
        if self.apn and self.kind != "cellular":
            raise ValueError("`apn` belongs to a cellular uplink")
        return self


class ProbeAddress(Strict):
    """How the bench asks the maker's cloud."""

    authorities: Path | None = None
    """PEM file of the certificate authorities to trust; the host's own if None."""
    timeout: Duration = 30 * SECOND
    url: Annotated[str, Field(pattern=r"^https?://.+")] | None = None
    """What of that cloud ``telltale doctor`` asks; None: nothing."""
