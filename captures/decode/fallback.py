"""Bytes of no known protocol: kept as they are and searched, and told apart by whether they can be read at all.

The rule: a payload of 256 bytes or more whose bytes are spread evenly (chi-square against the uniform distribution
below its mean plus six standard deviations, 255 + 6·√510 ≈ 390.5) looks encrypted and is opaque, unless it begins like
a known compressed or media format. Text, base64 (chi-square 3·n) and hex (15·n) are far above, so is binary telemetry.
"""

from __future__ import annotations

from collections import Counter

from captures.decode.model import Ending, Exchange, Message, Reading, Side, Stream
from telltale.transmission import Part

ENCRYPTED = "looks encrypted"
SMALLEST = 256
"""Shorter payloads say too little about their distribution, bytes."""
_SAMPLE = 1 << 16
_THRESHOLD = 255 + 6 * 510**0.5
_READABLE = (
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"BZh",
    b"PK\x03\x04",
    b"\xfd7zXZ",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"RIFF",
    b"OggS",
    b"GIF8",
    b"%PDF",
)
"""gzip, zstd, lz4, bzip2, zip, xz, PNG, JPEG, RIFF (WebP, WAV, AVI), Ogg, GIF, PDF: dense, but no secret."""


def looks_encrypted(payload: bytes | memoryview) -> bool:
    """The rule above, on at most the first 64 KiB."""
    sample = bytes(payload[:_SAMPLE])
    size = len(sample)
    if size < SMALLEST or sample.startswith(_READABLE) or sample[4:8] == b"ftyp":
        return False
    expected = size / 256
    squares = sum(count * count for count in Counter(sample).values())
    return squares / expected - size < _THRESHOLD


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
    """Both directions as raw bytes, one message for each burst of the unit's."""
    reading = Reading()
    for side in Side:
        stream, tally = exchange.streams[side], reading.tallies[side]
        wanted = side is exchange.unit
        for start, end in bursts(exchange, stream):
            message = raw(exchange, stream, start, end)
            opaque = message.parts[0].opaque
            if opaque:
                tally.opaque[opaque] += end - start
            else:
                tally.decoded += end - start
            if wanted:
                reading.messages.append(message)
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
