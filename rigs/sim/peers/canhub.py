"""The CAN wire of a simulated rig: socketcand's protocol on the bench's side, SocketCAN frames on the unit's.

The bench's drivers connect to a TCP port on loopback with python-can's own ``socketcand`` interface, as they would to a
remote socketcand daemon. The unit reads and writes ``struct can_frame`` on a SOCK_SEQPACKET socket, exactly what a
raw SocketCAN socket gives (Linux ``Documentation/networking/can.rst``).

What it cannot do: arbitration, bit timing and bus errors; and socketcand carries neither CAN FD nor remote frames, so
such a frame from the unit reaches no bench client and counts as `CanHub.lost`.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
import time
from collections.abc import Callable
from typing import NamedTuple

from rigs.sim.peers.server import PeerServer
from telltale.errors import RigError

CAN_FRAME = struct.Struct("<IB3x8s")
"""``struct can_frame``: id with flags, length, padding, data."""
CANFD_FRAME = struct.Struct("<IBB2x64s")
"""``struct canfd_frame``: id with flags, length, FD flags, padding, data."""
EXTENDED, REMOTE, ERROR = 0x80000000, 0x40000000, 0x20000000
"""CAN_EFF_FLAG, CAN_RTR_FLAG, CAN_ERR_FLAG."""
_POLL = 0.0005


class Frame(NamedTuple):
    """A classic data frame."""

    id: int
    extended: bool
    data: bytes

    def raw(self) -> bytes:
        """As ``struct can_frame``."""
        return CAN_FRAME.pack(self.id | (EXTENDED if self.extended else 0), len(self.data), self.data)

    @classmethod
    def from_raw(cls, raw: bytes) -> Frame | None:
        """From ``struct can_frame``; None for CAN FD, remote and error frames and for what is no frame."""
        if len(raw) != CAN_FRAME.size:
            return None
        identifier, length, data = CAN_FRAME.unpack(raw)
        if identifier & (REMOTE | ERROR) or length > 8:
            return None
        return cls(identifier & 0x1FFFFFFF, bool(identifier & EXTENDED), data[:length])


class CanHub:
    """One bus: any number of bench clients, and at most one unit, which comes and goes with its power."""

    def __init__(self) -> None:
        self._clients: set[asyncio.StreamWriter] = set()
        self._server = PeerServer(self._serve)
        self._address: tuple[str, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unit: socket.socket | None = None
        self.received = 0
        """Frames that bench clients have sent so far."""
        self.told = 0
        """Frames of the unit's that have been handed to bench clients so far."""
        self.lost = 0
        """Frames that one side could not take: the unit did not read, or socketcand cannot carry them."""

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._loop = asyncio.get_running_loop()
        self._address = await self._server.start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for python-can's ``socketcand`` interface; its channel may have any name."""
        if self._address is None:
            raise RigError("the CAN hub does not run")
        return self._address

    def attach(self, sock: socket.socket) -> None:
        """Plug the unit in by its end *sock* of a SEQPACKET pair, which the hub owns from now on. From any thread.

        Each boot brings a fresh pair: frames that were sent while the unit was off are gone, as on a real bus.
        """
        self._call(lambda: self._plug(sock))

    def detach(self) -> None:
        """Unplug the unit, if one is there. From any thread."""
        self._call(self._unplug)

    @property
    def attached(self) -> bool:
        """Whether a unit is plugged in."""
        return self._unit is not None

    def fetch(self) -> int:
        """Hand on what the unit has sent; returns `told`, which covers all that it sent before. From any thread."""
        self._call(lambda: self._drain(self._unit))
        return self.told

    def wait_read(self, sent: int, timeout: float) -> None:
        """Wait until *sent* frames have come from the bench since the start and the unit has read all it was given.

        :raises RigError: that is not so within *timeout* seconds. Not to be called in the hub's own thread.
        """
        end = time.monotonic() + timeout
        while self.received < sent or self._unread():
            if time.monotonic() > end:
                raise RigError(
                    f"the unit did not read its CAN frames within {timeout:g} s"
                    if self.received >= sent
                    else f"{sent - self.received} CAN frames did not reach the bus within {timeout:g} s"
                )
            time.sleep(_POLL)

    async def close(self) -> None:
        """Stop listening, hang up on everybody."""
        self._unplug()
        await self._server.close()

    def _call(self, action: Callable[[], None]) -> None:
        """Run *action* in the hub's loop and wait for it, from whatever thread."""
        if self._loop is None:
            raise RigError("the CAN hub does not run")
        try:
            inside = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            inside = False
        if inside:
            action()
            return

        async def run() -> None:
            action()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=10)

    def _plug(self, sock: socket.socket) -> None:
        self._unplug()
        sock.settimeout(0)
        self._unit = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._unit_readable, sock)

    def _unplug(self) -> None:
        if self._unit is not None and self._loop is not None:
            self._loop.remove_reader(self._unit.fileno())
            self._unit.close()
            self._unit = None

    def _unread(self) -> bool:
        """Whether frames lie unread in the unit's socket (SIOCOUTQ counts them on a unix socket)."""
        unit = self._unit
        if unit is None:
            return False
        try:
            waiting = fcntl.ioctl(unit.fileno(), termios.TIOCOUTQ, bytes(4))
        except (OSError, ValueError):  # unplugged meanwhile
            return False
        return struct.unpack("i", waiting) != (0,)

    def _drain(self, sock: socket.socket | None) -> None:
        while sock is not None and sock is self._unit and self._unit_readable(sock):
            pass

    def _unit_readable(self, sock: socket.socket) -> bool:
        """Take one packet of the unit's; whether there was one."""
        try:
            raw = sock.recv(CANFD_FRAME.size)
        except BlockingIOError:
            return False
        except ConnectionError:
            raw = b""
        if not raw:  # its process has ended
            self._unplug()
        elif (frame := Frame.from_raw(raw)) is None:
            self.lost += 1
        else:
            self.told += 1
            self._to_clients(frame, None)
        return bool(raw)

    def _to_unit(self, frame: Frame) -> None:
        if self._unit is None:
            return  # nobody listens on a bus whose unit is off
        try:
            self._unit.send(frame.raw())
        except BlockingIOError:
            self.lost += 1
        except OSError:
            self._unplug()

    def _to_clients(self, frame: Frame, sender: asyncio.StreamWriter | None) -> None:
        identifier = f"{frame.id:08X}" if frame.extended else f"{frame.id:03X}"
        message = f"< frame {identifier} {time.time():.6f} {frame.data.hex().upper()} >".encode()
        for client in self._clients - {sender}:
            client.write(message)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"< hi >")
        try:
            while True:
                message = (await reader.readuntil(b">")).decode("ascii", errors="replace")
                writer.write(self._answer(message.strip(" <>").split(), writer))
        except (asyncio.LimitOverrunError, ValueError):
            pass  # the client speaks something else
        finally:
            self._clients.discard(writer)

    def _answer(self, words: list[str], writer: asyncio.StreamWriter) -> bytes:
        match words:
            case ["open", _]:
                return b"< ok >"
            case ["rawmode"]:
                self._clients.add(writer)
                return b"< ok >"
            case ["echo"]:
                return b"< echo >"
            case ["send", identifier, length, *data] if int(length, 16) == len(data) <= 8:
                self._sent(Frame(int(identifier, 16), len(identifier) > 3, bytes(int(b, 16) for b in data)), writer)
                return b""
            case _:
                return b"< error unknown command >"

    def _sent(self, frame: Frame, writer: asyncio.StreamWriter) -> None:
        self.received += 1
        self._to_unit(frame)
        self._to_clients(frame, writer)
