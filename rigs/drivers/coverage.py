"""Coverage on a real bench, a row an uplink: a test cell by SCPI, a port of this host's bridge, a person."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from typing import Literal, Protocol

from pyroute2.iproute.linux import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from rigs.addresses import CoverageAddress, CoverageRow
from rigs.drivers.scpi import ScpiInstrument
from rigs.instruments import MissingInstrumentError
from rigs.protocols import Person, UplinkKind
from telltale.errors import InputError, RigError, near_miss

_SETTLED = 30_000
"""Milliseconds for a test cell to have switched."""
_UP = 1
"""IFF_UP of netdevice(7)."""


class _Way(Protocol):
    """What takes coverage away from one uplink and gives it back."""

    def set(self, state: Literal["off", "on"]) -> None: ...

    def slow(self, rate: int) -> None: ...

    def says(self) -> str:
        """Asked without changing anything."""


class RealCoverage:
    """Rows of a rig file; nothing is changed until it is asked for, and `close` gives back what was taken.

    :param kinds: uplink to its kind
    :param engineer: who is asked for what a row leaves to a person
    :raises InputError: what a row names is not there
    """

    def __init__(
        self, address: CoverageAddress, kinds: Mapping[str, UplinkKind] | None = None, engineer: Person | None = None
    ) -> None:
        self._kinds = kinds or {}
        self._ways: dict[str, _Way] = {}
        self._taken: set[str] = set()
        self._away: set[str] = set()
        self._open = ExitStack()
        try:
            for uplink, row in address.root.items():
                if (way := self._way(uplink, row, engineer)) is not None:
                    self._ways[uplink] = way
        except BaseException:
            self._open.close()
            raise

    @classmethod
    def taken(cls, address: CoverageAddress) -> RealCoverage:
        """After a run that left no word: whatever no person commands may have been taken, and `close` gives it back."""
        made = cls(address)
        made._taken.update(made._ways)
        return made

    @property
    def uplinks(self) -> Mapping[str, UplinkKind]:
        """Uplinks that it commands."""
        return {uplink: self._kinds[uplink] for uplink in self._ways if uplink in self._kinds}

    @property
    def away(self) -> Collection[str]:
        """Uplinks that it keeps without coverage now."""
        return frozenset(self._away)

    def lost(self, uplink: str) -> None:
        """Nothing passes from now on. :raises RigError: it could not be taken away"""
        self._taken.add(uplink)
        self._away.add(uplink)
        self._ways[uplink].set("off")

    def back(self, uplink: str) -> None:
        """All passes again. :raises RigError: it could not be given back"""
        self._ways[uplink].set("on")
        self._taken.discard(uplink)
        self._away.discard(uplink)

    def slow(self, uplink: str, rate: int) -> None:
        """No more than *rate* bit/s. :raises MissingInstrumentError: the row cannot. :raises RigError: it did not"""
        self._taken.add(uplink)
        self._ways[uplink].slow(rate)

    def says(self) -> str:
        """How each uplink stands, asked without changing anything. :raises RigError: an instrument does not answer"""
        return ", ".join(f"{uplink} {way.says()}" for uplink, way in self._ways.items())

    def close(self) -> None:
        """Give back what was taken, and hang up; harmless when repeated. :raises RigError: one could not be given"""
        with self._open:
            self._give_back()

    def _give_back(self) -> None:
        failed: RigError | None = None
        for uplink in sorted(self._taken):  # one that fails keeps no other from its coverage
            try:
                self.back(uplink)
            except RigError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _way(self, uplink: str, row: CoverageRow, engineer: Person | None) -> _Way | None:
        if row.visa is not None:
            line = ScpiInstrument(row.visa, what="test cell", example="TCPIP::192.168.0.7::5025::SOCKET")
            self._open.callback(line.release)
            return _Cell(line, row)
        if row.interface is not None:
            return _Port(row.interface)
        return None if engineer is None else _ByHand(uplink, engineer)


class _Cell:
    """An instrument that is told in its own words."""

    def __init__(self, line: ScpiInstrument, row: CoverageRow) -> None:
        self._line = line
        self._row = row

    def set(self, state: Literal["off", "on"]) -> None:
        self._tell((self._row.off if state == "off" else self._row.on) or "")

    def slow(self, rate: int) -> None:
        if self._row.slow is None:
            raise MissingInstrumentError(f"{self._line} has no `slow` in its row under `coverage` in the rig file")
        self._tell(self._row.slow.replace("{rate}", str(rate)))

    def says(self) -> str:
        return f"by {self._line.identity.split(',')[1].strip()}"

    def _tell(self, command: str) -> None:
        with self._line.patience(_SETTLED):
            self._line.write(command)
            self._line.ask("*OPC?")
        self._line.check(f"told `{command}`")


class _Port:
    """A network interface of this host that leads to the car's cell or access point: down, nothing passes."""

    def __init__(self, interface: str) -> None:
        self._name = interface
        if self._name not in (known := [name for _, name in socket.if_nameindex()]):
            raise InputError(f"this host has no interface `{interface}`{near_miss(interface, known)}")

    def set(self, state: Literal["off", "on"]) -> None:
        wanted = "up" if state == "on" else "down"
        try:
            with IPRoute() as netlink:
                netlink.link("set", index=socket.if_nametoindex(self._name), state=wanted)
        except (NetlinkError, OSError) as error:
            number = error.code if isinstance(error, NetlinkError) else error.errno
            mend = "; that needs CAP_NET_ADMIN" if number == errno.EPERM else ""
            raise RigError(f"the interface {self._name} cannot be set {wanted}: {error}{mend}") from None
        if self._is_up() != (state == "on"):
            raise RigError(f"the interface {self._name} was set {wanted} and is not")

    def slow(self, rate: int) -> None:
        raise MissingInstrumentError(
            f"the port {self._name} can be set down and up, and not be slowed to {rate} bit/s each way"
        )

    def says(self) -> str:
        return f"by {self._name}, which is {'up' if self._is_up() else 'down'}"

    def _is_up(self) -> bool:
        with IPRoute() as netlink:
            (link,) = netlink.get_links(socket.if_nametoindex(self._name))
        return bool(int(link["flags"]) & _UP)


class _ByHand:
    """A person with a shield box."""

    def __init__(self, uplink: str, engineer: Person) -> None:
        self._uplink = uplink
        self._engineer = engineer

    def set(self, state: Literal["off", "on"]) -> None:
        done = "Take the coverage of {} away" if state == "off" else "Give {} its coverage back, at full rate"
        self._engineer.ask(done.format(self._uplink))

    def slow(self, rate: int) -> None:
        self._engineer.ask(f"Let no more than {rate / 1000:g} kbit/s each way pass over {self._uplink}")

    def says(self) -> str:
        return "by hand"
