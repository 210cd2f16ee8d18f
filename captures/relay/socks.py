"""SOCKS5 (RFC 1928) in passing: unit and gateway negotiate, and the relay reads along."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import NamedTuple

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_VERSION, _REFUSED_ALL, _SUCCEEDED = 5, 0xFF, 0
_IPV4, _NAME, _IPV6 = 1, 3, 4


class HandshakeError(Exception):
    """One of the two does not speak SOCKS5, or they come to no agreement."""


class Agreed(NamedTuple):
    """What came of a handshake."""

    host: str
    """What the unit asked for: a name, or an IP address as text."""
    port: int
    connected: bool
    reply: bytes
    """The gateway's, still to be handed to the unit."""


async def follow(unit: Streams, gateway: Streams) -> Agreed:
    """Hand a handshake through up to the gateway's reply.

    :raises HandshakeError: it fails
    :raises OSError, asyncio.IncompleteReadError: somebody hung up
    """
    offer = await _versioned(unit[0])
    offer += await unit[0].readexactly(offer[1])
    gateway[1].write(offer)
    choice = await _versioned(gateway[0])
    unit[1].write(choice)
    if choice[1] == _REFUSED_ALL:
        raise HandshakeError("no method of authentication suits both")
    request, host, port = await _addressed(unit[0])
    gateway[1].write(request)
    reply, _, _ = await _addressed(gateway[0])
    return Agreed(host, port, reply[1] == _SUCCEEDED, reply)


async def _versioned(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(2)
    if head[0] != _VERSION:
        raise HandshakeError(f"version {head[0]}, not {_VERSION}")
    return head


async def _addressed(reader: asyncio.StreamReader) -> tuple[bytes, str, int]:
    """A request or a reply, which are laid out alike (sections 4 and 6), with its address and port."""
    head = await _versioned(reader)
    head += await reader.readexactly(2)
    match head[3]:
        case 1:
            address = await reader.readexactly(4)
            host = str(ipaddress.IPv4Address(address))
        case 4:
            address = await reader.readexactly(16)
            host = str(ipaddress.IPv6Address(address))
        case 3:
            size = await reader.readexactly(1)
            name = await reader.readexactly(size[0])
            address, host = size + name, name.decode("ascii", "replace")
        case kind:
            raise HandshakeError(f"address type {kind}")
    port = await reader.readexactly(2)
    return head + address + port, host, int.from_bytes(port)
