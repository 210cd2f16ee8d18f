"""Text messages to the unit through a second modem (3GPP TS 27.005, text mode)."""

from __future__ import annotations

import time
from pathlib import Path

from rigs.addresses import SmsAddress
from rigs.drivers.lines import LineConsole
from telltale.errors import InputError, RigError

_ANSWER = 5.0
"""Seconds for an ordinary answer."""
_SENT = 60.0
"""Seconds for the network to take a message (many modems' own limit)."""
_CTRL_Z = "\x1a"
_LONGEST = 160
"""Characters of the default alphabet in one message (3GPP TS 23.038, 6.1.2.1)."""


class SmsModem:
    """Sends to one number.

    :param log: see `LineConsole`
    :raises InputError: the port cannot be opened
    """

    def __init__(self, address: SmsAddress, log: Path | None = None) -> None:
        self._console = LineConsole(address, log)
        self._number = address.number

    def send(self, text: str) -> None:
        """Send *text*; returns when the network has taken it.

        :raises InputError: it is longer than one message, or not in plain letters
        :raises RigError: the modem refused it, or does not answer
        """
        if len(text) > _LONGEST or not text.isascii() or not text.isprintable():
            raise InputError(f"`{text}` is no text of at most {_LONGEST} plain letters on one line")
        self._command("AT+CMGF=1", "OK", _ANSWER)  # 3.2.3: text mode
        self._command(f'AT+CMGS="{self._number}"', ">", _ANSWER)  # 3.5.1
        self._command(text + _CTRL_Z, "OK", _SENT)

    def close(self) -> None:
        """Close the port."""
        self._console.close()

    def _command(self, line: str, wanted: str, timeout: float) -> None:
        shown = line.removesuffix(_CTRL_Z)
        self._console.write(line, end="" if line.endswith(_CTRL_Z) else "\r")
        end = time.monotonic() + timeout
        while (got := self._console.take(end)) is not None:
            if got == wanted:
                return
            if "ERROR" in got:
                raise RigError(f"the modem at {self._console.name} refused `{shown}`: {got}")
        raise RigError(f"the modem at {self._console.name} did not answer `{shown}` within {timeout:g} s")
