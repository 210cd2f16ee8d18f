"""The bench's handle on a process that writes a capture: what packet tap and relay have in common."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar, Generic, Self, TypeVar

from telltale.control import Control, PeerGoneError
from telltale.errors import RigError
from telltale.processes import Process, Spawner, end

_PACKAGE_ROOT = Path(__file__).resolve().parents[1]
"""Where ``captures`` and ``telltale`` are found, installed or not."""
_START = 60.0
"""Seconds for the process to start, which is less than one unless the host is starved."""
_END = 5.0
_ANSWER = 30.0
"""Seconds for an answer, beyond those that settling may take."""


C = TypeVar("C")


class CaptureProcess(ABC, Generic[C]):
    """A running capture.

    Between windows it lets go what it sees. Once it has died, every question is a `PeerGoneError` that says how; its
    file is readable up to then.
    """

    name: ClassVar[str]
    """For messages: ``the packet tap``."""
    module: ClassVar[str]
    """What runs in the process."""

    def __init__(self, process: Process, control: Control, complaints: IO[bytes]) -> None:
        self._process = process
        self._control = control
        self._complaints = complaints
        self._closed = False

    @classmethod
    def _launch(cls, spawn: Spawner, **opening: Any) -> tuple[Self, dict[str, Any]]:
        """Start the process where *spawn* starts programs, and have it ``open``; returns its answer as well.

        :raises RigError: it does not start, or refuses
        """
        control, theirs = Control.pair(cls.name)
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process runs
        paths = [str(_PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            with theirs:
                process = spawn(
                    [sys.executable, "-P", "-m", cls.module],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                    fds={"control": theirs.fileno()},
                    stderr=complaints.fileno(),
                )
        except BaseException:
            control.close()
            complaints.close()
            raise
        started = cls(process, control, complaints)
        try:
            return started, started._ask("open", timeout=_START, **opening)
        except BaseException:
            started.close()
            raise

    @classmethod
    @abstractmethod
    def _read(cls, answer: Mapping[str, Any]) -> C:
        """The counts in an answer."""

    def begin(self, path: Path, *, settle: float = 2.0) -> None:
        """Begin a window: a new file at *path*.

        :param settle: seconds to wait at most for what went before to be done with
        :raises RigError: the file cannot be written, a window is open already, an interface or the process is gone
        """
        self._ask("begin", timeout=settle + _ANSWER, path=str(path.absolute()), settle=settle)

    def counts(self, settle: float = 2.0) -> C:
        """The window's counts so far; the file holds, for any reader, what they say.

        :param settle: seconds to wait at most for the equation to close
        :raises RigError: no window is open, an interface or the process is gone
        """
        return self._read(self._ask("flush", timeout=settle + _ANSWER, settle=settle))

    def end(self, settle: float = 2.0) -> C:
        """End the window: its final counts, and its file is closed.

        :raises RigError: no window is open, an interface or the process is gone
        """
        return self._read(self._ask("end", timeout=settle + _ANSWER, settle=settle))

    def add_keylog(self, data: bytes) -> None:
        """Put TLS keys (whole lines in NSS key log format) into the window's file.

        :raises RigError: no window is open, or the process is gone
        """
        self._ask("add_keylog", timeout=_ANSWER, data=base64.b64encode(data).decode("ascii"))

    @property
    def pid(self) -> int:
        """Process id as this host sees it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def cause_of_death(self) -> str | None:
        """How the process ended, in one line; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        if status < 0:
            return f"{self.name} was killed by {signal.Signals(-status).name}"
        said = self._last_words()
        return f"{self.name} ended with status {status}" + (f": {said}" if said else "")

    def close(self) -> None:
        """Stop capturing; an open file is closed in good order. More than once does nothing."""
        if self._closed:
            return
        self._closed = True
        self._control.close()
        end(self._process, _END)
        self._complaints.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, do: str, *, timeout: float, **arguments: Any) -> dict[str, Any]:
        try:
            return self._control.ask(do, timeout=timeout, **arguments)
        except PeerGoneError as gone:
            with contextlib.suppress(TimeoutError, RigError):  # it hung up, and may take a moment to end
                self._process.wait(1)
            raise PeerGoneError(self.cause_of_death or str(gone)) from None

    def _last_words(self) -> str:
        """The last line it wrote to its standard error."""
        if self._complaints.closed:
            return ""
        text = os.pread(self._complaints.fileno(), 1 << 16, 0).decode(errors="replace").strip()
        return text.rpartition("\n")[2]
