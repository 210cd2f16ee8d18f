"""The bench's side of the simulated peers: CAN hub, supply and relays in a thread with its own loop, and the ptys."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import socket
import termios
import threading
import time
import tty
from collections.abc import Callable, Coroutine
from typing import Any

from rigs.sim.peers.canhub import CanHub
from rigs.sim.peers.relays import Closed, RelaySimulator
from rigs.sim.peers.sms import SendingModem
from rigs.sim.peers.supply import SupplySimulator
from rigs.sim.peers.terminals import Air, Terminals
from telltale.errors import RigError

_POLL = 0.0005


class Pty:
    """A serial line: the bench opens `path`, the unit inherits `unit_end`. It stays while the unit is off."""

    def __init__(self, name: str) -> None:
        self.name = name
        """For messages: ``modem``."""
        self.unit_end, self._bench_end = pty.openpty()  # the bench's end is held open, or the unit would read EIO
        tty.setraw(self._bench_end, termios.TCSANOW)
        self.path = os.ttyname(self._bench_end)
        """Device path for pyserial."""

    @property
    def unread(self) -> bool:
        """Whether the bench has written something that the unit has not read yet.

        Asked by poll(2), which first brings over what is still on its way inside the kernel; FIONREAD would not see it.
        """
        poll = select.poll()
        poll.register(self.unit_end, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close both ends of the bench's."""
        os.close(self.unit_end)
        os.close(self._bench_end)


class AdbPort:
    """Where a unit's adbd listens; it stays while the unit is off."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        """Inherited by the unit that boots."""

    @property
    def address(self) -> str:
        """What ``adb connect`` takes."""
        host, port = self.socket.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        """Close the bench's end."""
        self.socket.close()


class PeerHost:
    """Runs the peers that live beside the bench, from `start` to `close`."""

    def __init__(
        self, on_output: Callable[[bool], None], on_relays: Callable[[Closed], None] = lambda _closed: None
    ) -> None:
        """*on_output* and *on_relays*: see `SupplySimulator` and `RelaySimulator`; called in threads of their own."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated peers", daemon=True)
        self._on_output, self._on_relays = on_output, on_relays
        self._supply: SupplySimulator | None = None
        self._relays: RelaySimulator | None = None
        self.can = CanHub()
        self.modem = Pty("modem")
        self.gnss = Pty("GNSS")
        self.adb = AdbPort()
        self.phone = AdbPort()
        self.terminals = Terminals()
        self.air = Air()
        self._operator = Pty("operator's modem")

    def start(self) -> PeerHost:
        """Start thread, hub and supply."""
        self._thread.start()
        self._run(self._open())
        return self

    async def _open(self) -> None:
        self._supply = SupplySimulator(self._on_output, self.terminals.drawn)
        SendingModem(self.air.text).attach(self._operator.unit_end, self._loop)
        await self.can.start()
        await self._supply.start()
        self._relays = RelaySimulator(self._on_relays)
        await self._relays.start()

    @property
    def supply(self) -> SupplySimulator:
        """The supply, once started."""
        if self._supply is None:
            raise RigError("the simulated peers do not run")
        return self._supply

    @property
    def relays(self) -> RelaySimulator:
        """The switch unit, once started."""
        if self._relays is None:
            raise RigError("the simulated peers do not run")
        return self._relays

    @property
    def sms_port(self) -> str:
        """Where the bench's own modem is, which sends text messages."""
        return self._operator.path

    def plug_can(self) -> socket.socket:
        """A fresh CAN connection for a unit that boots: to be handed to the unit's process and then closed here."""
        ours, units = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.can.attach(ours)
        return units

    def settle(self, frames_sent: int, timeout: float = 5.0) -> None:
        """Wait until the unit, if it is on, has read everything that the bench has sent over CAN and serial.

        *frames_sent* counts the bench's CAN frames since the start. ADB and SCPI answer, so they need no waiting.

        :raises RigError: the unit does not read
        """
        self.can.wait_read(frames_sent, timeout)
        if not self.can.attached:
            return
        end = time.monotonic() + timeout
        for line in (self.modem, self.gnss):
            while line.unread:
                if time.monotonic() > end:
                    raise RigError(f"the unit did not read its {line.name} line within {timeout:g} s")
                time.sleep(_POLL)

    def arrive(self, told_before: int, received: Callable[[], int], timeout: float = 5.0) -> None:
        """Wait until the bench has received every frame that the unit has sent since *told_before* (`CanHub.told`).

        :param received: frames that the bench's driver has received since then
        :raises RigError: it does not
        """
        told = self.can.fetch() - told_before
        end = time.monotonic() + timeout
        while (come := received()) < told:
            if time.monotonic() > end:
                lost = f"{told - come} frames of the unit did not come over the CAN bus within {timeout:g} s"
                raise RigError(lost)
            time.sleep(_POLL)

    def close(self) -> None:
        """End everything; harmless when repeated."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=10)
        self._loop.close()
        self.adb.close()
        self.phone.close()
        for line in (self.modem, self.gnss, self._operator):
            line.close()
        self.terminals.unplug()
        self.air.close()

    async def _close(self) -> None:
        await self.can.close()
        if self._supply is not None:
            await self._supply.close()
        if self._relays is not None:
            await self._relays.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)
