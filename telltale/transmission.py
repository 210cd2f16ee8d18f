"""What left the unit, decoded as far as the bench could."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

PHONE = "phone"
"""The control unit that the owner's phone counts as, in rig files and scenarios; and its uplink on simulated rigs."""
KEPT = "storage"
"""Channel of what is kept in the car and has not left it."""
BUSES = frozenset({"can", "isotp", "uds"})
"""Channels of a vehicle's bus: what a log of it holds has not left the car either."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An IP address and port, e.g. 203.0.113.10:443."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of a transmission with the protocol's own framing (chunks, HTTP/2 frames, Content-Encoding) taken off."""

    name: str
    """url, header, body, topic, payload, sni …"""
    data: bytes = field(repr=False)
    """``header`` is the block of ``name: value`` lines, ended by CRLF each, whatever the HTTP version."""
    encoding: tuple[str, ...] = ()
    """Content-Encoding that was taken off, outermost first; told for information, not part of any chain."""
    opaque: str | None = None
    """Why the part cannot be read (``"no TLS keys"``, ``"body cut off"``); None when it is in clear."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A value that a protocol decoder names itself, e.g. the position in a GB/T 32960 report."""

    name: str
    """The taxonomy's item name where there is one (``vin``, ``position``, ``speed``), else the protocol's own."""
    value: str | int | float | tuple[float, float]
    """Positions are (latitude, longitude) in degrees, speeds km/h, odometers km, levels %."""
    part: str
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """Payload of one conversation in bytes, whether it could be read or not; TCP that was sent again counts once."""

    sent: int
    """By the unit."""
    received: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Transmission:
    """One request, message, frame or datagram."""

    index: int
    """Counts from 0 within the capture."""
    channel: str
    """http, https, ws, mqtt, gbt32960, dns, tls, udp, tcp …"""
    uplink: str | None
    ecu: str | None = None
    """The control unit that sent it; None where several share the uplink and it cannot be told."""
    sent: int
    """Wall time of the first byte, ns."""
    ended: int
    """Wall time of the last byte, ns."""
    bench: int | None = None
    """Bench time of the first byte, ns; None where no clock map is known."""
    generated: int | None = None
    """When the content says it was made (store and forward), bench ns; None if it does not say."""
    source: Address
    destination: Address
    host: str | None = None
    """The name that the unit asked for: Host or :authority, else SNI, else the DNS answer that gave the address."""
    summary: str
    """One line for people: ``POST /v1/records``, ``real-time report``, ``A? ux.example``; no identity in clear."""
    kind: str = ""
    """Message type within the channel, for endpoint rows: an HTTP method, a GB/T 32960 command (``realtime``)."""
    path: str = ""
    """URL path without query, MQTT topic; empty elsewhere."""
    status: int | None = None
    """The peer's answer where the protocol has one (HTTP status)."""
    parts: tuple[Part, ...] = ()
    fields: tuple[Field, ...] = ()
    complete: bool = True
    """False when it was cut off before its own end."""
    malformed: str | None = None
    """Why the decoder does not believe the message (``"bad checksum"``); None for a sound one."""
    frames: tuple[int, int] | None = None
    """First and last packet number in the capture, counted from 0."""
    conversation: int | None = None
    """Transmissions of one TCP connection or UDP flow share this number."""

    @property
    def recipient(self) -> str:
        """Host name, or address where no name is known."""
        return self.host or self.destination.ip

    @property
    def opaque(self) -> tuple[Part, ...]:
        """Parts that could not be read."""
        return tuple(part for part in self.parts if part.opaque)

    def part(self, name: str) -> Part | None:
        """The first part of that name."""
        return next((part for part in self.parts if part.name == name), None)

    @property
    def left(self) -> bool:
        """Whether it left the car; a file in the car's own storage did not, nor what is said on its bus."""
        return self.channel != KEPT and self.channel not in BUSES

    def marked(self, opaque: Mapping[str, str]) -> Transmission:
        """The same transmission, its parts of those names marked as decoding to what cannot be read, and why."""
        if not opaque:
            return self
        parts = tuple(
            replace(part, opaque=opaque[part.name]) if part.opaque is None and part.name in opaque else part
            for part in self.parts
        )
        return replace(self, parts=parts)

    def numbered(self, index: int) -> Transmission:
        """The same transmission at another place in its capture."""
        return replace(self, index=index)
