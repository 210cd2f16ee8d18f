"""ISO 15765-2 over a bench's CAN bus: can-isotp's protocol as a connection of udsoncan's, without threads."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable

import isotp
from udsoncan.connections import BaseConnection
from udsoncan.exceptions import TimeoutException

from rigs.drivers.can import CanDriver

_SLICE = 0.002
"""Seconds to wait for one frame."""
_PADDING = 0xCC
"""ISO 15765-2:2016, 10.4.2.1: frames of eight bytes, filled up with what stuffs no bits."""
_SENDING = 5.0
"""Seconds for a request to be taken."""
STANDARD_IDS = 0x7FF


class IsoTpConnection(BaseConnection):
    """Requests on one identifier, responses on another.

    :param request, response: CAN identifiers; above 7FF they are extended ones
    """

    def __init__(self, can: CanDriver, *, request: int, response: int) -> None:
        super().__init__("bench")
        self._can = can
        self._frames = can.listen(response, extended=response > STANDARD_IDS)
        self._extended = request > STANDARD_IDS
        self._problem: Exception | None = None
        mode = isotp.AddressingMode.Normal_29bits if self._extended else isotp.AddressingMode.Normal_11bits
        self._layer = isotp.TransportLayerLogic(
            rxfn=self._receive,
            txfn=self._send,
            address=isotp.Address(mode, txid=request, rxid=response),
            error_handler=self._failed,
            params={"tx_padding": _PADDING, "tx_data_min_length": 8, "blocking_send": False},
        )

    def open(self) -> IsoTpConnection:
        """The bus is open already."""
        return self

    def close(self) -> None:
        """Forget what is under way; the bus stays."""
        self._layer.reset()

    def is_open(self) -> bool:
        """Always, as udsoncan knows no connection that has failed; sending tells of that."""
        return True

    def empty_rxqueue(self) -> None:
        """Forget responses that nobody waits for any more."""
        while not self._frames.empty():
            self._frames.get_nowait()
        self._layer.reset()

    def specific_send(self, payload: bytes, timeout: float | None = None) -> None:
        """Send one request, in as many frames as it takes. :raises TimeoutException: the unit does not take it"""
        if self._can.error is not None:
            raise TimeoutException(self._can.error)  # type: ignore[no-untyped-call] # udsoncan's own
        self._problem = None
        self._layer.send(bytearray(payload))
        self._pump(lambda: not self._layer.transmitting(), timeout or _SENDING)

    def specific_wait_frame(self, timeout: float | None = None) -> bytes:
        """The next response. :raises TimeoutException: none comes within *timeout* seconds"""
        self._pump(self._layer.available, timeout or _SENDING)
        return bytes(self._layer.recv() or b"")

    def _pump(self, done: Callable[[], bool], timeout: float) -> None:
        end = time.monotonic() + timeout
        while True:
            self._layer.process(rx_timeout=_SLICE)
            if self._problem is not None:
                raise TimeoutException(str(self._problem))  # type: ignore[no-untyped-call] # udsoncan's own
            if done():
                return
            if time.monotonic() > end:
                raise TimeoutException(f"nothing came within {timeout:g} s")  # type: ignore[no-untyped-call] # as above

    def _receive(self, timeout: float) -> isotp.CanMessage | None:
        try:
            frame = self._frames.get(timeout=timeout)
        except queue.Empty:
            return None
        return isotp.CanMessage(
            arbitration_id=frame.arbitration_id,
            dlc=frame.dlc,
            data=bytes(frame.data),
            extended_id=frame.is_extended_id,
        )

    def _send(self, message: isotp.CanMessage) -> None:
        self._can.emit(message.arbitration_id, bytes(message.data), extended=self._extended)

    def _failed(self, problem: Exception) -> None:
        self._problem = problem
