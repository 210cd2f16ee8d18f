"""Runs ``telltale`` as on a host without any network: ``python -P offline_host.py LOG ARGUMENTS...``.

It stands in a network namespace of its own whose only interface is loopback, so nothing that it or a program that it
starts sends can leave; and whatever it looks up or connects to in the Internet families is refused and written to LOG,
a line each, unless that is this host by its number.
"""

import ctypes
import fcntl
import ipaddress
import os
import socket
import struct
import sys
from pathlib import Path

from trials.cli import main

_NEWNET, _NEWUSER = 0x40000000, 0x10000000  # linux/sched.h
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1  # linux/sockios.h, linux/if.h


def leave_the_network() -> None:
    """Keep loopback only. :raises OSError: this host refuses namespaces"""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEWNET if os.geteuid() == 0 else _NEWNET | _NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def stay_home(log: Path) -> None:
    """Refuse whatever turns to somebody else (Python's audit events of `socket`), and write down whom."""

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            host = str(address[0]) if isinstance(address, tuple) and isinstance(address[0], str) else None
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = str(arguments[0])
        else:
            return
        if host is None or _here(host):
            return
        with log.open("a") as out:
            out.write(f"{host}\n")
        raise OSError(f"{host} is not asked here")

    sys.addaudithook(watch)


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    leave_the_network()
    stay_home(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
