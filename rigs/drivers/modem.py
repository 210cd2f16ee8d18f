"""The unit's AT console (3GPP TS 27.007; command syntax of ITU-T V.250)."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from rigs.addresses import SerialAddress
from rigs.drivers.lines import LineConsole
from telltale.errors import RigError

_REFUSAL = re.compile(r"ERROR|\+CM[ES] ERROR:.*|NO CARRIER|COMMAND NOT SUPPORT")
_REPORT = re.compile(r"(\+[A-Z]+)[:=]")
_REGISTERED = ("1", "5")
"""Home network, roaming (TS 27.007, 10.1.22)."""


class AtConsole:
    """One modem. Codes that it sends unasked are kept apart from answers.

    :param log: see `LineConsole`
    :raises InputError: the port cannot be opened
    """

    def __init__(self, address: SerialAddress, log: Path | None = None) -> None:
        self._console = LineConsole(address, log)
        self._turn = threading.Lock()
        self._unsolicited: list[str] = []

    @property
    def error(self) -> str | None:
        """Why the console is no longer read, in one line; None while all is well."""
        return self._console.error

    def command(self, line: str, *, timeout: float = 5.0) -> list[str]:
        """Send *line* and return the lines of its answer before OK.

        :raises RigError: refused, the port is gone, or no final answer within *timeout* seconds
        """
        with self._turn:
            self._drain()
            self._console.write(line)
            end = time.monotonic() + timeout
            answer: list[str] = []
            while (got := self._console.take(end)) is not None:
                if got == "OK":
                    return answer
                if _REFUSAL.fullmatch(got):
                    raise RigError(f"the modem at {self._console.name} refused `{line}`: {got}")
                if got == line:
                    continue  # its echo
                if self._is_unsolicited(got, line):
                    self._unsolicited.append(got)
                else:
                    answer.append(got)
        raise RigError(f"the modem at {self._console.name} did not answer `{line}` within {timeout:g} s")

    def registered(self) -> bool:
        """Whether the modem says that it is registered, at home or roaming: a sign of life of the unit.

        :raises RigError: no answer, or one that says nothing
        """
        for line in self.command("AT+CEREG?"):
            fields = line.removeprefix("+CEREG:").strip().split(",")
            if line.startswith("+CEREG:") and len(fields) >= 2:
                return fields[1].strip() in _REGISTERED
        raise RigError(f"the modem at {self._console.name} answered AT+CEREG? without saying whether it is registered")

    def unsolicited(self) -> list[str]:
        """Codes that came unasked since the last call."""
        with self._turn:
            self._drain()
            codes, self._unsolicited = self._unsolicited, []
        return codes

    def close(self) -> None:
        """Close the port."""
        self._console.close()

    def _drain(self) -> None:
        while (line := self._console.take(0)) is not None:
            self._unsolicited.append(line)

    def _is_unsolicited(self, got: str, command: str) -> bool:
        report = _REPORT.match(got)
        return report is not None and not command.upper().removeprefix("AT").startswith(report[1])
