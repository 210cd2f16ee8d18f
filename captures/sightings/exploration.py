"""What exploring parts shows beside sightings: what was compressed, what cannot be read, what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from captures.ciphertext import ENCRYPTED, looks_encrypted
from captures.media import Medium
from captures.sightings.decoders import COMPRESSIONS
from captures.sightings.layers import Layer, Piece
from captures.sightings.media_seen import Look

LONGER_THAN_A_TOKEN = 512
"""Bytes of ciphertext in an encoding that count as content; signatures and session tokens are shorter."""
BUDGET = 128 << 20
"""Most bytes that parts which are explored together may be decoded into, over all layers; beyond that it is a bomb."""


@dataclass(slots=True)
class Inside:
    """What was found inside the parts that are the pieces of one outermost layer."""

    unpacked: set[int] = field(default_factory=set)
    """Parts in which something was compressed, or that are mostly media which is sound to its end."""
    opaque: dict[int, str] = field(default_factory=dict)
    """What parts decode to that cannot be read."""
    crowded: bool = False
    """The layer that was looked at last holds more media than is told."""
    footage: dict[bytes, tuple[Layer, Medium]] | None = None
    """Bytes of each piece of media, with where it was found first; None where nobody asks for them."""
    most: int = field(default_factory=lambda: BUDGET)
    """Bytes that may be decoded."""
    made: int = 0
    """Bytes that were."""

    @property
    def budget(self) -> int:
        """Bytes that may still be decoded."""
        return self.most - self.made

    def look(self, layer: Layer, look: Look) -> None:
        """Count the media in a layer."""
        self.crowded = look.cut
        if self.footage is not None:
            for medium in look.media:
                self.footage.setdefault(layer.data[medium.start : medium.end], (layer, medium))
        if layer.parent is None:
            sound: dict[int, int] = {}
            for medium in look.media:
                part = layer.index_at(medium.start)
                sound[part] = sound.get(part, 0) + (medium.end - medium.start) * medium.shape.whole
            self.unpacked.update(part for part, size in sound.items() if size > _size(layer.pieces[part]) // 2)

    def left_out(self, layer: Layer) -> Iterator[str]:
        """What was not told of a layer."""
        if self.crowded:
            yield (f"as {' > '.join(layer.chain)} " if layer.chain else "") + "holds more media than is told"

    def note(self, layer: Layer) -> None:
        """Count a layer that a decoder made."""
        if layer.chain[-1] in COMPRESSIONS:
            self.unpacked.update(part for piece in layer.promising() for part in layer.origins(piece.start))
        for piece in _ciphertext(layer):
            for part in layer.origins(piece.start):
                self.opaque.setdefault(part, f"{' > '.join(layer.chain)} of what {ENCRYPTED}")


def _size(piece: Piece) -> int:
    return piece.end - piece.start


def _ciphertext(layer: Layer) -> Iterator[Piece]:
    """Pieces that are longer than a token and look encrypted.

    One text may have been decoded from several starts; if one of them makes sense, the others were wrong.
    """
    long = [piece for piece in layer.pieces if _size(piece) >= LONGER_THAN_A_TOKEN]

    def is_closed(piece: Piece) -> bool:
        return looks_encrypted(layer.data[piece.start : piece.end])

    for at, piece in enumerate(long):
        # one text's readings follow each other, one for each alignment
        beside = long[max(0, at - 3) : at + 4]
        if is_closed(piece) and not any(
            other is not piece and _overlap(piece, other) and not is_closed(other) for other in beside
        ):
            yield piece


def _overlap(one: Piece, other: Piece) -> bool:
    return any(a < d and c < b for a, b in one.sources for c, d in other.sources)
