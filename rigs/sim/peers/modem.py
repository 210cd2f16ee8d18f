"""The unit's cellular modem as its AT console shows it (3GPP TS 27.007), with text messages as they come in.

While the unit sleeps the modem is in power save: it stays registered and is paged, but its console does not answer.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

from rigs.sim.peers.serialport import LinePort
from telltale.times import SECOND

TEST_NETWORK = "00101"
"""PLMN 001/01, reserved for tests (ITU-T E.212, annex)."""
_SET = re.compile(r"(ATE|AT\+CMEE=|AT\+CEREG=|AT\+CREG=)(\d)?")
_CME_UNKNOWN = "+CME ERROR: 100"  # TS 27.007, 9.2: unknown


def _stamp(moment: int) -> str:
    """Time as the modem writes it (TS 27.007, 8.15; TS 27.005, 3.1): UTC, zone in quarters of an hour."""
    return f"{datetime.fromtimestamp(moment // SECOND, UTC):%y/%m/%d,%H:%M:%S}+00"


class AtModem:
    """Answers AT commands; unknown ones with ERROR, or +CME ERROR after ``AT+CMEE=1``."""

    def __init__(
        self,
        *,
        imei: str,
        iccid: str,
        imsi: str,
        registered: Callable[[], bool],
        reachable: Callable[[], bool] = lambda: True,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """*reachable*: whether the unit is awake, so that its console answers; *clock*: the unit's own, ns."""
        self._registered = registered
        self._reachable = reachable
        self._echo = True
        self._verbose_errors = False
        self._reports = {"CEREG": 0, "CREG": 0}
        self._port: LinePort | None = None
        self._answers: dict[str, Callable[[], str]] = {
            "AT": lambda: "",
            "ATI": lambda: "Telltale\r\nSimulated modem\r\nRevision: 1",
            "AT+CGSN": lambda: imei,
            "AT+CIMI": lambda: imsi,
            "AT+CCID": lambda: f"+CCID: {iccid}",
            "AT+QCCID": lambda: f"+QCCID: {iccid}",
            "AT+CEREG?": lambda: self._registration("CEREG"),
            "AT+CREG?": lambda: self._registration("CREG"),
            "AT+CSQ": lambda: "+CSQ: 24,99" if self._registered() else "+CSQ: 99,99",
            "AT+COPS?": lambda: f'+COPS: 0,2,"{TEST_NETWORK}",7' if self._registered() else "+COPS: 0",
            "AT+CPIN?": lambda: "+CPIN: READY",
            "AT+CCLK?": lambda: f'+CCLK: "{_stamp(clock())}"',
        }

    def attach(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        """Answer on *fd*, a pty's master or a serial line, from *loop* on."""
        self._port = LinePort(fd, loop, self._line)

    def registration_changed(self) -> None:
        """Report registration unasked where ``AT+CEREG=1`` asked for it (TS 27.007, 10.1.22)."""
        for name, wanted in self._reports.items():
            if wanted:
                self._say(f"+{name}: {self._status}")

    def turned(self) -> None:
        """The unit fell asleep or woke; one that woke tells anew whether it is registered."""
        if self._reachable():
            self.registration_changed()

    def received(self, sender: str, text: str, bench: int) -> None:
        """A text message came in at bench time *bench*: told at once, not stored (``+CMT``, TS 27.005, 3.4.1)."""
        self._say(f'+CMT: "{sender}",,"{_stamp(bench)}"\r\n{text}')

    @property
    def _status(self) -> int:
        return 1 if self._registered() else 2  # registered in the home network, or searching

    def _registration(self, name: str) -> str:
        return f"+{name}: {self._reports[name]},{self._status}"

    def _line(self, line: bytes) -> None:
        if not self._reachable():
            return
        if self._echo and self._port is not None:
            self._port.write(line + b"\r")
        command = line.decode("ascii", errors="replace").upper()
        if (setting := _SET.fullmatch(command)) is not None:
            self._set(setting[1], int(setting[2] or 0))
            self._say("OK")
        elif (answer := self._answers.get(command)) is not None:
            if text := answer():
                self._say(text)
            self._say("OK")
        else:
            self._say(_CME_UNKNOWN if self._verbose_errors else "ERROR")

    def _set(self, command: str, value: int) -> None:
        if command == "ATE":
            self._echo = bool(value)
        elif command == "AT+CMEE=":
            self._verbose_errors = bool(value)
        else:
            self._reports[command.removeprefix("AT+").removesuffix("=")] = value

    def _say(self, text: str) -> None:
        if self._port is not None:
            self._port.write(f"\r\n{text}\r\n".encode("ascii", errors="replace"))
