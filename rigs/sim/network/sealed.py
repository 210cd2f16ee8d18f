"""The bench's handle on a sealed network."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rigs.sim.network import line
from rigs.sim.network.layout import NAMESPACES, UPLINKS, CatchAll, Namespace, Uplink
from telltale.errors import InputError, NamespacesRefusedError, RigError, near_miss
from telltale.processes import FDS_VARIABLE, Process, Spawner

_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
"""Where ``rigs`` and ``telltale`` are found, installed or not."""
_PATIENCE = 30.0
"""Seconds for one answer of the launcher, which is a matter of milliseconds unless the host is starved."""


class SealedNetwork:
    """Network namespaces (unit, ivi, phone, gateway, cloud) that nothing leaves, and the programs in them.

    Everything in it ends with `close`, or with this process if that ends first, however it ends. Safe to use from
    several threads.
    """

    def __init__(
        self, launcher: subprocess.Popen[bytes], control: socket.socket, how: str, quic_refused: str | None
    ) -> None:
        self._launcher = launcher
        self._control = control
        self._lock = threading.RLock()
        self._gone: str | None = None
        self._processes: weakref.WeakSet[_SealedProcess] = weakref.WeakSet()
        self.how = how
        """How it was made, for reports: ``as root`` or ``in a user namespace``."""
        self.privileged = how == "as root"
        """Whether it was made with the host's root rights."""
        self.quic_refused = quic_refused
        """Why QUIC is blocked at the gateway, e.g. ``/dev/net/tun: permission denied``; None where ``TUN`` takes it."""
        self.uplinks: tuple[Uplink, ...] = UPLINKS
        """In the order of the unit's preference."""

    @classmethod
    def open(
        cls,
        *,
        proxy_port: int | None = 8080,
        dns_port: int = 5353,
        catch_all: CatchAll | None = None,
        open_quic: bool = True,
    ) -> SealedNetwork:
        """Make the network; what listens on the two ports is to be started in ``gateway``.

        :param proxy_port: where all TCP from the unit goes; None leaves ``gateway`` a plain router
        :param dns_port: where all UDP to port 53 from the unit goes
        :param catch_all: ports in ``cloud`` for everything that reaches it
        :param open_quic: lead QUIC to the proxy, through a tun device where this host has one; else it is blocked
        :raises NamespacesRefusedError: this host does not allow it
        :raises RigError: it went wrong for another reason
        """
        settings = {
            "proxy_port": proxy_port,
            "dns_port": dns_port,
            "catch_all": None if catch_all is None else asdict(catch_all),
            "open_quic": open_quic,
        }
        if sys.platform != "linux":
            raise NamespacesRefusedError("the sealed network is made of Linux namespaces; run the bench on Linux")
        with contextlib.ExitStack() as undo:
            control, theirs = socket.socketpair()
            undo.callback(control.close)
            control.settimeout(_PATIENCE)
            with theirs:
                launcher = _start_launcher(settings, theirs)
            undo.callback(_end, launcher, control)
            try:
                answer, _ = line.receive(control)
            except OSError:
                raise RigError("the launcher of the sealed network ended or hung before the network was made") from None
            if "refused" in answer:
                raise NamespacesRefusedError(answer["refused"])
            if "failed" in answer:
                raise RigError(answer["failed"])
            undo.pop_all()
            return cls(launcher, control, answer["how"], answer["quic refused"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def spawner(self, namespace: Namespace) -> Spawner:
        """Starts programs in *namespace*, each in a session of its own (so Ctrl-C at the terminal is the bench's)."""
        known = _known(namespace)

        def spawn(
            argv: Sequence[str],
            *,
            env: Mapping[str, str] | None = None,
            fds: Mapping[str, int] | None = None,
            stdin: int | None = None,
            stdout: int | None = None,
            stderr: int | None = None,
            cwd: Path | None = None,
        ) -> Process:
            return self._spawn(known, argv, env=env, fds=fds or {}, stdio=(stdin, stdout, stderr), cwd=cwd)

        return spawn

    def vendor(self, namespace: Namespace) -> socket.socket:
        """A line that gives sockets of *namespace* to whoever inherits it (`rigs.sim.network.vending`)."""
        _, descriptors = self._ask("vend", namespace=_known(namespace))
        return socket.socket(fileno=descriptors[0])

    def socket(
        self,
        namespace: Namespace,
        family: int = socket.AF_INET,
        type: int = socket.SOCK_STREAM,  # noqa: A002 - the word of socket.socket
        *,
        device: str | None = None,
    ) -> socket.socket:
        """A fresh socket that lives in *namespace*, bound to *device* (an interface's name) if one is given.

        :raises RigError: there is no such device or family
        """
        _, descriptors = self._ask(
            "socket", namespace=_known(namespace), family=int(family), kind=int(type), device=device
        )
        return socket.socket(fileno=descriptors[0])

    def set_link(self, uplink_name: str, up: bool) -> None:  # noqa: FBT001 - set_link("wifi", False) reads well
        """Take an uplink away from its unit (coverage is lost), or give it back. Addresses and sockets outlive it.

        :raises InputError: there is no such uplink
        """
        self._ask("link", uplink=self._known_uplink(uplink_name), up=up)

    def set_rate(self, uplink_name: str, rate: int | None) -> None:
        """Let no more than *rate* bit/s pass over an uplink each way; None lifts the limit.

        :raises InputError: there is no such uplink
        :raises RigError: the kernel has no token bucket filter (sch_tbf)
        """
        self._ask("rate", uplink=self._known_uplink(uplink_name), rate=rate)

    def _known_uplink(self, name: str) -> str:
        names = [uplink.name for uplink in self.uplinks]
        if name not in names:
            raise InputError(f"no uplink `{name}`" + near_miss(name, names))
        return name

    def close(self) -> None:
        """Kill whatever runs in the network, and the network with it; more than once does nothing."""
        with self._lock:
            for process in self._processes:
                process.poll()  # who has ended by now keeps its own exit status
            self._gone = self._gone or "the sealed network is closed"
            _end(self._launcher, self._control)

    def _spawn(
        self,
        namespace: Namespace,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None,
        fds: Mapping[str, int],
        stdio: Sequence[int | None],
        cwd: Path | None,
    ) -> Process:
        environment = {k: v for k, v in (os.environ if env is None else env).items() if k != FDS_VARIABLE}
        try:
            answer, (pidfd,) = self._ask(
                "start",
                [*fds.values(), *(stream for stream in stdio if stream is not None)],
                namespace=namespace,
                argv=[os.fspath(part) for part in argv],
                env=environment,
                names=list(fds),
                stdio=[stream is not None for stream in stdio],
                cwd=os.fspath(cwd or Path.cwd()),
            )
        except _RefusedByLauncherError as error:
            raise RigError(f"cannot start {argv[0]} in the sealed network: {error}") from None
        process = _SealedProcess(self, answer["handle"], pidfd)
        self._processes.add(process)
        return process

    def _ask(self, do: str, passed: Sequence[int] = (), **arguments: Any) -> tuple[dict[str, Any], list[int]]:
        with self._lock:
            if self._gone:
                raise RigError(self._gone)
            try:
                line.send(self._control, {"do": do, **arguments}, passed)
                answer, descriptors = line.receive(self._control)
            except OSError:
                self._gone = "the launcher of the sealed network has ended, and with it all that ran there"
                self._control.close()
                raise RigError(self._gone) from None
        if "error" in answer:
            raise _RefusedByLauncherError(answer["error"])
        return answer, descriptors

    def _status_of(self, handle: int) -> int:
        """Exit status of a process that has ended; without a launcher it was killed with all others."""
        try:
            answer, _ = self._ask("status", handle=handle)
        except RigError:
            if self._gone:
                return -signal.SIGKILL
            raise
        return int(answer["status"])


class _RefusedByLauncherError(RigError):
    """The launcher could not do what was asked."""


class _SealedProcess:
    """A program in a sealed network, held by a pidfd, so that its number is never mistaken for another's."""

    def __init__(self, network: SealedNetwork, handle: int, pidfd: int) -> None:
        self._network = network
        self._handle = handle
        self._pidfd = pidfd
        self._status: int | None = None
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, pidfd)
        self.pid = _host_pid(pidfd)

    def poll(self) -> int | None:
        with self._lock:
            if self._status is None and self._ended(0):
                self._status = self._network._status_of(self._handle)  # noqa: SLF001 - two halves of one thing
            return self._status

    def signal(self, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            return

    def wait(self, timeout: float) -> int:
        until = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if not self._ended(max(0.0, until - time.monotonic())):
                raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        return status

    def _ended(self, timeout: float) -> bool:
        watch = select.poll()
        watch.register(self._pidfd, select.POLLIN)
        return bool(watch.poll(timeout * 1000))


def _host_pid(pidfd: int) -> int:
    """The process id as this process sees it (proc_pid_fdinfo(5), field ``Pid``)."""
    for text in Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii").splitlines():
        name, _, value = text.partition(":")
        if name == "Pid":
            return int(value)
    raise RigError("this kernel does not say which process a pidfd stands for (Linux 5.4 or newer is needed)")


def _known(namespace: Namespace) -> Namespace:
    if namespace not in NAMESPACES:
        raise InputError(f"no namespace `{namespace}`" + near_miss(namespace, NAMESPACES))
    return namespace


def _start_launcher(settings: Mapping[str, Any], control: socket.socket) -> subprocess.Popen[bytes]:
    paths = [str(_PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    bench = os.pidfd_open(os.getpid())
    fds = {"control": control.fileno(), "bench": bench}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "rigs.sim.network.launcher", json.dumps(settings)],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                FDS_VARIABLE: ",".join(f"{name}={number}" for name, number in fds.items()),
            },
            pass_fds=tuple(fds.values()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # a session of its own: Ctrl-C at the terminal is for the bench, which then cleans up in its own order
            start_new_session=True,
        )
    finally:
        os.close(bench)


def _end(launcher: subprocess.Popen[bytes], control: socket.socket) -> None:
    """Hang up, which ends the launcher and all that it started; if it is stuck, have the kernel end it."""
    if control.fileno() >= 0:
        with contextlib.suppress(OSError):  # it hung up first
            control.shutdown(socket.SHUT_RDWR)  # a close alone would not reach it if a fork of ours holds a copy
        control.close()
    try:
        launcher.wait(5)
    except subprocess.TimeoutExpired:
        launcher.kill()
        launcher.wait()
