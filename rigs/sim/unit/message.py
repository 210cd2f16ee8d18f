"""One message of a unit, composed and ready to be sent now or later."""

from __future__ import annotations

import base64
import os
import socket
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

Channel = Literal["http", "ws", "mqtt", "ntp", "gbt32960", "tcp", "udp", "usb", "storage", "bluetooth", "screen"]
PLACES = ("usb", "storage")
"""Channels that are no network: a file is written, on the USB stick or in the car."""
WIPE = "wipe"
"""Method of a message that deletes a folder instead."""


class SendError(Exception):
    """A message did not arrive, e.g. ``connection refused``; the unit retries or queues it as its file says."""


def reason(error: OSError) -> str:
    """Why a socket failed, in the system's words (asyncio wraps them in its own)."""
    if error.errno is not None and error.errno > 0 and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno).lower()
    return str(error.strerror or error)


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is sent, where to, over which uplink."""

    function: str
    send: str
    channel: Channel
    uplink: str
    ecu: str | None = None
    """The control unit that it leaves from; None: the unit itself."""
    host: str
    port: int
    body: bytes = b""
    """HTTP body, MQTT or WebSocket payload, GB/T 32960 data unit, or the bytes of a TCP stream or UDP datagram."""
    method: str = ""
    """Of HTTP; ``rfcomm`` or ``att`` of Bluetooth, whose port is the channel or the attribute; ``wipe`` of a folder."""
    target: str = ""
    """Path and query of the URL; MQTT topic; path of a file or folder."""
    headers: tuple[tuple[str, str], ...] = ()
    tls: bool = True
    http: int = 1
    command: int = 0
    """GB/T 32960 command identifier."""
    client: str = ""
    """Whom an MQTT connection introduces."""
    text: bool = True
    """Whether a WebSocket message is text."""
    vin: str = ""
    """The VIN in a GB/T 32960 header."""
    generated: int
    """When it was composed, bench ns."""
    over: int = 0
    """How long a file takes to be written, piece by piece, ns; 0: at once."""
    keep: int = 0
    """How long a file is kept, ns; 0: for good."""
    keep_last: int = 0
    """How many files of this send are kept; 0: all."""

    def stored(self) -> dict[str, Any]:
        """As JSON data, for flash."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**data, "body": base64.b64encode(self.body).decode()}

    @classmethod
    def restored(cls, data: dict[str, Any]) -> Self:
        """The message that was `stored`."""
        headers = tuple((name, value) for name, value in data["headers"])
        return cls(**{**data, "headers": headers, "body": base64.b64decode(data["body"])})
