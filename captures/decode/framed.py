"""Protocols that are one header with a length after the other, over TCP and UDP alike: the walk, without the headers.

A protocol gives the frame that begins at a place; the rest is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from captures.decode import fallback
from captures.decode.flows import Datagram
from captures.decode.model import Exchange, Message, Place, Reading, Scene, Side
from telltale.transmission import Field, Part


class Frame(NamedTuple):
    """What a header says of its frame."""

    size: int
    """With the header; the frame may be cut off before."""
    summary: str
    kind: str
    parts: tuple[Part, ...]
    fields: tuple[Field, ...] = ()
    malformed: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Framed:
    """One such protocol."""

    channel: str
    frame: Callable[[bytes, int], Frame | None]
    """The frame that begins at a place of some bytes; None where none begins."""

    def looks_like(self, head: bytes) -> bool:
        """Whether bytes begin with a sound frame."""
        found = self.frame(head, 0)
        return found is not None and found.malformed is None

    def looks_like_stream(self, client: bytes, _server: bytes) -> bool:
        """The same of what a client sent first."""
        return self.looks_like(client)

    def parse(self, exchange: Exchange) -> Reading:
        """Every frame of the unit's side as a message."""
        reading = Reading()
        for side in Side:
            stream, place = exchange.streams[side], 0
            while place < len(stream):
                frame = self.frame(stream.data, place)
                if frame is None:
                    fallback.rest(exchange, reading, side, place, f"no frame of {self.channel}")
                    break
                end = min(place + frame.size, len(stream))
                reading.tallies[side].decoded += end - place
                if side is exchange.unit:
                    whole = place + frame.size <= len(stream)
                    reading.messages.append(
                        self._message(frame, stream.at(place), stream.at(end - 1), host=exchange.host, whole=whole)
                    )
                place = end
        return reading

    def parse_datagrams(self, datagrams: list[Datagram], unit: Side, _scene: Scene) -> Reading:
        """Every frame of every datagram; several may share one."""
        reading = Reading()
        for one in datagrams:
            data = bytes(one.data)
            reading.tallies[one.side].decoded += len(data)
            if one.side is not unit:
                continue
            here, place = Place(one.wall, one.packet), 0
            while place < len(data):
                frame = self.frame(data, place)
                if frame is None:
                    rest = Part(name="payload", data=data[place:])
                    frame = Frame(len(rest.data), f"{len(rest.data)} bytes", "", (rest,), malformed="no frame")
                whole = place + frame.size <= len(data) and not one.missing
                reading.messages.append(self._message(frame, here, here, host=None, whole=whole))
                place += frame.size
        return reading

    def _message(self, frame: Frame, first: Place, last: Place, *, host: str | None, whole: bool) -> Message:
        return Message(
            channel=self.channel,
            first=first,
            last=last,
            summary=frame.summary,
            kind=frame.kind,
            host=host,
            parts=frame.parts,
            fields=frame.fields,
            complete=whole,
            malformed=frame.malformed,
        )
