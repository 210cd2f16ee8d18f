"""Delivers messages over HTTP/1.1, 2 and 3, WebSocket, MQTT, NTP, GB/T 32960, plain TCP and UDP.

Connections are kept, one a host and uplink.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from rigs.sim import ntp
from rigs.sim.unit import gbt32960
from rigs.sim.unit.dialler import Dialler
from rigs.sim.unit.http1 import Answer, Http1
from rigs.sim.unit.http2 import Http2
from rigs.sim.unit.http3 import Http3
from rigs.sim.unit.message import Channel, Message, SendError, reason
from rigs.sim.unit.publisher import Publisher
from rigs.sim.unit.websocket import WebSocket

ANSWER_SECONDS = 20.0
"""Wall time that a peer has for its answer."""

Key = tuple[Any, ...]


class Transports:
    """All connections of a unit."""

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._http: dict[Key, Http1 | Http2 | Http3] = {}
        self._platforms: dict[Key, _Platform] = {}
        self._sockets: dict[Key, WebSocket] = {}
        self._publishers: dict[Key, Publisher] = {}
        self._ways: dict[Channel, Callable[[Message], Awaitable[None]]] = {
            "http": self._http_request,
            "ws": self._say,
            "mqtt": self._publish,
            "ntp": self._ask_time,
            "gbt32960": self._report,
            "tcp": self._stream,
            "udp": self._datagram,
        }

    async def deliver(self, message: Message) -> None:
        """Send *message* and wait until its peer has taken it.

        :raises SendError: it did not arrive, or was refused
        """
        if not self._dialler.is_up(message.uplink):  # the car knows that it has no coverage, and does not try
            raise SendError(f"the uplink {message.uplink} is down")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._ways[message.channel](message)
        except TimeoutError:
            self.forget(message)
            raise SendError(f"{message.host}:{message.port} did not answer within {ANSWER_SECONDS:g} s") from None

    async def _http_request(self, message: Message) -> None:
        answer = await self.request(message)
        if answer.status >= 400:
            raise SendError(f"{message.host} answered {answer.status}")

    async def _datagram(self, message: Message) -> None:
        await self._dialler.datagram(message.host, message.port, message.uplink, message.body, ecu=message.ecu)

    async def request(self, message: Message) -> Answer:
        """Send an HTTP request and wait for its answer.

        :raises SendError: it did not arrive
        """
        key = _key(message)
        connection = self._http.get(key)
        if connection is None or not connection.usable:
            if connection:
                connection.close()
            connection = self._http[key] = await self._connect(message)
        port = "" if message.port == (443 if message.tls else 80) else f":{message.port}"
        headers = [("host", message.host + port), ("user-agent", "telematics/1.0"), *message.headers]
        if message.body or message.method in ("POST", "PUT"):
            headers.append(("content-length", str(len(message.body))))
        return await connection.request(message.method, message.target, headers, message.body)

    async def _connect(self, message: Message) -> Http1 | Http2 | Http3:
        host, port, uplink = message.host, message.port, message.uplink
        version = message.http
        if version == 3:
            with contextlib.suppress(SendError):  # RFC 9308, section 2: where QUIC does not get through, TCP may
                return await self._dialler.quic(host, port, uplink, alpn="h3", speaks=Http3, ecu=message.ecu)
            version = 2
        alpn = "h2" if version == 2 else "http/1.1"
        streams = await self._dialler.stream(host, port, uplink, tls=message.tls, alpn=alpn, ecu=message.ecu)
        return Http2(*streams) if version == 2 else Http1(*streams)

    def forget(self, message: Message) -> None:
        """Hang up the connection that *message* used, whose state is not known any more."""
        for kept in self._kept:
            if connection := kept.pop(_key(message), None):
                connection.close()

    def close(self) -> None:
        """Hang up everything."""
        for kept in self._kept:
            for connection in kept.values():
                connection.close()
            kept.clear()

    @property
    def _kept(self) -> tuple[dict[Key, Any], ...]:
        return self._http, self._platforms, self._sockets, self._publishers

    async def _say(self, message: Message) -> None:
        key = _key(message)
        socket = self._sockets.get(key)
        if socket is None or not socket.usable:
            if socket:
                socket.close()
            streams = await self._dialler.stream(
                message.host, message.port, message.uplink, tls=message.tls, alpn="http/1.1", ecu=message.ecu
            )
            socket = self._sockets[key] = WebSocket(*streams)
            await socket.open(message.host, message.target, message.headers)
        await socket.send(message.body, text=message.text)

    async def _publish(self, message: Message) -> None:
        key = _key(message)
        publisher = self._publishers.get(key)
        if publisher is None or not publisher.usable:
            if publisher:
                publisher.close()
            streams = await self._dialler.stream(message.host, message.port, message.uplink, tls=True, ecu=message.ecu)
            publisher = self._publishers[key] = Publisher(*streams)
            await publisher.connect(message.client or message.function)
        await publisher.publish(message.target, message.body)

    async def _ask_time(self, message: Message) -> None:
        """The question bears the moment it is asked at, as clients do that keep to RFC 4330, section 5."""
        asked = ntp.request(message.generated)
        answer = await self._dialler.ask(message.host, message.port, message.uplink, asked, ecu=message.ecu)
        try:
            ntp.time_in(answer, asked)
        except ntp.NtpError as error:
            raise SendError(f"{message.host} does not tell the time: {error}") from None

    async def _report(self, message: Message) -> None:
        key = _key(message)
        platform = self._platforms.get(key)
        if platform is None or not platform.usable:
            if platform:
                platform.close()
            platform = _Platform(
                *await self._dialler.stream(message.host, message.port, message.uplink, ecu=message.ecu)
            )
            self._platforms[key] = platform
        try:
            if message.command == gbt32960.CONTROL:
                await platform.answer(message)
            else:
                await platform.exchange(gbt32960.frame(message.command, message.vin, message.body))
        except OSError as error:
            self.forget(message)
            raise SendError(f"the connection to {message.host} broke: {reason(error)}") from None
        if message.command == gbt32960.LOGOUT:  # 7.4: the terminal closes after the logout
            self.forget(message)

    async def _stream(self, message: Message) -> None:
        reader, writer = await self._dialler.stream(message.host, message.port, message.uplink, ecu=message.ecu)
        try:
            writer.write(message.body)
            writer.write_eof()
            await reader.read()
        except OSError as error:
            raise SendError(f"the connection to {message.host} broke: {reason(error)}") from None
        finally:
            writer.close()


class _Platform:
    """A connection to a GB/T 32960 platform."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._received = b""

    @property
    def usable(self) -> bool:
        return not self._reader.at_eof() and not self._writer.is_closing()

    async def answer(self, message: Message) -> None:
        """Send what answers the platform's own command, to which it says no more.

        :raises OSError: the connection broke
        """
        self._writer.write(gbt32960.frame(message.command, message.vin, message.body, response=gbt32960.SUCCESS))
        await self._writer.drain()

    async def exchange(self, request: bytes) -> None:
        """Send a frame and wait for the platform's success.

        :raises SendError: it answered otherwise
        :raises OSError: the connection broke
        """
        self._writer.write(request)
        await self._writer.drain()
        while (found := _cut(self._received)) is None:
            more = await self._reader.read(4096)
            if not more:
                raise ConnectionError("closed before the answer")
            self._received += more
        answer, self._received = found
        if not gbt32960.acknowledges(answer, request):
            raise SendError(f"the platform answered command {answer[2]:#04x} with {answer[3]:#04x}")

    def close(self) -> None:
        self._writer.close()


def _cut(stream: bytes) -> tuple[bytes, bytes] | None:
    try:
        return gbt32960.cut(stream)
    except gbt32960.FrameError as error:
        raise SendError(f"the platform's answer is no frame: {error}") from None


def _key(message: Message) -> Key:
    path = message.target if message.channel == "ws" else ""
    where = message.channel, path, message.host, message.port, message.uplink, message.ecu
    return (*where, message.tls, message.http, message.client)
