"""CAN through python-can, in the words of a DBC read by cantools."""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import can

from rigs.addresses import CanAddress
from rigs.drivers.canlog import CanLog
from rigs.drivers.markers import Markers
from rigs.drivers.messages import MessageSet
from rigs.drivers.socketcand import SocketcandBus
from rigs.protocols import Signals
from telltale.errors import InputError, RigError

if TYPE_CHECKING:
    from cantools.database.can import Database

_ECHO = frozenset({"socketcan", "vector", "kvaser", "virtual"})
"""Interfaces that give a frame back as they sent it, marked as such, wherever they are asked to."""
_LISTEN = 0.1
"""Seconds after which the receiving thread looks whether it is to end."""


class CanDriver:
    """One bus, its log, and the rest of the car's cyclic messages.

    Receiving and sending have a thread each of their own: python-can's Notifier and cyclic tasks, when the bus fails,
    end in silence or go on for ever, depending on the interface; here `error` says so.

    :param database: names and layouts of the messages
    :param rest_of_car: names of the messages that the bench sends for the other ECUs; those with a cycle time if None
    :param log: BLF file for all frames, received and sent
    :raises InputError: the interface cannot be opened
    """

    def __init__(
        self,
        address: CanAddress,
        database: Database,
        *,
        rest_of_car: Iterable[str] | None = None,
        log: Path | None = None,
    ) -> None:
        self._messages = MessageSet(database)
        cycles = {message.name: message.cycle_time for message in self._messages if message.cycle_time}
        self._rest = {name: cycles.get(name, 0) / 1000 for name in (cycles if rest_of_car is None else rest_of_car)}
        self._fd = address.fd
        self._bus = _open(address)
        self._log = CanLog(log) if log else None
        self._turn = threading.RLock()
        self._listeners: dict[tuple[int, bool], queue.SimpleQueue[can.Message]] = {}
        self._markers = Markers()
        self._sent = 0
        self._received = 0
        self._heard: Counter[tuple[int, bool]] = Counter()
        self._error: str | None = None
        self._closing = threading.Event()
        self._receiver = threading.Thread(target=self._receive, name="CAN receiver", daemon=True)
        self._receiver.start()
        self._silent = threading.Event()
        self._sender: threading.Thread | None = None
        self._paused = False

    @property
    def sent(self) -> int:
        """Frames sent so far."""
        return self._sent

    @property
    def received(self) -> int:
        """Frames received so far."""
        return self._received

    @property
    def error(self) -> str | None:
        """Why the bus is no longer recorded or its rest no longer sent, in one line; None while all is well."""
        return self._error

    def marked(self) -> tuple[int, int] | None:
        """See `rigs.drivers.markers`: by echoes, where the interface gives any, and by what a unit answers a tester."""
        return self._markers.best()

    def heard(self, identifier: int, *, extended: bool) -> int:
        """Frames with *identifier* received so far."""
        return self._heard[identifier, extended]

    def send(self, signals: Signals) -> None:
        """Send each message once; signals that are not named keep their last value.

        :raises InputError: the DBC lacks a message, signal or value; nothing has been sent then
        :raises RigError: the bus is gone
        """
        with self._turn:
            names = self._messages.set(signals)
        for name in names:
            self._emit(name)

    def send_all(self) -> None:
        """Send every message of the rest of the car once, as it stands. :raises RigError: the bus is gone"""
        for name in self._rest:
            self._emit(name)

    def listen(self, identifier: int, *, extended: bool) -> queue.SimpleQueue[can.Message]:
        """Where frames with *identifier* arrive from now on."""
        return self._listeners.setdefault((identifier, extended), queue.SimpleQueue())

    def emit(self, identifier: int, data: bytes, *, extended: bool) -> None:
        """Send one frame that no DBC describes. :raises RigError: the bus is gone"""
        self._markers.asking(time.time_ns())
        self._put(f"frame {identifier:X}", identifier, data, extended=extended)

    def start_rest_bus(self) -> None:
        """Keep sending the messages of the rest of the car, each at its cycle time; harmless when repeated."""
        if self._sender is None:
            self._silent.clear()
            self._sender = threading.Thread(target=self._send_cyclic, name="CAN rest bus", daemon=True)
            self._sender.start()

    def stop_rest_bus(self) -> None:
        """Fall silent, so that the car's bus goes to sleep."""
        if self._sender is not None:
            self._silent.set()
            self._sender.join(timeout=5)
            self._sender = None

    def pause_rest_bus(self) -> None:
        """Fall silent until it is resumed, if it runs."""
        self._paused = self._paused or self._sender is not None
        self.stop_rest_bus()

    def resume_rest_bus(self) -> None:
        """Go on, if it was paused."""
        if self._paused:
            self._paused = False
            self.start_rest_bus()

    def close(self) -> None:
        """Stop the rest bus, leave the bus and complete the log."""
        self.stop_rest_bus()
        self._closing.set()
        self._receiver.join(timeout=5)
        try:
            self._bus.shutdown()
        except Exception:  # noqa: BLE001 - a connection that is gone; each interface says so in its own way
            can.BusABC.shutdown(self._bus)  # or it would try again when it is collected
        if self._log:
            self._log.close()

    def _emit(self, name: str) -> None:
        with self._turn:
            layout, data = self._messages.frame(name)
            self._put(name, layout.frame_id, data, extended=layout.is_extended_frame, fd=layout.is_fd and self._fd)

    def _put(self, name: str, identifier: int, data: bytes, *, extended: bool, fd: bool = False) -> None:
        message = can.Message(
            timestamp=time.time(),
            arbitration_id=identifier,
            is_extended_id=extended,
            is_fd=fd,
            is_rx=False,
            data=data,
            check=True,
        )
        with self._turn:
            self._markers.sending(_frame(message), time.time_ns())
            try:
                self._bus.send(message)
            except (can.CanError, OSError) as error:
                raise RigError(f"the CAN bus does not take {name}: {_reason(error)}") from None
            self._sent += 1
            if self._log:
                self._log.note(message)

    def _receive(self) -> None:
        while not self._closing.is_set():
            try:
                message = self._bus.recv(_LISTEN)
            except Exception as error:  # noqa: BLE001 - each interface raises what its maker's library raises
                if not self._closing.is_set():
                    self._error = f"the CAN bus is no longer received: {_reason(error)}"
                return
            if message is not None:
                self._take(message, time.time_ns())

    def _take(self, message: can.Message, wall: int) -> None:
        stamp = round(message.timestamp * 1e9)
        if not message.is_rx and self._markers.echoed(_frame(message), stamp, wall):
            return  # it was counted and logged when it was sent
        which = message.arbitration_id, message.is_extended_id
        self._heard[which] += 1
        self._received += 1
        if listener := self._listeners.get(which):
            self._markers.answered(stamp, wall)
            listener.put(message)
        if self._log:
            self._log.note(message)

    def _send_cyclic(self) -> None:
        due = [(time.monotonic(), name) for name, period in self._rest.items() if period]
        heapq.heapify(due)
        while due and not self._silent.wait(max(0.0, due[0][0] - time.monotonic())):
            moment, name = due[0]
            try:
                self._emit(name)
            except RigError as error:
                self._error = str(error)
                return
            # A bench that was held up goes on from now, it does not send in a burst what it has missed
            heapq.heapreplace(due, (max(moment + self._rest[name], time.monotonic()), name))


def _open(address: CanAddress) -> can.BusABC:
    """:raises InputError: with what was tried and what is in the way"""
    where = f"{address.interface} {address.channel or ''}".strip()
    options: dict[str, Any] = {
        "channel": address.channel,
        "bitrate": address.bitrate,
        "fd": address.fd or None,
        "receive_own_messages": address.interface in _ECHO or None,
        **address.options,
    }
    given = {name: value for name, value in options.items() if value is not None}
    try:
        if address.interface == "socketcand":
            where = f"socketcand at {given.get('host')}:{given.get('port')}"
            return SocketcandBus(**given)
        return can.Bus(interface=address.interface, **given)
    except can.CanInterfaceNotImplementedError:
        known = ", ".join(sorted(can.VALID_INTERFACES))
        raise InputError(f"python-can has no interface `{address.interface}` here; known: {known}") from None
    except Exception as error:  # noqa: BLE001 - each interface raises what its maker's library raises
        raise InputError(f"the CAN bus {where} cannot be opened: {_reason(error)}") from None


def _frame(message: can.Message) -> Hashable:
    return message.arbitration_id, message.is_extended_id, bytes(message.data)


def _reason(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())
