"""Bytes of no known protocol: kept as they are and searched, and told apart by whether they can be read at all."""

from __future__ import annotations

from captures.ciphertext import ENCRYPTED, looks_encrypted
from captures.decode.model import OVERLAP, WINDOW, Ending, Exchange, Message, Reading, Side, Stream
from telltale.transmission import Part


def bursts(exchange: Exchange, stream: Stream) -> list[tuple[int, int]]:
    """Ranges of *stream* between pauses of the sender: the nearest thing to messages that raw bytes have."""
    found: list[tuple[int, int]] = []
    start = 0
    before: int | None = None
    for offset, wall in stream.pieces():
        if before is not None and offset > start and exchange.scene.is_pause(before, wall):
            found.append((start, offset))
            start = offset
        before = wall
    if len(stream) > start:
        found.append((start, len(stream)))
    return found


def parse(exchange: Exchange) -> Reading:
    """Both directions as raw bytes, one message for each burst of the unit's (or each `WINDOW` of a longer one)."""
    reading = Reading()
    done = [0, 0]
    for side in Side:
        stream, tally = exchange.streams[side], reading.tallies[side]
        wanted = side is exchange.unit
        found = bursts(exchange, stream)
        if found and wanted and not exchange.over(side) and found[-1][1] - found[-1][0] < WINDOW:
            found.pop()  # it may go on
        for start, end in found:
            done[side] = end
            if wanted and end == len(stream) and not exchange.over(side):
                done[side] -= OVERLAP
            message = raw(exchange, stream, start, end)
            opaque = message.parts[0].opaque
            if opaque:
                tally.opaque[opaque] += done[side] - start
            else:
                tally.decoded += done[side] - start
            if wanted:
                reading.messages.append(message)
    if not exchange.final:
        reading.consumed = (done[0], done[1])
    return reading


def raw(exchange: Exchange, stream: Stream, start: int, end: int, malformed: str | None = None) -> Message:
    """A message of the bytes from *start* to *end*, opaque by the rule."""
    payload = stream.data[start:end]
    cut = end == len(stream) and stream.ending in (Ending.GAP, Ending.OPEN, Ending.RESET)
    return Message(
        channel="tls" if exchange.secure else "tcp",
        first=stream.at(start),
        last=stream.at(end - 1),
        summary=f"{len(payload)} bytes of an unknown protocol" + (" in TLS" if exchange.secure else ""),
        host=exchange.host,
        parts=(Part(name="payload", data=payload, opaque=ENCRYPTED if looks_encrypted(payload) else None),),
        complete=not cut or stream.ending is Ending.OPEN,
        malformed=malformed,
    )


def rest(exchange: Exchange, reading: Reading, side: Side, start: int, malformed: str) -> None:
    """Enter what a parser could not make sense of, from *start* to the end: raw, searchable, and told as malformed."""
    stream = exchange.streams[side]
    if start >= len(stream):
        return
    message = raw(exchange, stream, start, len(stream), malformed)
    opaque = message.parts[0].opaque
    if opaque:
        reading.tallies[side].opaque[opaque] += len(stream) - start
    else:
        reading.tallies[side].decoded += len(stream) - start
    reading.notes.append(f"{len(stream) - start} bytes from the {side.name.lower()}: {malformed}")
    if side is exchange.unit:
        reading.messages.append(message)
