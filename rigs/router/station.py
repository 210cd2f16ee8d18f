"""A client of the bench's own on an uplink's segment, from which control transmissions go the way the unit's go.

Packets that a host sends to itself never arrive on its uplink interface, so the client lives in a network namespace:
one that we make, plugged into the uplink's bridge by a pair of virtual Ethernet interfaces; or one of the engineer's
(``ip netns``), with an interface of its own on that segment. Ours exists through our descriptor alone, so the kernel
takes it and the pair away with this process.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from pyroute2.iproute.linux import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from rigs.sim.network import linux
from telltale.errors import InputError, RigError, near_miss

NAMED = Path("/run/netns")
"""Where ``ip netns`` keeps namespaces."""
_INSIDE = "eth0"
_QUIET = {"ipv6/conf/default/disable_ipv6": 1, "ipv6/conf/all/disable_ipv6": 1}
"""Below ``/proc/sys/net``: the station says nothing of its own accord."""

T = TypeVar("T")


class Station:
    """A place to open sockets in. Made by `plug` or `named`."""

    def __init__(self, namespace: int) -> None:
        self._namespace = namespace

    @classmethod
    def plug(cls, bridge: str, address: ipaddress.IPv4Interface) -> Station:
        """A new station at *address* on *bridge*.

        :raises RigError: the host does not allow it
        """
        try:
            station = cls(_in_thread(_new_namespace))
        except OSError as error:
            raise RigError(f"this host allows no network namespace for control transmissions: {error}") from None
        try:
            with IPRoute() as host:
                index = socket.if_nametoindex(bridge)
                outside = f"telltale-{index}"
                inside = {"ifname": _INSIDE, "net_ns_fd": station._namespace}
                host.link("add", ifname=outside, kind="veth", peer=inside)
                host.link("set", index=socket.if_nametoindex(outside), master=index, state="up")
            station._enter(lambda: _set_up(address))
        except (OSError, NetlinkError) as error:
            station.close()
            raise RigError(f"the control station cannot be plugged into {bridge}: {error}") from None
        return station

    @classmethod
    def named(cls, name: str) -> Station:
        """The engineer's namespace.

        :raises InputError: there is none of that name
        """
        try:
            return cls(os.open(NAMED / name, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            known = [path.name for path in NAMED.iterdir()] if NAMED.is_dir() else []
            raise InputError(f"there is no network namespace `{name}`{near_miss(name, known)}") from None

    def socket(self) -> socket.socket:
        """A TCP socket of this station's. :raises RigError: the namespace cannot be entered"""
        try:
            return self._enter(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        except OSError as error:
            raise RigError(f"the control station cannot be entered: {error}") from None

    def close(self) -> None:
        """Let go of the namespace; harmless when repeated."""
        if self._namespace >= 0:
            os.close(self._namespace)
            self._namespace = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter(self, action: Callable[[], T]) -> T:
        def inside() -> T:
            linux.setns(self._namespace, linux.CLONE_NEWNET)
            return action()

        return _in_thread(inside)


def _in_thread(action: Callable[[], T]) -> T:
    """*action*'s result, from a thread that ends with it: a network namespace is a thread's, not a process's."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(action())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
            failed.append(error)

    thread = threading.Thread(target=run, name="control station")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def _new_namespace() -> int:
    linux.unshare(linux.CLONE_NEWNET)
    namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    for name, value in _QUIET.items():
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6 says nothing by it
            Path("/proc/sys/net", name).write_text(str(value), encoding="ascii")
    return namespace


def _set_up(address: ipaddress.IPv4Interface) -> None:
    with IPRoute() as netlink:
        index = socket.if_nametoindex(_INSIDE)
        netlink.addr("add", index=index, address=str(address.ip), prefixlen=address.network.prefixlen)
        netlink.link("set", index=index, state="up")
