"""The process that owns the sealed network: ``python -m rigs.sim.network.launcher SETTINGS``, started by `SealedNetwork`.

It is two processes. The outer one enters a user namespace (unless it is privileged), a mount and a PID namespace and
waits. The inner one is process 1 of the PID namespace: it makes the network, starts programs and hands out
sockets when asked, and ends as soon as the bench does; the kernel then kills whatever else runs in there, and with the last
process the network and the mounts vanish. Both are single-threaded, as entering namespaces demands.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError

from rigs.sim.network import child, firewall, line, linux, privacy, wiring
from rigs.sim.network.layout import BACKHAUL, NAMESPACES, UPLINKS, CatchAll, Namespace, link_of
from telltale.processes import inherited

_AS_ROOT = "as root"
_IN_USER_NAMESPACE = "in a user namespace"
_KINDS = linux.CLONE_NEWNS | linux.CLONE_NEWPID

_SWITCHES = (
    ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
)
"""Files that refuse namespaces while they hold a value, and the mend."""


class RefusedError(Exception):
    """The host refused a step; ``str()`` is one line with the step and the mend."""


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, NetlinkError) as error:
        number = error.errno if isinstance(error, OSError) else error.code
        code = errno.errorcode.get(number or 0, str(number))
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise RefusedError(f"this host does not let the bench {what} ({code}, {reason}); {_mend()}") from error


def _mend() -> str:
    for path, refusing, mend in _SWITCHES:
        with contextlib.suppress(OSError):  # a switch that this kernel does not have refuses nothing
            if Path(path).read_text(encoding="ascii").strip() == refusing:
                return f"allow it with `{mend}`, or run as root"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            "start the container with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined`, or use a host that allows user namespaces"
        )
    return "run as root, or use a host that allows user namespaces (user, mount, pid, net) and nftables"


def enter() -> str:
    """Enter the mount and PID namespaces, as root if that works, else through a user namespace; says how.

    :raises RefusedError: neither works
    """
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):  # root of a container: a user namespace may still do
            linux.unshare(_KINDS)
            return _AS_ROOT
    user, group = os.geteuid(), os.getegid()
    with _step("enter a user namespace"):
        linux.unshare(linux.CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    with _step("enter mount and PID namespaces"):
        linux.unshare(_KINDS)
    return _IN_USER_NAMESPACE


class Launcher:
    """Process 1 of the sealed bench."""

    def __init__(
        self, control: socket.socket, *, how: str, proxy_port: int, dns_port: int, catch_all: CatchAll | None
    ) -> None:
        self._control = control
        self._statuses: dict[int, int] = {}
        self._running: set[int] = set()
        self._private_mounts()
        self._networks = self._build(proxy_port, dns_port, catch_all)
        self._places = {
            name: child.Place(
                network=self._networks[name],
                mounts=self._unit_mounts if name == "unit" else None,
                confined=name == "unit",
            )
            for name in NAMESPACES
        }
        self.how = how

    def _private_mounts(self) -> None:
        with _step("make its mounts private"):
            linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
        # A container may keep its /proc from being mounted anew; then programs see the host's, which works as well.
        with contextlib.suppress(PermissionError):
            linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
        ours = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        with _step("hide the host's sockets and resolver from the unit"):
            linux.unshare(linux.CLONE_NEWNS)
            privacy.hide_host()
        self._unit_mounts = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        linux.setns(ours, linux.CLONE_NEWNS)
        os.close(ours)

    def _build(self, proxy_port: int, dns_port: int, catch_all: CatchAll | None) -> dict[Namespace, int]:
        networks: dict[Namespace, int] = {}
        for name in NAMESPACES:
            with _step(f"make the network namespace `{name}`"):
                linux.unshare(linux.CLONE_NEWNET)
                networks[name] = os.open("/proc/self/ns/net", os.O_RDONLY)
            with _step(f"set the kernel's network options for `{name}` (IPv4 and IPv6 are needed)"):
                wiring.settings(name)
        for link in (*map(link_of, UPLINKS), BACKHAUL):
            with _step("make virtual Ethernet pairs (veth)"):
                linux.setns(networks[link.near.namespace], linux.CLONE_NEWNET)
                wiring.pair(link, networks[link.far.namespace])
        rules = {
            "unit": firewall.quiet(),
            "gateway": firewall.gateway(proxy_port, dns_port),
            "cloud": firewall.cloud(BACKHAUL.far.interface, catch_all),
        }
        wires: dict[Namespace, Callable[[], None]] = {
            "unit": wiring.unit,
            "gateway": wiring.gateway,
            "cloud": wiring.cloud,
        }
        for name in NAMESPACES:
            linux.setns(networks[name], linux.CLONE_NEWNET)
            with _step(f"redirect traffic in `{name}` (nftables: nf_tables, nft_chain_nat, nft_redir)"):
                firewall.apply(rules[name])
            with _step(f"set addresses and routes in `{name}`"):
                wires[name]()
        return networks

    def serve(self, lifelines: list[int]) -> None:
        """Answer until the bench hangs up or one of *lifelines* (pidfds) says that its process has ended."""
        awake, wake = socket.socketpair()
        awake.setblocking(False)
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            for descriptor in (*lifelines, self._control.fileno(), awake.fileno()):
                selector.register(descriptor, selectors.EVENT_READ)
            self._reap()
            while True:
                ready = {key.fd for key, _ in selector.select()}
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
                self._running.discard(pid)
                self._statuses[pid] = os.waitstatus_to_exitcode(status)

    def _answer_one(self) -> None:
        question, descriptors = line.receive(self._control)
        mine: list[int] = []
        try:
            do = {"start": self._start, "status": self._status, "socket": self._socket, "link": self._link}[
                question.pop("do")
            ]
            answer, mine = do(descriptors, **question)
        except (OSError, NetlinkError) as error:
            answer = {"error": getattr(error, "strerror", None) or str(error)}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        try:
            line.send(self._control, answer, mine)
        finally:
            for descriptor in mine:
                os.close(descriptor)

    def _start(
        self,
        descriptors: list[int],
        *,
        namespace: Namespace,
        argv: list[str],
        env: dict[str, str],
        names: list[str],
        stdio: list[bool],
        cwd: str,
    ) -> tuple[dict[str, Any], list[int]]:
        fds = dict(zip(names, descriptors, strict=False))
        streams = iter(descriptors[len(names) :])
        pid = child.start(
            argv,
            self._places[namespace],
            env=env,
            fds=fds,
            stdio=[next(streams) if given else None for given in stdio],
            cwd=cwd,
        )
        self._running.add(pid)
        return {"handle": pid}, [os.pidfd_open(pid)]

    def _status(self, _: list[int], *, handle: int) -> tuple[dict[str, Any], list[int]]:
        self._reap()
        return {"status": self._statuses.pop(handle)}, []

    def _socket(
        self,
        _: list[int],
        *,
        namespace: Namespace,
        family: int,
        type: int,
        device: str | None,  # noqa: A002 - socket's own word
    ) -> tuple[dict[str, Any], list[int]]:
        linux.setns(self._networks[namespace], linux.CLONE_NEWNET)
        with socket.socket(family, type) as made:
            if device:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
            return {}, [made.detach()]

    def _link(self, _: list[int], *, uplink: str, up: bool) -> tuple[dict[str, Any], list[int]]:
        linux.setns(self._networks["unit"], linux.CLONE_NEWNET)
        wiring.coverage(next(known for known in UPLINKS if known.name == uplink), up=up)
        return {}, []


def _settings(text: str) -> dict[str, Any]:
    given: dict[str, Any] = json.loads(text)
    if given["catch_all"] is not None:
        given["catch_all"] = CatchAll(**given["catch_all"])
    return given


def _inside(control: socket.socket, how: str, settings: dict[str, Any], lifelines: list[int]) -> None:
    """The inner process, from its birth to its end."""
    linux.die_with_parent()
    try:
        launcher = Launcher(control, how=how, **settings)
    except RefusedError as refused:
        line.send(control, {"refused": str(refused)})
        return
    line.send(control, {"how": how})
    launcher.serve(lifelines)


def main() -> None:
    """Enter the namespaces, start the inner process and wait for it."""
    for number in range(3):  # so that no descriptor of ours is mistaken for a standard stream
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    control = socket.socket(fileno=inherited("control"))
    bench = inherited("bench")
    for descriptor in (control.fileno(), bench):
        os.set_inheritable(descriptor, False)
    settings = _settings(sys.argv[1])
    lifelines = [bench, os.pidfd_open(os.getpid())]
    try:
        how = enter()
    except RefusedError as refused:
        line.send(control, {"refused": str(refused)})
        return
    os.chdir("/")
    pid = os.fork()
    if pid == 0:
        try:
            _inside(control, how, settings, lifelines)
        except ConnectionError:  # the bench ended while the network was being made
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    control.close()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
