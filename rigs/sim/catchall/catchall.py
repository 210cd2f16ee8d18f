"""The bench's handle on the cloud that answers everything."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Self

from rigs.sim.certificates import CloudAuthority
from telltale.control import Control, PeerGoneError
from telltale.errors import RigError
from telltale.processes import Process, Spawner, end

_START = 60.0
_ANSWER = 15.0
_END = 5.0


class CatchAllCloud:
    """A context manager; made by `start`."""

    def __init__(self, process: Process, control: Control) -> None:
        self._process = process
        self._control = control
        self._closed = False
        self.tcp_port = 0
        """Where TCP connections are answered, and redirected to."""
        self.udp_port = 0
        """Where datagrams are swallowed."""

    @classmethod
    def start(
        cls,
        *,
        spawn: Spawner,
        authority: CloudAuthority,
        tcp_port: int = 0,
        udp_port: int = 0,
        log: Path = Path(os.devnull),
    ) -> CatchAllCloud:
        """Start the cloud where *spawn* starts it, and wait until it listens. Port 0 lets the kernel choose.

        :param log: gets what the process writes to its standard error
        :raises RigError: it could not open its ports
        """
        control, theirs = Control.pair("the catch-all cloud")
        command = [sys.executable, "-m", "rigs.sim.catchall", str(authority.certificate), str(authority.key)]
        ports_wanted = ["--tcp", str(tcp_port), "--udp", str(udp_port)]
        try:
            with theirs, log.open("ab") as errors:
                process = spawn([*command, *ports_wanted], fds={"control": theirs.fileno()}, stderr=errors.fileno())
        except BaseException:
            control.close()
            raise
        cloud = cls(process, control)
        try:
            ports = control.ask("ready", timeout=_START)
        except BaseException as error:
            cloud.close()
            if isinstance(error, PeerGoneError):
                raise RigError(f"the catch-all cloud could not listen on TCP {tcp_port} and UDP {udp_port}") from None
            raise
        cloud.tcp_port, cloud.udp_port = ports["tcp"], ports["udp"]
        return cloud

    @property
    def pid(self) -> int:
        """Process id as this host sees it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return not self._closed and self._process.poll() is None

    def served(self) -> dict[str, int]:
        """Finished connections by protocol (``http/1``, ``mqtt``, ``raw`` …), and ``datagrams``.

        :raises PeerGoneError: it is dead, or hangs
        """
        served: dict[str, int] = self._control.ask("counts", timeout=_ANSWER)["served"]
        return served

    def close(self) -> None:
        """End the process. Doing it twice does no harm."""
        if self._closed:
            return
        self._control.close()
        end(self._process, _END)
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
