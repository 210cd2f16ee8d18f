"""A UDP server on every address of a network namespace that answers from the address it was asked at.

A socket bound to the wildcard would answer from the interface's own address, which nobody asked: the kernel tells the
address asked for with each datagram (``IP_PKTINFO``, ip(7); ``IPV6_RECVPKTINFO``, RFC 3542, section 6), and
takes it as the sender's of an answer.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

_IP_PKTINFO = 8
"""linux/in.h; Python has no name for it before 3.12."""
_LONGEST = 65535

Peer = tuple[Any, ...]
"""Whoever sent a datagram, and the address that it was sent to; opaque, hashable, to be handed back with an answer."""
Heard = Callable[[bytes, Peer], None]


class Datagrams:
    """Datagrams of one socket; for servers that are written for an asyncio transport it is one."""

    def __init__(self, sock: socket.socket, heard: Heard) -> None:
        self._sock = sock
        self._heard = heard
        sock.settimeout(0)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        asyncio.get_running_loop().add_reader(sock, self._read)

    def sendto(self, data: bytes, peer: Peer) -> None:
        """Answer *peer*; one that is not there any more goes without, as with UDP it may."""
        address, *told = peer
        try:
            self._sock.sendmsg([data], told, 0, address)
        except OSError:
            return  # no route, or its ICMP error for an earlier answer: UDP promises nothing

    def close(self) -> None:
        """Hear nothing any more."""
        if self._sock.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()

    def _read(self) -> None:
        while True:
            try:
                data, ancillary, _, address = self._sock.recvmsg(_LONGEST, 256)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error for an earlier answer
            self._heard(data, (address, *(_as_source(*one) for one in ancillary)))


def _as_source(level: int, kind: int, data: bytes) -> tuple[int, int, bytes]:
    """What was told with a datagram, as it is to be told with the answer: any interface, that address."""
    if level == socket.IPPROTO_IPV6:
        return level, socket.IPV6_PKTINFO, data[:16] + bytes(4)
    return level, kind, struct.pack("=i", 0) + data[8:12] + bytes(4)
