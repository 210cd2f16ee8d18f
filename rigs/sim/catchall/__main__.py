"""``python -m rigs.sim.catchall CERTIFICATE KEY [--tcp PORT] [--udp PORT]``: the process, in the cloud's namespace.

With a control line (descriptor ``control``) it answers ``ready`` and ``counts``, and ends when the bench hangs up.
Port 0 lets the kernel choose.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import Iterable
from pathlib import Path

from rigs.sim.catchall.server import Server
from rigs.sim.certificates import CloudAuthority
from telltale.control import serve
from telltale.processes import inherited

_FAMILIES = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104 - every address is this cloud's


async def run(authority: CloudAuthority, tcp_port: int, udp_port: int, control: socket.socket) -> None:
    """Be the cloud until the bench hangs up."""
    server = Server(authority)
    listeners = _open(socket.SOCK_STREAM, tcp_port)
    datagrams = _open(socket.SOCK_DGRAM, udp_port)
    for listener in listeners:
        listener.listen(1024)
        server.accept_on(listener)
    for sock in datagrams:
        server.answer_on(sock)
    ports = {"tcp": listeners[0].getsockname()[1], "udp": datagrams[0].getsockname()[1]}
    await serve(control, {"ready": lambda: ports, "counts": lambda: {"served": server.served}})


def _open(kind: socket.SocketKind, port: int) -> list[socket.socket]:
    """A socket a family, all on one port."""
    opened: list[socket.socket] = []
    for family, address in _FAMILIES:
        sock = socket.socket(family, kind)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, opened[0].getsockname()[1] if opened else port))
        opened.append(sock)
    return opened


def main(arguments: Iterable[str] | None = None) -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="rigs.sim.catchall", description="The cloud that answers everything.")
    parser.add_argument("certificate", type=Path, help="the cloud authority's certificate, PEM")
    parser.add_argument("key", type=Path, help="the cloud authority's key, PEM")
    parser.add_argument("--tcp", type=int, default=0, metavar="PORT", help="where TCP is redirected to")
    parser.add_argument("--udp", type=int, default=0, metavar="PORT", help="where UDP is redirected to")
    given = parser.parse_args(None if arguments is None else list(arguments))
    authority = CloudAuthority.load(certificate=given.certificate, key=given.key)
    control = socket.socket(fileno=inherited("control"))
    asyncio.run(run(authority, given.tcp, given.udp, control))


if __name__ == "__main__":
    main()
