"""A bench power supply of one channel that speaks SCPI over TCP (SCPI-1999; IEEE 488.2 for the ``*`` commands).

Its output really takes the unit down and boots it, and ``*OPC?`` answers when that is done. The load is a resistor.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rigs.sim.peers.server import PeerServer
from telltale.errors import RigError

IDENTITY = "Telltale,Simulated supply,0,1"
VOLTAGE_RANGE = (0.0, 30.0)
CURRENT_RANGE = (0.0, 5.0)
LOAD = 16.0
"""Ohm: what the unit draws when it runs, 0.75 A at 12 V."""
_OPTIONAL = ("SOUR", "STAT", "SCAL", "DC")
"""Keywords in brackets in the standard's command tables, short."""
_NO_ERROR = '0,"No error"'
_UNDEFINED = '-113,"Undefined header"'
_RANGE = '-222,"Data out of range"'
_EXECUTION = '-200,"Execution error;{}"'


class SupplySimulator:
    """One channel. *on_output* is called with True or False when the output changes and may block for seconds."""

    def __init__(self, on_output: Callable[[bool], None]) -> None:
        self._on_output = on_output
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="supply")
        self._errors: deque[str] = deque(maxlen=16)
        self._server = PeerServer(self._serve)
        self._address: tuple[str, int] | None = None
        self._turn = asyncio.Lock()
        self.voltage = 0.0
        """Volt, as set."""
        self.current = 0.0
        """Ampere, as set (the limit)."""
        self.output = False
        self._settings: dict[str, tuple[str, tuple[float, float]]] = {
            "VOLT": ("voltage", VOLTAGE_RANGE),
            "CURR": ("current", CURRENT_RANGE),
        }
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: IDENTITY,
            "*OPC?": lambda: "1",
            "VOLT?": lambda: f"{self.voltage:.3f}",
            "CURR?": lambda: f"{self.current:.3f}",
            "OUTP?": lambda: str(int(self.output)),
            "MEAS:VOLT?": lambda: f"{self._measured()[0]:.3f}",
            "MEAS:CURR?": lambda: f"{self._measured()[1]:.3f}",
            "SYST:ERR?": lambda: self._errors.popleft() if self._errors else _NO_ERROR,
        }

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._address = await self._server.start()

    @property
    def address(self) -> str:
        """VISA resource name."""
        if self._address is None:
            raise RigError("the supply does not run")
        return "TCPIP::{}::{}::SOCKET".format(*self._address)

    async def close(self) -> None:
        """Hang up; the output stays as it is, as when a cable is pulled."""
        await self._server.close()
        self._worker.shutdown()

    def _measured(self) -> tuple[float, float]:
        """Volt and ampere at the terminals: constant voltage until the load would draw more than the limit."""
        if not self.output:
            return 0.0, 0.0
        current = min(self.voltage / LOAD, self.current)
        return current * LOAD, current

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            for command in line.decode("ascii", errors="replace").strip().split(";"):
                async with self._turn:
                    answer = await self._do(command.strip().lstrip(":"))
                if answer is not None:
                    writer.write(answer.encode() + b"\n")

    async def _do(self, command: str) -> str | None:
        header, _, argument = command.partition(" ")
        header = _short(header)
        if not header:
            return None
        if (query := self._queries.get(header)) is not None:
            return query()
        if header == "*CLS":
            self._errors.clear()
        elif header == "*RST":
            self.voltage = self.current = 0.0
            await self._switch(on=False)
        elif header == "OUTP" and argument.upper() in ("ON", "OFF", "1", "0"):
            await self._switch(on=argument.upper() in ("ON", "1"))
        elif header in self._settings:
            self._set(*self._settings[header], argument)
        else:
            self._errors.append(_UNDEFINED)
        return None

    def _set(self, name: str, limits: tuple[float, float], argument: str) -> None:
        try:
            value = float(argument)
        except ValueError:
            value = float("nan")
        if limits[0] <= value <= limits[1]:
            setattr(self, name, value)
        else:
            self._errors.append(_RANGE)

    async def _switch(self, *, on: bool) -> None:
        if on == self.output:
            return
        self.output = on
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._on_output, on)
        except Exception as error:  # noqa: BLE001 - told in SYST:ERR?, as an instrument tells its failures
            self.output = False
            self._errors.append(_EXECUTION.format(" ".join(str(error).replace('"', "'").split())))


def _short(header: str) -> str:
    """The short form of a header: ``MEASure:VOLTage?`` is ``MEAS:VOLT?`` (SCPI-1999 volume 1, 6.2.1)."""
    query = "?" if header.endswith("?") else ""
    if header.startswith("*"):
        return header.upper()
    words = header.rstrip("?").upper().split(":")
    short = (word if len(word) <= 4 else word[: 3 if word[3] in "AEIOU" else 4] for word in words)
    return ":".join(word for word in short if word not in _OPTIONAL) + query
