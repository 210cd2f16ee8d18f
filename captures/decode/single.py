"""UDP protocols whose datagrams each stand for themselves: DHCP, RADIUS, SIP."""

from __future__ import annotations

from collections.abc import Callable

from captures.decode.flows import Datagram
from captures.decode.model import Message, Place, Reading, Scene, Side
from telltale.transmission import Part

Read = Callable[[bytes, Place], Message | None]
"""The message of a datagram; None if it is none."""


def parser(name: str, read: Read) -> Callable[[list[Datagram], Side, Scene], Reading]:
    """A parser that reads each datagram of the unit by itself; one that is none of the protocol is kept, as malformed.

    :param name: the channel
    """

    def parse(datagrams: list[Datagram], unit: Side, _scene: Scene) -> Reading:
        reading = Reading()
        for one in datagrams:
            data, place = bytes(one.data), Place(one.wall, one.packet)
            reading.tallies[one.side].decoded += len(data)
            if one.side is unit:
                message = read(data, place) or _other(name, data, place)
                message.complete = not one.missing
                reading.messages.append(message)
        return reading

    return parse


def recogniser(read: Read) -> Callable[[bytes], bool]:
    """Whether a datagram is one of the protocol's."""
    return lambda data: read(data, Place(0, 0)) is not None


def _other(name: str, data: bytes, place: Place) -> Message:
    return Message(
        channel=name,
        first=place,
        last=place,
        summary=f"{len(data)} bytes among {name.upper()} messages",
        parts=(Part(name="payload", data=data),),
        malformed=f"not a {name.upper()} message",
    )
