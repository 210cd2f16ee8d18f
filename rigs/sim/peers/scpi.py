"""An instrument's end of SCPI over TCP (SCPI-1999; IEEE 488.2 for the ``*`` commands)."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rigs.sim.peers.server import PeerServer
from telltale.errors import RigError

UNDEFINED = '-113,"Undefined header"'
OUT_OF_RANGE = '-222,"Data out of range"'
_NO_ERROR = '0,"No error"'
_EXECUTION = '-200,"Execution error;{}"'
_OPTIONAL = ("SOUR", "STAT", "SCAL", "DC")
"""Keywords in brackets in the standard's command tables, short."""

T = TypeVar("T")


class ScpiPeer(ABC):
    """One instrument: the common commands, the error queue, one command at a time.

    :param identity: the four fields of ``*IDN?``
    """

    def __init__(self, identity: str) -> None:
        self.errors: deque[str] = deque(maxlen=16)
        """What ``SYST:ERR?`` tells, the oldest first."""
        self._name = identity.split(",")[1].lower()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        self._server = PeerServer(self._serve)
        self._address: tuple[str, int] | None = None
        self._turn = asyncio.Lock()
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: identity,
            "*OPC?": lambda: "1",
            "SYST:ERR?": lambda: self.errors.popleft() if self.errors else _NO_ERROR,
        }

    @abstractmethod
    async def command(self, header: str, argument: str) -> str | None:
        """Carry out what is no common command, its header in short form; the answer to a question."""

    @abstractmethod
    async def reset(self) -> None:
        """``*RST``."""

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._address = await self._server.start()

    @property
    def address(self) -> str:
        """VISA resource name."""
        if self._address is None:
            raise RigError(f"the {self._name} does not run")
        return "TCPIP::{}::{}::SOCKET".format(*self._address)

    async def close(self) -> None:
        """Hang up; everything stays as it is switched, as when a cable is pulled."""
        await self._server.close()
        self._worker.shutdown()

    async def outside(self, action: Callable[[T], None], value: T) -> bool:
        """Do *action*, which may block, in a thread; whether it was done. If not, ``SYST:ERR?`` says why."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, action, value)
        except Exception as error:  # noqa: BLE001 - told in SYST:ERR?, as an instrument tells its failures
            self.errors.append(_EXECUTION.format(" ".join(str(error).replace('"', "'").split())))
            return False
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            for command in line.decode("ascii", errors="replace").strip().split(";"):
                async with self._turn:
                    answer = await self._do(command.strip().lstrip(":"))
                if answer is not None:
                    writer.write(answer.encode() + b"\n")

    async def _do(self, command: str) -> str | None:
        header, _, argument = command.partition(" ")
        header = short(header)
        if not header:
            return None
        if (query := self._queries.get(header)) is not None:
            return query()
        if header == "*CLS":
            self.errors.clear()
            return None
        if header == "*RST":
            await self.reset()
            return None
        return await self.command(header, argument.strip())


def short(header: str) -> str:
    """The short form of a header: ``MEASure:VOLTage?`` is ``MEAS:VOLT?`` (SCPI-1999 volume 1, 6.2.1)."""
    query = "?" if header.endswith("?") else ""
    if header.startswith("*"):
        return header.upper()
    words = header.rstrip("?").upper().split(":")
    shortened = (word if len(word) <= 4 else word[: 3 if word[3] in "AEIOU" else 4] for word in words)
    return ":".join(word for word in shortened if word not in _OPTIONAL) + query
