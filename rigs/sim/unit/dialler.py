"""A unit's way to a host: names through the system's resolver, sockets bound to the uplink's interface.

On a bench without namespaces an uplink is a SOCKS proxy (RFC 1928), which is given the host's name.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from typing import TypeVar

import python_socks
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.connection import QuicConnection
from python_socks.async_.asyncio import Proxy

from rigs.sim.unit.behind import ControlUnit
from rigs.sim.unit.message import SendError, reason
from rigs.sim.unit.tls import TlsSettings

P = TypeVar("P", bound=QuicConnectionProtocol)

_SIOCGIFFLAGS = 0x8913
_UP_AND_RUNNING = 0x1 | 0x40
"""Both from netdevice(7) and linux/if.h."""
_LONGEST_DATAGRAM = 65535
_UNSENT = 32 * 1024
"""Bytes that the kernel holds for a connection (and as many for its own use). They leave even when the unit loses its
power, as those in a modem do, so there are few."""
CONNECT_SECONDS = 10.0
"""Wall time; bench time stands still meanwhile."""


class Dialler:
    """Opens connections over an uplink.

    :param interfaces: uplink to network interface; None leaves the choice to the routing table
    :param tls: whom the unit trusts, and how it shows itself
    :param addresses: ``host:port`` (or ``host:udp/port``) to the address really dialled, where there is no name server
    :param behind: control units behind this one, by name; what is sent for another name leaves as the unit's own
    :param proxies: uplink to the SOCKS proxy that is the only way out over it; datagrams, which it does not take, go to
        what *addresses* has, and nowhere else
    :param homes: control unit behind this one to the address of the loopback that it goes to the proxies from
    """

    def __init__(
        self,
        *,
        interfaces: Mapping[str, str | None],
        tls: TlsSettings,
        addresses: Mapping[str, tuple[str, int]] | None = None,
        proxies: Mapping[str, tuple[str, int]] | None = None,
        behind: Mapping[str, ControlUnit] | None = None,
        homes: Mapping[str, str] | None = None,
    ) -> None:
        self._interfaces = interfaces
        self._tls = tls
        self._addresses = addresses or {}
        self._proxies = proxies or {}
        self._behind = behind or {}
        self._homes = homes or {}

    def is_up(self, uplink: str) -> bool:
        """Whether the uplink's interface is there, up and connected (``IFF_UP``, ``IFF_RUNNING``)."""
        interface = self._interfaces.get(uplink)
        if interface is None:
            return True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16s16x", interface.encode()))
            except OSError:
                return False  # no such interface
        flags: int = struct.unpack_from("16xH", answer)[0]
        return flags & _UP_AND_RUNNING == _UP_AND_RUNNING

    async def stream(
        self, host: str, port: int, uplink: str, *, tls: bool = False, alpn: str | None = None, ecu: str | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A TCP connection, perhaps with TLS; *alpn* names the protocol to be spoken inside, where it has a name.

        :param ecu: the control unit that it comes from
        :raises SendError: no address, no route, refused, reset, no answer, or a certificate that is not trusted
        """
        if not self.is_up(uplink):
            raise SendError(f"the uplink {uplink} is down")
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                sock = await self._connect(host, port, uplink, ecu)
                if not tls:
                    return await asyncio.open_connection(sock=sock)
                context = self._tls.context(host, alpn)
                reader, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=host)
        except TimeoutError:
            raise SendError(f"no connection to {host}:{port} within {CONNECT_SECONDS:g} s") from None
        except ssl.SSLError as error:
            raise SendError(f"TLS with {host}:{port} failed: {error.reason or error}") from None
        except python_socks.ProxyError as error:
            raise SendError(f"no connection to {host}:{port}: {error}") from None
        except OSError as error:
            raise SendError(f"no connection to {host}:{port}: {reason(error)}") from None
        self._tls.established(host)
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        if chosen != alpn and alpn == "h2":  # HTTP/1.1 is what a server without ALPN speaks (RFC 9113, section 3.2)
            writer.close()
            raise SendError(f"{host}:{port} does not speak HTTP/2")
        return reader, writer

    async def quic(
        self,
        host: str,
        port: int,
        uplink: str,
        *,
        alpn: str,
        speaks: Callable[[QuicConnection], P],
        ecu: str | None = None,
    ) -> P:
        """A QUIC connection; *speaks* makes what is spoken on it.

        :param ecu: the control unit that it comes from
        :raises SendError: no address, no route, refused, no answer, or a certificate that is not trusted
        """
        configuration = self._tls.quic(host, alpn)
        try:
            sock = await self.udp(host, port, uplink, ecu=ecu)
            protocol = speaks(QuicConnection(configuration=configuration))
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: protocol, sock=sock)
            protocol.connect(sock.getpeername())
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await protocol.wait_connected()
            except BaseException:
                protocol.close()
                raise
        except TimeoutError:
            raise SendError(f"no QUIC connection to {host}:{port} within {CONNECT_SECONDS:g} s") from None
        except (OSError, SendError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise SendError(f"no QUIC connection to {host}:{port}: {why}") from None
        self._tls.established(host)
        return protocol

    async def udp(self, host: str, port: int, uplink: str, *, ecu: str | None = None) -> socket.socket:
        """A UDP socket connected to a host. :raises OSError: no address or no route"""
        family, address = (await self._resolve(host, port, socket.SOCK_DGRAM))[0]
        sock = self._socket(family, socket.SOCK_DGRAM, uplink, ecu)
        try:
            await asyncio.get_running_loop().sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
        return sock

    async def datagram(self, host: str, port: int, uplink: str, payload: bytes, *, ecu: str | None = None) -> None:
        """Send one UDP datagram. :raises SendError: no address or no route"""
        try:
            with await self.udp(host, port, uplink, ecu=ecu) as sock:
                await asyncio.get_running_loop().sock_sendall(sock, payload)
        except OSError as error:
            raise SendError(f"no way to {host}:{port}: {reason(error)}") from None

    async def ask(self, host: str, port: int, uplink: str, payload: bytes, *, ecu: str | None = None) -> bytes:
        """Send one UDP datagram and wait for one that answers it, however long it takes.

        :raises SendError: no address, no route, or nobody there
        """
        loop = asyncio.get_running_loop()
        try:
            with await self.udp(host, port, uplink, ecu=ecu) as sock:
                await loop.sock_sendall(sock, payload)
                return await loop.sock_recv(sock, _LONGEST_DATAGRAM)
        except OSError as error:
            raise SendError(f"no answer from {host}:{port}: {reason(error)}") from None

    async def _connect(self, host: str, port: int, uplink: str, ecu: str | None) -> socket.socket:
        if proxy := self._proxies.get(uplink):
            home = (self._homes[ecu], 0) if ecu is not None and ecu in self._homes else None
            sock = await Proxy(python_socks.ProxyType.SOCKS5, *proxy, rdns=True).connect(host, port, local_addr=home)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        failure: OSError = OSError("the name has no address")
        for family, address in await self._resolve(host, port, socket.SOCK_STREAM):
            sock = self._socket(family, socket.SOCK_STREAM, uplink, ecu)
            try:
                await asyncio.get_running_loop().sock_connect(sock, address)
            except OSError as error:
                failure = error
                sock.close()
            except BaseException:
                sock.close()
                raise
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise failure

    async def _resolve(self, host: str, port: int, kind: int) -> list[tuple[int, tuple[str, int]]]:
        service = f"udp/{port}" if kind == socket.SOCK_DGRAM else str(port)
        where = self._addresses.get(f"{host}:{service}")
        if where is None and self._proxies:
            raise OSError(errno.EHOSTUNREACH, "the bench has no such destination, and no name server to be asked")
        where = where or (host, port)
        found = await asyncio.get_running_loop().getaddrinfo(*where, type=kind)
        return [(family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found]

    def _socket(self, family: int, kind: int, uplink: str, ecu: str | None) -> socket.socket:
        if behind := self._behind.get(ecu or ""):
            sock = behind.socket(family, kind, uplink)
            sock.settimeout(0)
            return sock
        sock = socket.socket(family, kind)
        sock.settimeout(0)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)
        if interface := self._interfaces.get(uplink):
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            except OSError as error:
                sock.close()
                raise SendError(f"{uplink} has no interface {interface}: {reason(error)}") from None
        return sock
