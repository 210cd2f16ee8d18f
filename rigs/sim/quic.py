"""A QUIC server for simulated clouds: any name on any address, and HTTP/3 behind it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from aioquic._buffer import Buffer
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3_ALPN
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.tls import pull_client_hello

from rigs.sim.certificates import CloudAuthority
from rigs.sim.datagrams import Datagrams, Peer

Speaks = Callable[[QuicConnection], QuicConnectionProtocol]
"""Makes what answers on a connection."""

_IDLE = 24 * 3600.0
"""Seconds of wall time: the bench's time may stand still, and a car parked in it must not lose its connections."""


class Server:
    """Serves QUIC on datagrams that somebody else receives, or on a socket of its own (`on`)."""

    def __init__(self, authority: CloudAuthority, speaks: Speaks) -> None:
        self._authority = authority
        configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN, idle_timeout=_IDLE)
        configuration.certificate, configuration.private_key = authority.leaf_for("unnamed.test")
        self._server = QuicServer(configuration=configuration, create_protocol=partial(self._connection, speaks=speaks))

    @classmethod
    def on(cls, sock: socket.socket, authority: CloudAuthority, speaks: Speaks) -> Server:
        """Serve whoever sends to *sock*, from now on."""
        server = cls(authority, speaks)
        server.answer_through(Datagrams(sock, server.heard))
        return server

    def answer_through(self, datagrams: Datagrams) -> None:
        """Where answers go, and what is closed with this server."""
        self._server.connection_made(datagrams)  # type: ignore[arg-type]  # of a transport it needs `sendto` and `close`

    def heard(self, data: bytes, peer: Peer) -> None:
        """A datagram has arrived; what is not QUIC is ignored."""
        self._server.datagram_received(data, peer)

    def close(self) -> None:
        """Hang up on everybody."""
        self._server.close()  # type: ignore[no-untyped-call]  # aioquic's

    def _connection(self, quic: QuicConnection, *, speaks: Speaks, stream_handler: Any) -> QuicConnectionProtocol:
        del stream_handler  # for servers without a protocol of their own
        initialize = quic._initialize  # noqa: SLF001 - aioquic has no hook for the name that a client asks for

        def with_certificate(peer_cid: bytes) -> None:
            initialize(peer_cid)
            self._follow_name(quic.tls)

        quic._initialize = with_certificate  # type: ignore[method-assign]  # noqa: SLF001 - as above
        return speaks(quic)

    def _follow_name(self, tls: Any) -> None:
        """Show the certificate of the name that the ClientHello asks for (RFC 6066, section 3)."""
        greet = tls._server_handle_hello  # noqa: SLF001 - the only place where the name is known in time

        def named(hello: Buffer, *out: Buffer) -> None:
            start = hello.tell()
            name = pull_client_hello(hello).server_name
            hello.seek(start)
            if name:
                tls.certificate, tls.certificate_private_key = self._authority.leaf_for(name)
            greet(hello, *out)

        tls._server_handle_hello = named  # noqa: SLF001 - as above
