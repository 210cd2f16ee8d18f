"""Lines over a serial port, each logged with its time."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path

import serial

from rigs.addresses import SerialAddress
from telltale.errors import InputError, RigError
from telltale.times import utc

_LONGEST_LINE = 65_536
_PROMPT = b">"
"""What a modem says when it waits for a text; no end of line follows (3GPP TS 27.005, 3.5.1)."""


class LineConsole:
    """A serial port that is read all the time, by a thread of its own.

    :param log: file that gets every line with its wall time (UTC) and direction, ``<`` from the unit, ``>`` to it
    :raises InputError: the port cannot be opened
    """

    def __init__(self, address: SerialAddress, log: Path | None = None) -> None:
        self.name = address.port
        try:
            self._port = serial.serial_for_url(address.port, baudrate=address.baud, timeout=0.1, write_timeout=5)
        except (serial.SerialException, ValueError, OSError) as error:
            raise InputError(
                f"the serial port {address.port} cannot be opened: {_reason(error)}; "
                "check the cable, the name and your rights on it"
            ) from None
        self._log = log.open("a", encoding="utf-8", buffering=1) if log else None
        self._lines: deque[str] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self._error: str | None = None
        self._thread = threading.Thread(target=self._read, name=f"serial {address.port}", daemon=True)
        self._thread.start()

    @property
    def error(self) -> str | None:
        """Why nothing is read any more, in one line; None while all is well."""
        return self._error

    def write(self, line: str, end: str = "\r") -> None:
        """Send *line*. :raises RigError: the port is gone, or takes nothing"""
        self._note(">", line)
        try:
            self._port.write((line + end).encode("ascii"))
            self._port.flush()
        except (serial.SerialException, OSError) as error:
            raise RigError(f"the serial port {self.name} does not take data: {_reason(error)}") from None

    def take(self, end: float) -> str | None:
        """The next line that arrived, not empty; None if none does until *end* (monotonic seconds).

        :raises RigError: the port is gone
        """
        with self._arrived:
            while not self._lines:
                if self._error:
                    raise RigError(self._error)
                if (left := end - time.monotonic()) <= 0:
                    return None
                self._arrived.wait(left)
            return self._lines.popleft()

    def close(self) -> None:
        """Stop reading and close the port."""
        self._closing = True
        self._thread.join(timeout=5)
        self._port.close()
        if self._log:
            self._log.close()

    def _read(self) -> None:
        pending = b""
        while not self._closing:
            try:
                data = self._port.read(max(1, self._port.in_waiting))
            except (serial.SerialException, OSError, TypeError) as error:  # TypeError: pyserial's port closed meanwhile
                with self._arrived:
                    self._error = f"the serial port {self.name} is gone: {_reason(error)}"
                    self._arrived.notify_all()
                return
            *lines, pending = (pending + data).replace(b"\n", b"\r").split(b"\r")
            pending = pending[-_LONGEST_LINE:]
            if pending.strip() == _PROMPT:
                lines, pending = [*lines, pending], b""
            for line in lines:
                if text := line.decode("utf-8", errors="backslashreplace").strip():
                    self._note("<", text)
                    with self._arrived:
                        self._lines.append(text)
                        self._arrived.notify_all()

    def _note(self, direction: str, text: str) -> None:
        if self._log and not self._log.closed:
            self._log.write(f"{utc(time.time_ns())} {direction} {text}\n")


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else " ".join(str(error).split())
