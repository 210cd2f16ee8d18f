"""The cloud's process: plays a cloud file until the bench hangs up.

The bench hands over descriptors by name (see `telltale.processes`):

    boot            JSON, see `rigs.sim.parts.SimulatedCloud`, which writes it
    control         the bench's questions: ports, settle, run, stored
    clock, clock_log
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import urllib.parse
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

from rigs.sim import ntp, quic
from rigs.sim.agenda import Agenda
from rigs.sim.certificates import CloudAuthority
from rigs.sim.clock import SharedClock
from rigs.sim.cloud import http
from rigs.sim.cloud.http3 import Http3
from rigs.sim.cloud.services import Services
from rigs.sim.datagrams import Datagrams, Peer
from rigs.sim.unit import gbt32960
from telltale import control
from telltale.hosts import nearest
from telltale.processes import inherited
from telltale.times import SECOND

_SECURE = ("https", "wss")
_UNNAMED = "unnamed.test"
"""Name in the certificate for a client that does not say whom it wants to reach."""

_Answer = Callable[[bytes, Peer], None]
_Heard = Callable[[bytes, Peer, _Answer], None]
"""Takes a datagram, who sent it, and what sends the answer."""


class Cloud:
    """One cloud, listening."""

    def __init__(self, boot: dict[str, Any]) -> None:
        self._data = boot["cloud"]
        self._loopback: bool = boot["loopback"]
        self._clock = SharedClock.inherited("cloud")
        self._agenda = Agenda()
        self._services = Services(self._data, clock=self._clock, agenda=self._agenda, tokens=boot["tokens"])
        self._closed = {host for host, row in self._data["tls"].items() if row["client certificate"] == "required"}
        self._authority = CloudAuthority.load(
            certificate=Path(boot["certificate"]),
            key=Path(boot["key"]),
            clients=Path(boot["clients"]) if boot["clients"] and self._closed else None,
            keylog=Path(boot["keylog"]) if boot["keylog"] else None,
        )
        self._ports: dict[str, int] = {}
        self._kept: list[Any] = []

    async def run(self) -> None:
        """Listen, and act until the bench hangs up."""
        for port, tls in sorted(self._http_ports()):
            context = self._tls() if tls else None
            await self._listen(port, self._serve_http, context)
            if tls:
                self._listen_quic(port)
        for platform in self._data["platforms"].values():
            await self._listen(_port(platform["gbt32960"]), self._serve_platform)
        if link := self._data["link"]:
            await self._listen(_port(link["mqtt"]), self._serve_link, self._tls())
        for sink in self._data["sinks"].values():
            if sink["tcp"]:
                await self._listen(_port(sink["tcp"]), self._serve_sink)
            if sink["mqtt"]:
                await self._listen(_port(sink["mqtt"]), self._services.link.serve, self._tls())
            for kind, heard in (("udp", _swallow), ("ntp", self._tell_time)):
                if sink[kind]:
                    self._listen_udp(_port(sink[kind]), heard)
        line = socket.socket(fileno=inherited("control"))
        handlers: dict[str, control.Handler] = {
            "ports": lambda: {"ports": self._ports},
            "settle": self.settle,
            "run": self.advance,
            "stored": lambda: {name: store.stored() for name, store in self._services.stores.items()},
        }
        await control.serve(line, handlers)

    async def settle(self) -> dict[str, Any]:
        """Return when the car has every command; tells those it could not be reached for."""
        self._publish()
        return {"undelivered": await self._services.link.settle()}

    def advance(self) -> dict[str, Any]:
        """Do what is due by now."""
        self._agenda.run(self._clock.now())
        self._publish()
        return {"now": self._clock.now()}

    async def _serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known = _identified(writer)
        await http.serve(reader, writer, lambda request: self._answer(request, known=known))

    async def _serve_link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_closed(self._data["link"]["mqtt"].rpartition(":")[0]) and not _identified(writer):
            writer.close()
        else:
            await self._services.link.serve(reader, writer)

    def _is_closed(self, host: str) -> bool:
        """Whether *host* serves none but units that show a certificate."""
        return nearest(self._data["tls"], host) in self._closed

    async def _answer(self, request: http.Request, *, known: bool) -> http.Response:
        if not known and self._is_closed(request.host):
            return http.Response(status=400, body=b'{"error": "no client certificate was sent"}')
        response = await self._services.answer(request)
        self._publish()
        return replace(response, date=formatdate(self._clock.now() // SECOND, usegmt=True))

    async def _serve_platform(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            while more := await reader.read(65536):
                received += more
                while found := gbt32960.cut(received):
                    frame, received = found
                    if frame[3] == gbt32960.IS_COMMAND:
                        writer.write(gbt32960.acknowledge(frame))
                        await writer.drain()
        except (OSError, gbt32960.FrameError):
            pass  # a platform hangs up on a terminal that speaks nonsense; the terminal reports it
        finally:
            writer.close()

    async def _serve_sink(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(65536):
                pass
        except OSError:
            pass  # the client reset the connection, which is its own affair
        finally:
            writer.close()

    def _publish(self) -> None:
        self._clock.set_due(self._agenda.due)

    def _tls(self) -> ssl.SSLContext:
        context = self._authority.context_for(_UNNAMED)

        def chosen(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name:
                tls.context = self._authority.context_for(name)

        context.sni_callback = chosen
        return context

    async def _listen(self, port: int, serve: Any, context: ssl.SSLContext | None = None) -> None:
        if str(port) not in self._ports:
            server = await asyncio.start_server(serve, sock=self._bound(port, socket.SOCK_STREAM), ssl=context)
            self._kept.append(server)

    def _listen_udp(self, port: int, heard: _Heard) -> None:
        if f"udp/{port}" not in self._ports:
            datagrams = Datagrams(
                self._bound(port, socket.SOCK_DGRAM), lambda data, peer: heard(data, peer, datagrams.sendto)
            )
            self._kept.append(datagrams)

    def _listen_quic(self, port: int) -> None:
        """The same services over HTTP/3."""
        if f"udp/{port}" not in self._ports:
            sock = self._bound(port, socket.SOCK_DGRAM)
            answer = partial(self._answer, known=False)  # no certificate of a client's is asked for over QUIC
            self._kept.append(quic.Server.on(sock, self._authority, lambda one: Http3(one, answer)))

    def _tell_time(self, data: bytes, peer: Peer, answer: _Answer) -> None:
        if ntp.is_request(data):
            answer(ntp.reply(data, self._clock.now()), peer)

    def _bound(self, port: int, kind: socket.SocketKind) -> socket.socket:
        """A socket on every address, IPv4 and IPv6; on any free port of the loopback where the bench asks for that."""
        if self._loopback or not socket.has_dualstack_ipv6():
            sock = socket.socket(socket.AF_INET, kind)
        else:
            sock = socket.socket(socket.AF_INET6, kind)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        anywhere = "::" if sock.family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - its namespace is its own
        sock.bind(("127.0.0.1", 0) if self._loopback else (anywhere, port))
        self._ports[f"udp/{port}" if kind == socket.SOCK_DGRAM else str(port)] = sock.getsockname()[1]
        return sock

    def _http_ports(self) -> set[tuple[int, bool]]:
        urls = [url for sink in self._data["sinks"].values() for url in (sink["at"], sink["ws"]) if url]
        urls += [app["at"] for app in self._data["apps"].values()]
        for store in self._data["stores"].values():
            urls += [store["upload"], *(address["at"] for address in store["addresses"].values())]
        parts = [urllib.parse.urlsplit(url) for url in urls]
        return {(url.port or (443 if url.scheme in _SECURE else 80), url.scheme in _SECURE) for url in parts}


def _identified(writer: asyncio.StreamWriter) -> bool:
    """Whether the client has shown a certificate that the maker's authority for units signed."""
    tls = writer.get_extra_info("ssl_object")
    return tls is not None and bool(tls.getpeercert())


def _swallow(_data: bytes, _peer: Peer, _answer: _Answer) -> None:
    """A sink says nothing."""


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def main() -> None:
    """Run the cloud."""
    boot = inherited("boot")
    asyncio.run(Cloud(json.loads(os.pread(boot, os.fstat(boot).st_size, 0))).run())


if __name__ == "__main__":
    main()
