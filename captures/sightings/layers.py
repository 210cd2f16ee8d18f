"""Layers: what one decoder took out of another layer, and the way back to the bytes that were sent.

Everything that a decoder finds in a layer is joined into one child layer, so that a thousand short values cost one
search together. Each piece of a layer remembers the text that it was decoded from; texts that occur several times are
decoded once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from captures.sightings.information import is_text

_LEAST = 6
_STREAM = 8  # bytes; the least in which a stream holds anything

Span = tuple[int, int]
"""First byte and the one after the last."""

SEPARATOR = b"\n\xff\n"
"""Stands between pieces: no text, no run of any encoding, and no identity reaches across it."""


Place = Callable[[int, int], Span]
"""The part of an encoded text that stands for a stretch of what it decodes to."""
Placer = Callable[[bytes, bytes], Place]
"""Makes the way back from an encoded text and what it decodes to."""


class Piece(NamedTuple):
    """A stretch of a layer that was decoded from one text."""

    start: int
    end: int
    sources: Sequence[Span]
    """Every place of that text in the parent layer."""


class Layer:
    """Bytes to be searched: a part as it was sent (the root), or what a decoder made of another layer."""

    def __init__(
        self,
        data: bytes,
        *,
        chain: tuple[str, ...] = (),
        parent: Layer | None = None,
        pieces: Sequence[Piece] = (),
        placer: Placer | None = None,
        verbatim: bool = False,
    ) -> None:
        self.data = data
        self.chain = chain
        self.parent = parent
        self.pieces = pieces or (Piece(0, len(data), ()),)
        self._starts = [piece.start for piece in self.pieces]
        self._placer = placer
        self._places: dict[int, Place] = {}
        self.verbatim = verbatim
        """Whether the encoding may keep bytes as they are, as deflate does with what it cannot compress."""

    @property
    def is_promising(self) -> bool:
        """Whether it holds text; most of what is decoded on suspicion is noise."""
        return any(self.promising())

    def promising(self) -> Iterator[Piece]:
        """Pieces of text."""
        for piece in self.pieces:
            start, end, _ = piece
            if end - start >= _LEAST and is_text(self.data[start : min(end, start + 64)]):
                yield piece

    @cached_property
    def dense(self) -> Sequence[Span]:
        """Texts that do not begin like one and are long enough for a compressed stream that nothing tells of."""
        return [
            (start, end)
            for start, end in self._texts()
            if end - start >= _STREAM and not is_text(self.data[start : min(end, start + 64)])
        ]

    def _texts(self) -> Iterator[Span]:
        """Every piece, and what stands between separators in it, such as the entries of a zip file."""
        for start, end, _ in self.pieces:
            at = start
            while self.parent and (edge := self.data.find(SEPARATOR, at, end)) >= 0:
                yield at, edge
                at = edge + len(SEPARATOR)
            yield at, end

    def piece_at(self, offset: int) -> Piece:
        """The piece that holds *offset* (or the separator after it)."""
        return self.pieces[self.index_at(offset)]

    def index_at(self, offset: int) -> int:
        """Which piece that is."""
        return bisect_right(self._starts, offset) - 1

    def origins(self, offset: int) -> Iterator[int]:
        """Which pieces of the outermost layer the piece at *offset* was decoded from."""
        if self.parent is None:
            yield self.index_at(offset)
            return
        for start, _ in self.piece_at(offset).sources:
            yield from self.parent.origins(start)

    def locate(self, start: int, end: int) -> Iterator[Span]:
        """Where *start* to *end* was sent: spans of the outermost encoded text in the part.

        A text whose encoding keeps the order of its bytes (percent, JSON) is cut to the value; others are named whole.
        """
        if self.parent is None:
            yield start, end
            return
        piece = self.piece_at(start)
        low, high = self._inner(piece, start - piece.start, end - piece.start)
        for source, _ in piece.sources:
            yield from self.parent.locate(source + low, source + high)

    def _inner(self, piece: Piece, start: int, end: int) -> Span:
        """The span within the piece's encoded text that stands for *start* to *end* of the piece."""
        source, stop = piece.sources[0]
        if self.parent is None or self._placer is None:
            return 0, stop - source
        if piece.start not in self._places:
            text, decoded = self.parent.data[source:stop], self.data[piece.start : piece.end]
            self._places[piece.start] = self._placer(text, decoded)
        return self._places[piece.start](start, end)


def side_by_side(texts: Sequence[bytes]) -> Layer:
    """An outermost layer with a piece for each text, in order."""
    if len(texts) == 1:
        return Layer(texts[0])
    pieces: list[Piece] = []
    at = 0
    for text in texts:
        pieces.append(Piece(at, at + len(text), ()))
        at += len(text) + len(SEPARATOR)
    return Layer(SEPARATOR.join(texts), pieces=pieces)
