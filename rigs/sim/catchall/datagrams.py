"""Answers datagrams: QUIC with HTTP/3, CoAP and NTP; everything else is thrown away."""

from __future__ import annotations

import collections
import socket
import time

from aioquic._buffer import Buffer
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import pull_quic_header

from rigs.sim import ntp, quic
from rigs.sim.catchall import coap
from rigs.sim.catchall.engine import ANSWER
from rigs.sim.certificates import CloudAuthority
from rigs.sim.cloud.http import Request, Response
from rigs.sim.cloud.http3 import Http3
from rigs.sim.datagrams import Datagrams, Peer

_LONG_HEADER = 0x80


class DatagramServer:
    """On one socket."""

    def __init__(self, sock: socket.socket, authority: CloudAuthority, served: collections.Counter[str]) -> None:
        self._served = served
        self._quic = quic.Server(authority, self._speak)
        self._speaking_quic: set[Peer] = set()
        self._datagrams = Datagrams(sock, self._heard)
        self._quic.answer_through(self._datagrams)

    def _heard(self, data: bytes, peer: Peer) -> None:
        if peer in self._speaking_quic or _begins_quic(data):
            self._speaking_quic.add(peer)
            self._quic.heard(data, peer)
            return
        kind, answer = "datagrams", b""
        if coap.is_message(data):
            kind, answer = "coap", coap.reply(data)
        elif ntp.is_request(data):
            kind, answer = "ntp", ntp.reply(data, time.time_ns())
        self._served[kind] += 1
        if answer:
            self._datagrams.sendto(answer, peer)

    def _speak(self, connection: QuicConnection) -> Http3:
        return Http3(connection, self._answer)

    async def _answer(self, _: Request) -> Response:
        self._served["http/3"] += 1
        return Response(status=200, body=ANSWER)


def _begins_quic(data: bytes) -> bool:
    """A long header (RFC 8999, section 5.1) that aioquic can read."""
    if len(data) < 7 or not data[0] & _LONG_HEADER:
        return False
    try:
        return pull_quic_header(Buffer(data=data)).version is not None
    except ValueError:
        return False
