"""Takes every connection, opens TLS for whatever name is asked for, and hands the bytes to an engine."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import socket
import ssl
import struct

from rigs.sim.catchall.datagrams import DatagramServer
from rigs.sim.catchall.engine import Engine
from rigs.sim.catchall.http2 import Http2
from rigs.sim.catchall.sniffing import engine_for
from rigs.sim.certificates import CloudAuthority

_SO_ORIGINAL_DST = 80
"""``linux/netfilter_ipv4.h`` and ``linux/netfilter_ipv6/ip6_tables.h``: what a redirected connection was meant for."""
_CHUNK = 1 << 18


class Server:
    """Listens on IPv4 and IPv6."""

    def __init__(self, authority: CloudAuthority) -> None:
        self._authority = authority
        self._tasks: set[asyncio.Task[None]] = set()
        self.served: collections.Counter[str] = collections.Counter()
        """Connections by protocol, ``tls failed`` and ``silent`` among them; requests of HTTP/3; datagrams."""

    def accept_on(self, listener: socket.socket) -> None:
        """Serve whoever connects to *listener*, from now on."""
        listener.setblocking(False)  # noqa: FBT003 - the socket's own interface
        self._keep(asyncio.get_running_loop().create_task(self._accept(listener)))

    def answer_on(self, datagrams: socket.socket) -> None:
        """Answer whatever arrives on *datagrams*, from now on."""
        DatagramServer(datagrams, self._authority, self.served)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            peer, _ = await loop.sock_accept(listener)
            self._keep(loop.create_task(self._serve(peer)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, peer: socket.socket) -> None:
        protocol = "silent"
        try:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            context = None
            if await _starts_tls(peer):
                protocol = "tls failed"
                context = self._authority.context_for_any(original_destination(peer)[0])
            reader, writer = await _streams(peer, context)
            try:
                protocol = await _converse(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()
        except OSError:
            pass  # the peer went away, or does not like the certificate; both are counted below
        finally:
            peer.close()
            self.served[protocol] += 1


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Talk until either side has had enough; the protocol's name."""
    tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    engine: Engine | None = Http2() if tls and tls.selected_alpn_protocol() == "h2" else None
    begun = b""
    with contextlib.suppress(OSError):  # the peer may hang up at any point of any protocol
        while not (engine and engine.finished) and (data := await reader.read(_CHUNK)):
            if engine is None:
                begun += data
                engine, data = engine_for(begun), begun
            if engine is not None and (out := engine.receive(data)):
                writer.write(out)
                await writer.drain()
    return engine.name if engine else "raw" if begun else "silent"


async def _starts_tls(peer: socket.socket) -> bool:
    """Whether the first byte is that of a TLS handshake record (RFC 8446, section 5.1); it is left in the socket."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(peer.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(peer.fileno())
    return peer.recv(2, socket.MSG_PEEK) in (b"\x16", b"\x16\x03")


async def _streams(
    peer: socket.socket, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, peer, ssl=context)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def original_destination(peer: socket.socket) -> tuple[str, int]:
    """Address and port that the connection was meant for, before a packet filter redirected it here."""
    try:
        if peer.family == socket.AF_INET6:
            raw = peer.getsockopt(socket.IPPROTO_IPV6, _SO_ORIGINAL_DST, 28)
            port, address = struct.unpack_from("!2xH4x16s", raw)
        else:
            raw = peer.getsockopt(socket.IPPROTO_IP, _SO_ORIGINAL_DST, 16)
            port, address = struct.unpack_from("!2xH4s", raw)
    except OSError:  # nobody redirected it
        name = peer.getsockname()
        return name[0], name[1]
    return socket.inet_ntop(peer.family, address), port
