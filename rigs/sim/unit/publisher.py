"""MQTT as a unit publishes with it: one connection to a broker, kept open, QoS 1."""

from __future__ import annotations

import asyncio

from rigs.sim import mqtt
from rigs.sim.unit.message import SendError, reason


class Publisher:
    """One connection; `connect` makes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._published = 0

    @property
    def usable(self) -> bool:
        """Whether it can carry another message."""
        return not self._reader.at_eof() and not self._writer.is_closing()

    async def connect(self, client: str) -> None:
        """Introduce the unit as *client*. :raises SendError: the broker refuses"""
        await self._exchange(mqtt.connect(client), mqtt.CONNACK)

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish, and wait until the broker has acknowledged it. :raises SendError: the connection broke"""
        self._published += 1
        number = self._published % 0xFFFF + 1
        answer = await self._exchange(mqtt.publish(number, topic, payload), mqtt.PUBACK)
        if answer.number != number:
            raise SendError(f"the broker acknowledged message {answer.number} instead of {number}")

    async def _exchange(self, packet: bytes, wanted: int) -> mqtt.Packet:
        try:
            self._writer.write(packet)
            await self._writer.drain()
            answer = await mqtt.receive(self._reader)
        except mqtt.MqttError as error:
            self.close()
            raise SendError(f"the answer is not MQTT: {error}") from None
        except OSError as error:
            self.close()
            raise SendError(f"the connection broke: {reason(error)}") from None
        if answer is None or answer.kind != wanted:
            self.close()
            raise SendError("the broker hung up" if answer is None else f"the broker answered packet {answer.kind}")
        return answer

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
