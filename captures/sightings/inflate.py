"""Compressed streams inside other bytes: gzip, zlib, and raw deflate where it can be told from chance.

Output is bounded, and a stream that is cut off or damaged gives what came before.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from captures.sightings.information import is_text
from captures.sightings.layers import Layer, Span
from captures.sightings.reasons import Reason

_LEAST = 6  # bytes of output; less is chance
_PROBE = 64
_CHUNK = 1 << 16

Decoded = tuple[bytes, int] | None


def stream_texts(layer: Layer, reasons: Iterable[Reason]) -> Iterator[Span]:
    """From where a stream begins, by its magic, to the end of its piece."""
    for reason in reasons:
        yield reason.start, layer.piece_at(reason.start).end


def deflate_texts(layer: Layer) -> Iterator[Span]:
    """Whole pieces that begin like a compressed block.

    Raw deflate has no magic, so it is believed only when a piece from its first byte to its last is one complete stream
    of text (see `decode_deflate`).
    """
    for start, end in layer.dense:
        if layer.data[start] & 0b110 in (0b010, 0b100):  # RFC 1951, section 3.2.3: block type 1 or 2
            yield start, end


def decode_gzip(text: memoryview, limit: int) -> Decoded:
    """One gzip member: what it holds, and how many bytes of *text* it takes; None when there is none."""
    return _salvage(text, 16 + zlib.MAX_WBITS, limit)


def decode_zlib(text: memoryview, limit: int) -> Decoded:
    """One zlib stream, likewise."""
    return _salvage(text, zlib.MAX_WBITS, limit)


def decode_deflate(text: memoryview, limit: int) -> Decoded:
    """One raw deflate stream that fills *text* and holds text."""
    try:  # nearly every piece is something else, and fails at once
        zlib.decompressobj(-zlib.MAX_WBITS).decompress(text[:_PROBE])
    except zlib.error:
        return None
    inflated = _Inflated(text, -zlib.MAX_WBITS, limit)
    whole = inflated.whole and inflated.used == len(text)
    return (inflated.data, inflated.used) if whole and is_text(inflated.data) else None


def _salvage(text: memoryview, wbits: int, limit: int) -> Decoded:
    inflated = _Inflated(text, wbits, limit)
    data = inflated.data + inflated.before_error(limit - len(inflated.data))
    return (data, inflated.used) if len(data) >= _LEAST else None


class _Inflated:
    """A stream, decompressed chunk by chunk until its end, the end of *text*, an error, or *limit* bytes of output."""

    def __init__(self, text: memoryview, wbits: int, limit: int) -> None:
        stream = zlib.decompressobj(wbits)
        self._damaged: tuple[zlib._Decompress, bytes] | None = None
        self.used = made = 0
        out: list[bytes] = []
        size = _PROBE  # most candidates are no streams, and fail at once
        while self.used < len(text) and made < limit and not stream.eof:
            chunk = bytes(text[self.used : self.used + size])
            before = stream.copy()
            try:
                out.append(stream.decompress(chunk, limit - made))
            except zlib.error:
                self._damaged = before, chunk
                break
            made += len(out[-1])
            self.used += len(chunk) - len(stream.unused_data) - len(stream.unconsumed_tail)
            size = _CHUNK
        self.data = b"".join(out)
        self.whole = stream.eof

    def before_error(self, limit: int) -> bytes:
        """What the chunk that raised an error held before it, at most *limit* bytes."""
        if not self._damaged:
            return b""
        stream, chunk = self._damaged
        out = b""
        size = len(chunk) // 2
        while size and chunk and len(out) < limit:
            trial = stream.copy()
            try:
                out += trial.decompress(chunk[:size], limit - len(out))
            except zlib.error:
                size = size // 2 if self.used else 0  # no stream at all, as most that fail at once
                continue
            stream, chunk = trial, chunk[size:]
            self.used += size
        return out
