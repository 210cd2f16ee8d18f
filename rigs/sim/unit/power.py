"""A unit's supply terminals: what it draws is told to the bench, and the loss of the supply to the unit.

The bench's end is `rigs.sim.peers.terminals`. Each packet on the SOCK_SEQPACKET is a word: ``on`` or ``off`` from the
bench; from the unit the current that it draws, in microampere, whenever that changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from rigs.sim.agenda import Entry
from rigs.sim.clock import SharedClock
from rigs.sim.unit.engine import Engine


class Power:
    """Runs the unit on its supply, then on its battery, then not at all.

    :param battery: how long it runs on without its supply, ns
    """

    def __init__(self, sock: socket.socket, engine: Engine, clock: SharedClock, *, battery: int) -> None:
        self._sock = sock
        self._engine = engine
        self._clock = clock
        self._battery = battery
        self._empty: Entry | None = None
        sock.settimeout(0)
        asyncio.get_running_loop().add_reader(sock, self.read)
        engine.turns.append(self.tell)

    def tell(self) -> None:
        """Tell the bench what is drawn from now on."""
        if self._engine.life is not None:
            with contextlib.suppress(OSError):  # the bench has let go of the terminals: nobody measures
                self._sock.send(str(round(self._engine.life.draw * 1e6)).encode())

    def read(self) -> None:
        """Notice what has become of the supply."""
        while True:
            try:
                word = self._sock.recv(16)
            except BlockingIOError:
                return
            if not word:
                asyncio.get_running_loop().remove_reader(self._sock)
                return
            self._supply(on=word == b"on")

    def _supply(self, *, on: bool) -> None:
        if self._empty is not None:
            self._empty.cancel()
            self._empty = None
        if not on:
            self._empty = self._engine.agenda.at(self._clock.now() + self._battery, self._engine.die)
        self._engine.learn({"power": "supply" if on else "battery"})
        self._engine.publish()
