"""The link on which the cloud hands commands to the car: MQTT over TLS, one subscription, QoS 1.

A command is ``{"command": "take picture"}``. The car acknowledges it once it has begun to obey, so that whoever waits
for the acknowledgement knows that the car is busy from then on.
"""

from __future__ import annotations

import asyncio
import json

from rigs.sim import mqtt
from rigs.sim.clock import SharedClock
from rigs.sim.unit.compose import address
from rigs.sim.unit.dialler import CONNECT_SECONDS, Dialler
from rigs.sim.unit.engine import Engine
from rigs.sim.unit.message import SendError, reason
from telltale.times import SECOND

_RETRY = 60 * SECOND
"""Bench time after which a broken link is tried again."""


class Link:
    """Keeps the link of one unit up."""

    def __init__(
        self, place: str, topic: str, uplink: str, *, client: str, engine: Engine, dialler: Dialler, clock: SharedClock
    ) -> None:
        self._host, self._port = address(place)
        self._topic = topic
        self._uplink = uplink
        self._client = client
        self._engine = engine
        self._dialler = dialler
        self._clock = clock
        self._settled = asyncio.Event()
        self._retry = asyncio.Event()
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._writer: asyncio.StreamWriter | None = None

    async def settle(self) -> None:
        """Return when the link is up, or down until its next try."""
        await self._settled.wait()

    async def keep(self) -> None:
        """Connect, obey, connect again, for ever."""
        while True:
            await self._wanted.wait()
            try:
                await self._listen()
            except SendError as error:
                if not self._wanted.is_set():
                    self._settled.set()
                    continue
                self._engine.failed("command link", "connection", str(error), then="retried")
                self._retry.clear()
                self._engine.agenda.at(self._clock.now() + _RETRY, self._try_again)
                self._engine.publish()
                self._settled.set()
                await self._retry.wait()

    def sleep(self) -> None:
        """Hang up until the unit is awake again."""
        self._wanted.clear()
        self._retry.set()
        if self._writer is not None:
            self._settled.clear()
            self._writer.close()

    def wake(self) -> None:
        """The unit is awake; harmless when it was."""
        if not self._wanted.is_set():
            self._settled.clear()
            self._wanted.set()

    def _try_again(self) -> None:
        if not self._wanted.is_set():
            return
        self._settled.clear()
        self._retry.set()

    async def _listen(self) -> None:
        reader, writer = await self._dialler.stream(self._host, self._port, self._uplink, tls=True)
        self._writer = writer
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                writer.write(mqtt.connect(self._client))
                await self._expect(reader, mqtt.CONNACK)
                writer.write(mqtt.subscribe(1, self._topic))
                await self._expect(reader, mqtt.SUBACK)
            self._engine.pause()  # commands that waited in the cloud belong to this moment
            self._settled.set()
            while packet := await mqtt.receive(reader):
                if packet.kind == mqtt.PUBLISH:
                    number, _, payload = mqtt.published(packet)
                    self._engine.commanded(json.loads(payload)["command"])
                    writer.write(mqtt.puback(number))
                    await writer.drain()
            raise SendError(f"{self._host} hung up")
        except TimeoutError:
            raise SendError(f"{self._host} did not accept the link within {CONNECT_SECONDS:g} s") from None
        except mqtt.MqttError as error:
            raise SendError(f"{self._host} does not speak MQTT: {error}") from None
        except OSError as error:
            raise SendError(f"the connection to {self._host} broke: {reason(error)}") from None
        finally:
            self._writer = None
            writer.close()

    async def _expect(self, reader: asyncio.StreamReader, kind: int) -> None:
        packet = await mqtt.receive(reader)
        if packet is None or packet.kind != kind:
            raise SendError(f"{self._host} did not accept the link")
