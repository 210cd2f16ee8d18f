"""The simulated bench: network, gateway and peers, made once; `trials.simulated_session` is one trial on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Self

from reports.run_folder import RunFolder
from rigs.addresses import (
    AdbAddress,
    CanAddress,
    Ceiling,
    PowerAddress,
    ProbeAddress,
    SerialAddress,
    SmsAddress,
    SnoopAddress,
    StorageAddress,
)
from rigs.identities import generate
from rigs.rigfile import Addresses
from rigs.sim.peers.host import PeerHost
from telltale.fidelity import Fidelity
from telltale.identity import Identities
from trials.loopback import LoopbackWiring
from trials.scratch import scratch
from trials.setup import Setup
from trials.simulated_session import SimulatedSession
from trials.way import CapturedWay
from trials.wiring import Wiring

SUPPLY_CEILING = Ceiling(voltage=16.0, current=10.0)
UNIT_NUMBER = "+10000000000"
"""Nobody's: the simulated operator knows one subscriber alone."""

_WAYS: Mapping[Fidelity, Callable[[Path], AbstractContextManager[CapturedWay]]] = {
    Fidelity.SEALED: Wiring.open,
    Fidelity.LOOPBACK: LoopbackWiring.open,
}


class SimulatedBench:
    """Made once a session (or a worker); serves one trial at a time.

    Its keys live as long as it does, and so do the identities that it gives to cars of one maker.
    """

    def __init__(self, fidelity: Fidelity = Fidelity.SEALED) -> None:
        self._stack = ExitStack()
        self._session: SimulatedSession | None = None
        self._drawn: dict[str, Identities] = {}
        self.fidelity = fidelity
        try:
            folder = self._stack.enter_context(scratch())
            self.wiring: CapturedWay = self._stack.enter_context(_WAYS[fidelity](folder))
            self.peers = PeerHost(self._on_output, self._on_relays).start()
            self._stack.callback(self.peers.close)
            host, port = self.peers.can.address
            self.addresses = Addresses(
                can=CanAddress(interface="socketcand", channel="can0", options={"host": host, "port": port}),
                modem=SerialAddress(port=self.peers.modem.path),
                gnss=SerialAddress(port=self.peers.gnss.path),
                adb=AdbAddress(tcp=self.peers.adb.address),
                phone=AdbAddress(tcp=self.peers.phone.address),
                sms=SmsAddress(port=self.peers.sms_port, number=UNIT_NUMBER),
                power=PowerAddress(visa=self.peers.supply.address, ceiling=SUPPLY_CEILING),
                probe=ProbeAddress(authorities=self.wiring.authority.certificate),
                storage=StorageAddress(),
                snoop=SnoopAddress(),
            )
        except BaseException:
            self._stack.close()
            raise

    @property
    def usable(self) -> bool:
        """Whether another trial can be served; a bench that lost its gateway or tap is made anew."""
        return self.wiring.usable

    def serves(self, setup: Setup) -> bool:
        """Whether it is a bench for this simulated rig: any, of the same fidelity."""
        return setup.unit is not None and setup.fidelity is self.fidelity

    def begin(self, setup: Setup, folder: RunFolder) -> SimulatedSession:
        """Put a fresh car and its cloud on the bench, powered off, with the capture running.

        :raises InputError: unit, cloud, vehicle or defect files do not fit together
        :raises RigError: a part does not come up
        """
        identities = self._identities(setup.vehicle.manufacturer_code)
        self._session = SimulatedSession(self.wiring, self.peers, self.addresses, setup, folder, identities=identities)
        return self._session

    def _identities(self, manufacturer_code: str) -> Identities:
        """Drawn once: trials share nothing else, and what is looked for is compiled once (`trials.engines`)."""
        if manufacturer_code not in self._drawn:
            self._drawn[manufacturer_code] = generate(manufacturer_code=manufacturer_code)
        return self._drawn[manufacturer_code]

    def close(self) -> None:
        """Take everything down."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _on_output(self, on: bool) -> None:  # noqa: FBT001 - the supply's callback
        if self._session is not None:
            self._session.output(on=on)

    def _on_relays(self, closed: frozenset[int]) -> None:
        if self._session is not None:
            self._session.wire(closed)
