"""How the bench starts its child processes, wherever they run, and what it hands them.

A child inherits sockets and ptys under names: the parent passes ``fds={"control": 7}`` and the child asks
``inherited("control")``, whatever number the descriptor got on the way through a launcher.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from telltale.errors import RigError

FDS_VARIABLE = "TELLTALE_FDS"
"""Environment variable of a child: ``name=number`` pairs, separated by commas."""


class Process(Protocol):
    """A running child."""

    @property
    def pid(self) -> int:
        """Process id as the parent's host sees it."""
        ...

    def poll(self) -> int | None:
        """Exit status (negative: killed by that signal), None while it runs."""
        ...

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        ...

    def wait(self, timeout: float) -> int:
        """Exit status. :raises TimeoutError: it still runs after *timeout* seconds"""
        ...


class Spawner(Protocol):
    """Starts a child somewhere: on this host, or inside one namespace of a sealed network."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        fds: Mapping[str, int] | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        cwd: Path | None = None,
    ) -> Process:
        """Start *argv*. *env* replaces the environment (None inherits it); a standard stream that is None is /dev/null.

        :raises RigError: the program cannot be started
        """
        ...


def end(process: Process, patience: float) -> None:
    """Wait for a child that has been told to end; one that takes longer than *patience* seconds is killed."""
    try:
        process.wait(patience)
    except TimeoutError:
        process.signal(signal.SIGKILL)
        process.wait(patience)


def inherited(name: str) -> int:
    """The descriptor that the parent passed as *name*.

    :raises RigError: it passed none
    """
    table = dict(pair.split("=", 1) for pair in os.environ.get(FDS_VARIABLE, "").split(",") if pair)
    if name not in table:
        raise RigError(f"started without the descriptor `{name}`: this program is started by the bench, not by hand")
    return int(table[name])


class _LocalProcess:
    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen

    @property
    def pid(self) -> int:
        return self._popen.pid

    def poll(self) -> int | None:
        return self._popen.poll()

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def wait(self, timeout: float) -> int:
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s") from None


def spawn_here(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    fds: Mapping[str, int] | None = None,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    cwd: Path | None = None,
) -> Process:
    """A `Spawner` for this host's own network, as a real bench uses it."""
    fds = fds or {}
    environment = dict(os.environ if env is None else env)
    environment[FDS_VARIABLE] = ",".join(f"{name}={number}" for name, number in fds.items())
    null = subprocess.DEVNULL
    try:
        popen = subprocess.Popen(
            list(argv),
            env=environment,
            pass_fds=tuple(fds.values()),
            stdin=null if stdin is None else stdin,
            stdout=null if stdout is None else stdout,
            stderr=null if stderr is None else stderr,
            cwd=cwd,
        )
    except OSError as error:
        raise RigError(f"cannot start {argv[0]}: {error.strerror}") from None
    return _LocalProcess(popen)
