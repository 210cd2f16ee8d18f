"""python-can's socketcand interface, with its two faults mended.

As of python-can 4.6 it tries a closed port in a busy loop for ten seconds, and takes a connection that has ended for a
silent bus.
"""

from __future__ import annotations

import socket
from typing import Any

import can
from can.interfaces.socketcand import SocketCanDaemonBus


class SocketcandBus(SocketCanDaemonBus):
    """A bus behind a socketcand daemon (or the simulated CAN hub); options as python-can's own."""

    def __init__(self, channel: str, *, host: str, port: int, **options: Any) -> None:
        socket.create_connection((host, port), timeout=5).close()  # says at once, and plainly, if nobody listens
        super().__init__(channel, host, port, tcp_tune=True, **options)  # type: ignore[no-untyped-call] # as it is
        # The interface gives no access to its socket, and without it the end of the connection cannot be seen
        self._connection: socket.socket = getattr(self, "_SocketCanDaemonBus__socket")  # noqa: B009 - as said above

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        message, filtered = super()._recv_internal(timeout)  # type: ignore[no-untyped-call] # as it is
        if message is None and self._has_ended():
            raise can.CanOperationError("the socketcand daemon hung up")
        return message, filtered

    def _has_ended(self) -> bool:
        try:
            return not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
