"""NTP (RFC 5905) and its simple form (RFC 4330): who is asked for the time, and whatever a packet carries beside it."""

from __future__ import annotations

from captures.decode.flows import Datagram
from captures.decode.model import Message, Place, Reading, Scene, Side
from telltale.transmission import Part

_HEADER = 48
_MODES = {1: "symmetric", 2: "symmetric", 3: "request", 4: "response", 5: "broadcast"}
"""RFC 5905, figure 10; modes 6 and 7 are for control and carry other formats."""
_MAXIMUM_STRATUM = 16
_TRANSMIT, _ORIGIN = slice(40, 48), slice(24, 32)


def looks_like(data: bytes) -> bool:
    """A request or an answer: the header's size and what follows it, version, mode and stratum must fit."""
    return (
        len(data) >= _HEADER
        and len(data) % 4 == 0  # extension fields and the digest of a key (section 7.3)
        and data[0] >> 3 & 7 in (3, 4)
        and data[0] & 7 in (3, 4)
        and data[1] <= _MAXIMUM_STRATUM
        and data[2] <= 17  # the poll interval is between 2**4 and 2**17 s, or not given
        and any(data[_TRANSMIT])
    )


def parse(datagrams: list[Datagram], unit: Side, _scene: Scene) -> Reading:
    """A message a packet; one that is answered has the server's stratum for its status."""
    reading = Reading()
    waiting: dict[bytes, Message] = {}
    for one in datagrams:
        data = bytes(one.data)
        reading.tallies[one.side].decoded += len(data)
        if one.side is not unit:
            if len(data) >= _HEADER and data[_ORIGIN] in waiting:
                waiting.pop(data[_ORIGIN]).status = data[1]
            continue
        place = Place(one.wall, one.packet)
        sound = looks_like(data)
        kind = _MODES.get(data[0] & 7, "control") if sound else ""
        message = Message(
            channel="ntp",
            first=place,
            last=place,
            summary=f"NTP {kind}" if sound else f"{len(data)} bytes among NTP packets",
            kind=kind,
            parts=(Part(name="payload", data=data),),
            complete=not one.missing,
            malformed=None if sound else "not an NTP packet",
        )
        reading.messages.append(message)
        if kind == "request":
            waiting[data[_TRANSMIT]] = message
    return reading
