"""A modem of the bench's own that sends text messages (3GPP TS 27.005, text mode: ``AT+CMGF``, ``AT+CMGS``)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from rigs.sim.peers.serialport import END_OF_TEXT, LinePort

NUMBER = "+10000000001"
"""What its messages come from: nobody's."""
_SEND = re.compile(r'AT\+CMGS="(\+?\d+)"(?:,\d+)?')
_NOT_SUPPORTED = "+CMS ERROR: 303"  # TS 27.005, 3.2.5: operation not supported


class SendingModem:
    """Hands over each text to *deliver*, with the number that it comes from."""

    def __init__(self, deliver: Callable[[str, str], None]) -> None:
        self._deliver = deliver
        self._port: LinePort | None = None
        self._text_mode = False
        self._composing: list[str] | None = None
        self._sent = 0

    def attach(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        """Answer on *fd* from *loop* on, whose thread this is."""
        self._port = LinePort(fd, loop, self._line)

    def _line(self, line: bytes) -> None:
        text = line.decode("ascii", errors="replace")
        if self._composing is not None:
            self._composing.append(text.removesuffix(END_OF_TEXT.decode()))
            if line.endswith(END_OF_TEXT):
                self._send("\n".join(self._composing))
        elif text.upper() in ("AT+CMGF=1", "AT+CMGF=0"):
            self._text_mode = text.endswith("1")
            self._say("OK")
        elif self._text_mode and _SEND.fullmatch(text.upper()):
            self._composing = []
            self._write("\r\n> ")
        elif text.upper() == "AT":
            self._say("OK")
        else:
            self._say(_NOT_SUPPORTED if text.upper().startswith("AT+CMG") else "ERROR")

    def _send(self, text: str) -> None:
        self._composing = None
        try:
            self._deliver(NUMBER, text)
        except OSError:
            self._say("+CMS ERROR: 322")  # memory full: more wait for the unit than the operator keeps
            return
        self._sent += 1
        self._say(f"+CMGS: {self._sent % 256}")
        self._say("OK")

    def _say(self, text: str) -> None:
        self._write(f"\r\n{text}\r\n")

    def _write(self, text: str) -> None:
        if self._port is not None:
            self._port.write(text.encode("ascii", errors="replace"))
