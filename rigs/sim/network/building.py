"""Building the sealed network, step by step; a step that the host refuses is named together with its mend."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyroute2.netlink.exceptions import NetlinkError

from rigs.sim.network import firewall, linux, privacy, quic, wiring
from rigs.sim.network.child import Place
from rigs.sim.network.layout import (
    BACKHAUL,
    DEFAULT_RESOLVERS,
    IN_CAR,
    NAMESPACES,
    RESOLVERS,
    UNITS,
    UPLINKS,
    CatchAll,
    Namespace,
    link_of,
)

AS_ROOT = "as root"
IN_USER_NAMESPACE = "in a user namespace"

_KINDS = linux.CLONE_NEWNS | linux.CLONE_NEWPID

_SWITCHES = (
    ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
    ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
)
"""Files below /proc/sys, the value that refuses namespaces, and the mend."""


_REFUSALS = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.EROFS,
        errno.ENOSYS,
        errno.ENOSPC,
        errno.EUSERS,
        errno.ENOENT,
        errno.EOPNOTSUPP,
        errno.EPROTONOSUPPORT,
        errno.EAFNOSUPPORT,
    }
)
"""What a host says that forbids or lacks something. Anything else is a failure of the bench, not of the host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """The network, as far as this host allowed it."""

    places: dict[Namespace, Place]
    quic_refused: str | None
    """Why QUIC cannot be led to the proxy and is blocked; None where it can."""


class BuildError(Exception):
    """A step failed; ``str()`` is one line with the step and the reason."""


class RefusedError(BuildError):
    """The host refused a step; the line ends with the mend."""


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, NetlinkError) as error:
        number = (error.errno if isinstance(error, OSError) else error.code) or 0
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        name = errno.errorcode.get(number, type(error).__name__)
        if number in _REFUSALS:
            raise RefusedError(f"this host does not let the bench {what} ({name}: {reason}); {_mend()}") from error
        raise BuildError(f"the bench could not {what} ({name}: {reason})") from error


def _mend() -> str:
    for path, refusing, mend in _SWITCHES:
        with contextlib.suppress(FileNotFoundError):  # a switch that this kernel does not have refuses nothing
            if Path("/proc/sys", path).read_text(encoding="ascii").strip() == refusing:
                return f"allow it with `{mend}`, or run as root"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            "start the container with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined`, or use a host that allows user namespaces"
        )
    return "run as root, or use a host that allows user namespaces"


def enter() -> str:
    """Enter the mount and PID namespaces, as root if that works, else through a user namespace; says how.

    The PID namespace begins with the next child of this process.

    :raises RefusedError: neither works
    :raises BuildError: a step failed
    """
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):  # root of a container: a user namespace may still do
            linux.unshare(_KINDS)
            return AS_ROOT
    user, group = os.geteuid(), os.getegid()
    with _step("enter a user namespace"):
        linux.unshare(linux.CLONE_NEWUSER)
    with _step("be root in its user namespace"):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    with _step("enter mount and PID namespaces"):
        linux.unshare(_KINDS)
    return IN_USER_NAMESPACE


def build(*, proxy_port: int | None, dns_port: int, catch_all: CatchAll | None, open_quic: bool) -> Built:
    """Make the namespaces with all that is in them; for process 1 of the PID namespace.

    :raises RefusedError: the host refuses a step
    :raises BuildError: a step failed
    """
    with _step("make its mounts private"):
        linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    # A container may keep /proc from being mounted anew; programs then see the host's, which works as well.
    with contextlib.suppress(PermissionError):
        linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    os.chdir("/")
    networks = {name: _network(name) for name in NAMESPACES}
    for link in (*map(link_of, UPLINKS), IN_CAR, BACKHAUL):
        with _step("make a pair of virtual Ethernet interfaces (veth)"):
            linux.setns(networks[link.near.namespace], linux.CLONE_NEWNET)
            wiring.pair(link, networks[link.far.namespace])
    linux.setns(networks["gateway"], linux.CLONE_NEWNET)
    quic_refused = quic.make_tun() if open_quic else "the bench was asked to"
    interfaces = [uplink.gateway_interface for uplink in UPLINKS]
    quic_rules = quic.rules(interfaces, opened=quic_refused is None) if proxy_port is not None else []
    rules = {
        "unit": firewall.t_box(),
        "ivi": firewall.quiet(),
        "phone": firewall.quiet(),
        "gateway": firewall.gateway(proxy_port, dns_port) + quic_rules,
        "cloud": firewall.cloud(BACKHAUL.far.interface, catch_all),
    }
    wires: dict[Namespace, Callable[[], None]] = {
        "unit": wiring.t_box,
        "ivi": wiring.head_unit,
        "phone": wiring.phone,
        "gateway": wiring.gateway,
        "cloud": wiring.cloud,
    }
    places = {}
    for name, network in networks.items():
        linux.setns(network, linux.CLONE_NEWNET)
        with _step(f"filter packets in `{name}` (nftables with nft_chain_nat, nft_nat, nft_redir)"):
            firewall.apply(rules[name])
        with _step(f"set addresses and routes in `{name}`"):
            wires[name]()
        places[name] = Place(network=network, mounts=_mounts(name), confined=name in UNITS)
    for network in networks.values():
        linux.setns(network, linux.CLONE_NEWNET)
        with _step("use its virtual Ethernet interfaces"):
            wiring.settle()
    return Built(places=places, quic_refused=quic_refused)


def _network(name: Namespace) -> int:
    """A new network namespace, which this process is in then, as a descriptor."""
    with _step("make a network namespace"):
        linux.unshare(linux.CLONE_NEWNET)
        network = os.open("/proc/self/ns/net", os.O_RDONLY)
    with _step(f"set the kernel's IPv4 and IPv6 options in `{name}`"):
        wiring.settings(name)
    return network


def _mounts(name: Namespace) -> int:
    """A mount namespace for programs in the current network namespace, as a descriptor."""
    home = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    try:
        with _step("hide its sockets and resolver"):
            linux.unshare(linux.CLONE_NEWNS)
            privacy.hide_host(RESOLVERS.get(name, DEFAULT_RESOLVERS))
        mounts = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        linux.setns(home, linux.CLONE_NEWNS)
    finally:
        os.close(home)
    return mounts
