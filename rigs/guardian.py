"""Puts a bench's supply, lines and coverage into their safe state when the run that used them is gone and has not.

A child process that holds the other end of its standard input: told ``safe`` it ends; at the end of input without that
word (SIGKILL, a crash, a safe state that was not reached) it connects to the instruments itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from telltale.errors import TelltaleError

_SAFE = b"safe"
_PACKAGE_ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 30.0
"""Seconds: an instrument may take a while to notice that its last client is gone."""
_PAUSE = 0.5
KINDS = ("power", "digital", "coverage")
"""Instruments that have a safe state, as rig files call them."""


class Guardian:
    """Watches from its making until the block ends.

    :param addresses: address of each instrument by kind, as plain data (`rigs.addresses`)
    """

    def __init__(self, addresses: dict[str, object]) -> None:
        paths = [str(_PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rigs.guardian", json.dumps(addresses)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # Ctrl-C at the terminal is the bench's
        )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Dismiss it, or leave it the bench if what came before could not make that safe."""
        self._process.communicate(_SAFE if kind is None else b"")


def main(text: str) -> None:
    """Wait for the end of input, then do what is to be done."""
    if sys.stdin.buffer.read() == _SAFE:
        return
    # imported when they are needed, since they hardly ever are
    from rigs.addresses import CoverageAddress, DigitalAddress, PowerAddress  # noqa: PLC0415
    from rigs.drivers.coverage import RealCoverage  # noqa: PLC0415
    from rigs.drivers.digital import ScpiSwitch  # noqa: PLC0415
    from rigs.drivers.power import ScpiSupply  # noqa: PLC0415

    connect: dict[str, Callable[[object], _Driver]] = {
        "power": lambda given: ScpiSupply(PowerAddress.model_validate(given)),
        "digital": lambda given: ScpiSwitch(DigitalAddress.model_validate(given)),
        "coverage": lambda given: RealCoverage.taken(CoverageAddress.model_validate(given)),
    }
    for kind, address in json.loads(text).items():
        _make_safe(connect[kind], address)


class _Driver(Protocol):
    def close(self) -> None:
        """Leave the instrument in its safe state."""


def _make_safe(connect: Callable[[object], _Driver], address: object) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connect(address).close()
        except TelltaleError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
        else:
            return


if __name__ == "__main__":
    main(sys.argv[1])
