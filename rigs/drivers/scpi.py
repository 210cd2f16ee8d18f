"""An instrument that speaks SCPI through VISA (pyvisa with its pure Python backend, pyvisa-py)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pyvisa
from pyvisa.resources import MessageBasedResource

from telltale.errors import InputError, RigError

_ANSWER = 3_000
"""Milliseconds for an ordinary answer."""
_NO_ERROR = 0


class ScpiInstrument:
    """A connection to one instrument that has answered ``*IDN?`` as IEEE 488.2 says.

    :param visa: VISA resource name
    :param what: what it is, for messages: ``supply``
    :param example: what its address could look like, for messages
    :raises InputError: nothing there, or nothing that answers so
    """

    def __init__(self, visa: str, *, what: str, example: str) -> None:
        self._name = f"the {what} at {visa}"
        self._missing = f"no {what} at {visa}"
        self._example = example
        self._resource: MessageBasedResource | None = None
        self._turn = threading.RLock()
        """A question and its answer belong together, whoever else asks meanwhile."""
        try:
            self._resource = self._open(visa)
            self.identity = self._identify()
            """What it says of itself: maker, model, serial number, firmware."""
            self.write("*CLS")
        except BaseException:
            self.release()
            raise

    def __str__(self) -> str:
        return self._name

    @property
    def connected(self) -> bool:
        """Whether the connection has not been released."""
        return self._resource is not None

    def write(self, command: str) -> None:
        """Send *command*. :raises RigError: it does not take it"""
        try:
            with self._turn:
                self._messages.write(command)
        except (pyvisa.errors.Error, OSError) as error:
            raise RigError(f"{self._name} does not take `{command}`: {error}") from None

    def ask(self, question: str) -> str:
        """The answer to *question*. :raises RigError: there is none"""
        try:
            with self._turn:
                return self._messages.query(question).strip()
        except (pyvisa.errors.Error, OSError) as error:
            raise RigError(f"{self._name} does not answer `{question}`: {error}") from None

    def check(self, doing: str) -> None:
        """:raises RigError: it has noted an error (SCPI-1999 volume 2, 21.8)"""
        problem = self.ask("SYST:ERR?")
        if int(problem.split(",", 1)[0]) != _NO_ERROR:
            raise RigError(f"{self._name} reports, when {doing}: {problem}")

    @contextlib.contextmanager
    def patience(self, milliseconds: int) -> Iterator[None]:
        """Wait so long for answers inside the context, which nobody else's questions come into."""
        with self._turn:
            self._messages.timeout = milliseconds
            try:
                yield
            finally:
                self._messages.timeout = _ANSWER

    def release(self) -> None:
        """Hang up; harmless when repeated."""
        if self._resource is not None:
            with contextlib.suppress(pyvisa.errors.Error, OSError):  # the connection may be gone already
                self._resource.close()
            self._resource = None

    def _open(self, visa: str) -> MessageBasedResource:
        try:
            # pyvisa has one manager a process, and to close it would hang up on every other instrument: it stays
            resource = pyvisa.ResourceManager("@py").open_resource(visa)
        except Exception as error:  # noqa: BLE001 - backends of pyvisa-py raise whatever their transport raises
            raise InputError(self._unreachable(" ".join(str(error).split()))) from None
        if not isinstance(resource, MessageBasedResource):
            resource.close()
            raise InputError(self._unreachable("it takes no messages"))
        resource.read_termination = resource.write_termination = "\n"
        resource.timeout = _ANSWER
        return resource

    def _identify(self) -> str:
        try:
            identity = self._messages.query("*IDN?").strip()
        except (pyvisa.errors.Error, OSError) as error:
            raise InputError(self._unreachable(f"*IDN? is not answered ({error})")) from None
        if identity.count(",") != 3:  # IEEE 488.2, 10.14: four fields
            raise InputError(self._unreachable(f"*IDN? was answered `{identity[:60]}`"))
        return identity

    def _unreachable(self, what: str) -> str:
        return (
            f"{self._missing}: {what}; expected e.g. {self._example}; "
            "`pyvisa-info` and the instrument's own menu show its address"
        )

    @property
    def _messages(self) -> MessageBasedResource:
        if self._resource is None:
            raise RigError(f"the connection to {self._name} is closed")
        return self._resource
