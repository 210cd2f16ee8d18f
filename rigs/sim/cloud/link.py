"""The cloud's end of the link on which the car waits for commands, see `rigs.sim.unit.link`."""

from __future__ import annotations

import asyncio
import json
import socket

from rigs.sim import mqtt

_SETTLE_SECONDS = 10.0
"""Wall time that a connected car has to acknowledge its commands."""


class Link:
    """An MQTT server with one topic; keeps each command until the car has acknowledged it."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._made = 0
        self._waiting: dict[int, str] = {}
        """Commands by packet identifier, in order."""
        self._car: asyncio.StreamWriter | None = None
        self._changed = asyncio.Condition()

    async def push(self, command: str) -> None:
        """Hand *command* to the car, now or when it connects."""
        self._made += 1
        number = self._made % 0xFFFF + 1  # section 2.3.1: never 0
        self._waiting[number] = command
        if self._car:
            await self._send(self._car, number)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until its client hangs up."""
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while packet := await mqtt.receive(reader):
                await self._handle(packet, writer)
        except (OSError, mqtt.MqttError):
            pass  # the client broke off or spoke nonsense: its own loss, which its side reports
        finally:
            writer.close()
            async with self._changed:
                if self._car is writer:
                    self._car = None
                self._changed.notify_all()

    async def settle(self) -> list[str]:
        """Wait until the car has acknowledged every command; those it is not there for stay for later."""
        try:
            async with self._changed, asyncio.timeout(_SETTLE_SECONDS):
                await self._changed.wait_for(lambda: not self._waiting or self._car is None)
        except TimeoutError:
            waiting = ", ".join(self._waiting.values())
            raise TimeoutError(f"the car did not acknowledge `{waiting}` within {_SETTLE_SECONDS:g} s") from None
        return list(self._waiting.values())

    async def _handle(self, packet: mqtt.Packet, writer: asyncio.StreamWriter) -> None:
        match packet.kind:
            case mqtt.CONNECT:
                writer.write(mqtt.connack())
            case mqtt.SUBSCRIBE:
                writer.write(mqtt.suback(packet.number))
                self._car = writer
                for number in self._waiting:
                    await self._send(writer, number)
            case mqtt.PUBLISH:
                writer.write(mqtt.puback(mqtt.published(packet)[0]))
            case mqtt.PUBACK:
                async with self._changed:
                    self._waiting.pop(packet.number, None)
                    self._changed.notify_all()
            case mqtt.PINGREQ:
                writer.write(mqtt.pingresp())
            case mqtt.DISCONNECT:
                writer.close()
            case _:
                raise mqtt.MqttError(f"packet type {packet.kind}")
        await writer.drain()

    async def _send(self, car: asyncio.StreamWriter, number: int) -> None:
        payload = json.dumps({"command": self._waiting[number]}).encode()
        car.write(mqtt.publish(number, self._topic, payload))
        await car.drain()
