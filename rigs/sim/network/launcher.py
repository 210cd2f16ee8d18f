"""The process that owns the sealed network: ``python -m rigs.sim.network.launcher SETTINGS``, as `SealedNetwork` does.

It is two processes. The outer one enters a user namespace (unless it is privileged), a mount and a PID namespace,
and waits. The inner one is process 1 of the PID namespace: it makes the network, starts programs and hands out
sockets when asked, and ends as soon as the bench does. The kernel then kills whatever else runs in there, and with the
last process the network and the mounts vanish. Both are single-threaded, as entering namespaces demands.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rigs.sim.network import child, line, linux, vending, wiring
from rigs.sim.network.building import BuildError, RefusedError, build, enter
from rigs.sim.network.layout import UPLINKS, CatchAll, Namespace
from telltale.processes import inherited

_Answer = tuple[dict[str, Any], Sequence[int]]
"""What the bench is told, and the descriptors that it gets, which are closed here afterwards."""


class Launcher:
    """Process 1 of the sealed network, once that is built."""

    def __init__(self, control: socket.socket, places: dict[Namespace, child.Place]) -> None:
        self._control = control
        self._places = places
        self._running: dict[int, int] = {}
        self._statuses: dict[int, int] = {}
        self._started = 0
        self._vendors: dict[int, tuple[socket.socket, Namespace]] = {}
        self._selector = selectors.DefaultSelector()
        self._questions: dict[str, Callable[..., _Answer]] = {
            "start": self._start,
            "status": self._status,
            "socket": self._socket,
            "link": self._link,
            "rate": self._rate,
            "vend": self._vend,
        }

    def serve(self, lifelines: Sequence[int]) -> None:
        """Answer until the bench hangs up or one of *lifelines* (pidfds) says that its process has ended."""
        awake, wake = socket.socketpair()
        awake.settimeout(0)
        wake.settimeout(0)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with self._selector:
            for descriptor in (*lifelines, self._control.fileno(), awake.fileno()):
                self._selector.register(descriptor, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in self._selector.select()}
                if ready.intersection(lifelines):
                    return
                if awake.fileno() in ready:
                    awake.recv(4096)
                    self._reap()
                if self._control.fileno() in ready:
                    try:
                        self._answer_one()
                    except ConnectionError:
                        return
                for descriptor in ready.intersection(self._vendors):
                    self._hand_out(descriptor)

    def _reap(self) -> None:
        """Collect the children that have ended, and the orphans that fell to process 1."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._running:
                self._statuses[self._running.pop(pid)] = os.waitstatus_to_exitcode(status)

    def _answer_one(self) -> None:
        question, given = line.receive(self._control)
        kept: Sequence[int] = ()
        try:
            answer, kept = self._questions[question.pop("do")](given, **question)
        except Exception as error:  # noqa: BLE001 - whatever went wrong is told to the bench, which decides
            answer = {"error": getattr(error, "strerror", None) or str(error) or type(error).__name__}
        finally:
            for descriptor in given:
                os.close(descriptor)
        try:
            line.send(self._control, answer, kept)
        finally:
            for descriptor in kept:
                os.close(descriptor)

    def _start(
        self,
        given: Sequence[int],
        *,
        namespace: Namespace,
        argv: Sequence[str],
        env: dict[str, str],
        names: Sequence[str],
        stdio: Sequence[bool],
        cwd: str,
    ) -> _Answer:
        streams = iter(given[len(names) :])
        program = child.Program(
            argv=argv,
            env=env,
            fds=dict(zip(names, given, strict=False)),
            stdio=[next(streams) if is_given else None for is_given in stdio],
            cwd=cwd,
        )
        pid = child.start(program, self._places[namespace])
        self._started += 1
        self._running[pid] = self._started
        return {"handle": self._started}, [os.pidfd_open(pid)]

    def _status(self, _: Sequence[int], *, handle: int) -> _Answer:
        self._reap()
        return {"status": self._statuses.pop(handle)}, ()

    def _vend(self, _: Sequence[int], *, namespace: Namespace) -> _Answer:
        ours, theirs = vending.line()
        self._vendors[ours.fileno()] = ours, namespace
        self._selector.register(ours, selectors.EVENT_READ)
        return {}, [theirs.detach()]

    def _hand_out(self, descriptor: int) -> None:
        sock, namespace = self._vendors[descriptor]
        if not vending.answer(sock, lambda family, kind: self._made(namespace, family, kind)):
            del self._vendors[descriptor]
            self._selector.unregister(sock)
            sock.close()

    def _made(self, namespace: Namespace, family: int, kind: int) -> socket.socket:
        linux.setns(self._places[namespace].network, linux.CLONE_NEWNET)
        return socket.socket(family, kind)

    def _socket(self, _: Sequence[int], *, namespace: Namespace, family: int, kind: int, device: str | None) -> _Answer:
        with self._made(namespace, family, kind) as made:
            if device:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
            return {}, [made.detach()]

    def _link(self, _: Sequence[int], *, uplink: str, up: bool) -> _Answer:
        wanted = next(known for known in UPLINKS if known.name == uplink)
        linux.setns(self._places[wanted.namespace].network, linux.CLONE_NEWNET)
        wiring.coverage(wanted, up=up)
        return {}, ()

    def _rate(self, _: Sequence[int], *, uplink: str, rate: int | None) -> _Answer:
        wanted = next(known for known in UPLINKS if known.name == uplink)
        ends: tuple[tuple[Namespace, str], ...] = (
            (wanted.namespace, wanted.unit_interface),
            ("gateway", wanted.gateway_interface),
        )
        for namespace, interface in ends:
            linux.setns(self._places[namespace].network, linux.CLONE_NEWNET)
            wiring.limit(interface, rate)
        return {}, ()


def _open_standard_streams() -> None:
    """So that no descriptor of ours is ever mistaken for one."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)


def _confess(control: socket.socket, error: BuildError) -> None:
    line.send(control, {"refused" if isinstance(error, RefusedError) else "failed": str(error)})


def _inside(control: socket.socket, how: str, settings: dict[str, Any], lifelines: Sequence[int]) -> None:
    """The inner process, from its birth to its end."""
    linux.die_with_parent()
    try:
        built = build(**settings)
    except BuildError as error:
        _confess(control, error)
        return
    line.send(control, {"how": how, "quic refused": built.quic_refused})
    Launcher(control, built.places).serve(lifelines)


def main() -> None:
    """Enter the namespaces, start the inner process and wait for it."""
    _open_standard_streams()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    control = socket.socket(fileno=inherited("control"))
    bench = inherited("bench")
    for descriptor in (control.fileno(), bench):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - positional only
    settings = json.loads(sys.argv[1])
    if settings["catch_all"] is not None:
        settings["catch_all"] = CatchAll(**settings["catch_all"])
    lifelines = (bench, os.pidfd_open(os.getpid()))
    try:
        how = enter()
    except BuildError as error:
        _confess(control, error)
        return
    pid = os.fork()
    if pid == 0:
        status = 0
        try:
            with contextlib.suppress(ConnectionError):  # the bench ended while the network was being made
                _inside(control, how, settings, lifelines)
        except BaseException:  # noqa: BLE001 - shown, and this copy must not run on as the outer process
            sys.excepthook(*sys.exc_info())
            status = 1
        finally:
            os._exit(status)
    control.close()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
