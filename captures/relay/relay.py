"""The relay itself: connections of the unit, through to the gateway, on tape."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from captures.gateway.names import NameTable
from captures.relay.segments import MOST, Conversation, Endpoint, IPAddress, unit_at
from captures.relay.socks import HandshakeError, Streams, follow
from captures.relay.tape import NotRecordedError, Tape
from telltale.errors import RigError

REST = 0.02
"""Seconds in which nothing has moved, after which nothing is under way between two sockets of this host."""
_GLANCE = 0.005
_BROKEN = (OSError, EOFError, HandshakeError, NotRecordedError, RigError)
"""What ends one connection and concerns no other; what could not be recorded is told with the tape's counts."""
T = TypeVar("T")


class Relay:
    """Listens for the unit, on one port an uplink.

    :param interfaces: interface name to uplink name
    :param gateway: where the gateway's SOCKS mode listens
    """

    def __init__(self, interfaces: Mapping[str, str], gateway: tuple[str, int]) -> None:
        self._interfaces = dict(interfaces)
        self._gateway = gateway
        self._names = NameTable({}, unknown="allocate")
        self._servers: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._moved = 0.0
        self.tape: Tape | None = None
        """None between windows: whoever connects then is turned away, as nothing would be recorded."""

    async def listen(self) -> dict[str, tuple[str, int]]:
        """Open the ports; uplink to address."""
        found = {}
        for interface, uplink in self._interfaces.items():

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str = interface) -> None:
                await self._serve(name, (reader, writer))

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            self._servers.append(server)
            found[uplink] = server.sockets[0].getsockname()[:2]
        return found

    async def rest(self, limit: float) -> bool:
        """Wait until nothing is under way, *limit* seconds at most; whether that came true."""
        until = time.monotonic() + limit
        while self._unsent() or time.monotonic() - self._moved < REST:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_GLANCE)
        return True

    async def hang_up(self) -> None:
        """End every connection, and wait until nobody writes to the tape any more."""
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _unsent(self) -> int:
        """Bytes that were taken and not yet handed on."""
        return sum(
            writer.transport.get_write_buffer_size() for writers in self._connections.values() for writer in writers
        )

    async def _serve(self, interface: str, unit: Streams) -> None:
        """One connection of the unit, from its beginning to its end."""
        task = asyncio.current_task()
        assert task is not None
        writers = self._connections[task] = [unit[1]]
        try:
            if self.tape is not None:
                gateway = await asyncio.open_connection(*self._gateway)
                writers.append(gateway[1])
                for writer in writers:
                    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await self._connect(interface, self.tape, unit, gateway)
                for writer in writers:
                    writer.close()
                    await writer.wait_closed()
        except (*_BROKEN, asyncio.CancelledError):
            pass  # the unit sees its connection end, as on any other way
        finally:
            del self._connections[task]
            for writer in writers:
                writer.transport.abort()

    async def _connect(self, interface: str, tape: Tape, unit: Streams, gateway: Streams) -> None:
        agreed = await follow(unit, gateway)
        peer = self._address(agreed.host, tape)
        ip, port = unit[1].get_extra_info("peername")
        there = Endpoint(unit_at(ip, peer.version), port)
        conversation = Conversation(there, Endpoint(peer, agreed.port))
        tape.record(interface, conversation.opened() if agreed.connected else conversation.refused())
        self._moved = time.monotonic()
        unit[1].write(agreed.reply)
        await unit[1].drain()
        if agreed.connected:
            tape.connected(interface)
            through = _Through(self, interface, tape, conversation)
            await through.pump({True: unit, False: gateway})

    def _address(self, host: str, tape: Tape) -> IPAddress:
        """The address that stands for *host* in the file."""
        try:
            return ipaddress.ip_address(host)
        except ValueError:
            found = self._names.look_up(host)
        if not found:
            raise HandshakeError(f"{host} is the name of an address, not of a host")
        tape.name(found[0], host)
        return found[0]

    def moved(self) -> None:
        """Bytes are on their way."""
        self._moved = time.monotonic()


class _Through:
    """A connection that stands: what one side sends is recorded, and then handed to the other."""

    def __init__(self, relay: Relay, interface: str, tape: Tape, conversation: Conversation) -> None:
        self._relay = relay
        self._interface = interface
        self._tape = tape
        self._conversation = conversation

    async def pump(self, sides: Mapping[bool, Streams]) -> None:
        """Both ways, until both sides have ended or one broke off.

        :param sides: by whether it is the unit
        :raises OSError: one broke off
        :raises NotRecordedError: the tape takes no more
        """
        ways = [
            asyncio.ensure_future(self._pump(sides[from_unit][0], sides[not from_unit][1], from_unit=from_unit))
            for from_unit in (True, False)
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
            for way in done:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_unit: bool) -> None:
        while data := await self._watched(reader.read(MOST), from_unit=from_unit):
            self._relay.moved()
            self._tape.took(self._interface, len(data), from_unit=from_unit)
            self._tape.record(self._interface, [self._conversation.carried(data, from_unit=from_unit)])
            writer.write(data)
            await self._watched(writer.drain(), from_unit=not from_unit)
        self._tape.record(self._interface, [self._conversation.ended(from_unit=from_unit)])
        self._relay.moved()
        if writer.can_write_eof():
            writer.write_eof()

    async def _watched(self, doing: Coroutine[Any, Any, T], *, from_unit: bool) -> T:
        """The outcome of *doing* with one side's socket; a side that broke off is recorded as such."""
        try:
            return await doing
        except OSError:
            self._tape.record(self._interface, [self._conversation.reset(from_unit=from_unit)])
            raise
