"""Media that is none of the run's, and what media says of the run: its positions, and devices.

What the run's own slices were found in is told by them (`media`). Any other picture, film or sound is told as
``recognised``, an ``image``, ``video`` or ``audio`` of so many bytes. A place in its metadata that agrees with a
position of the run is a sighting of that position, in a chain that ends with how it is written (``exif``, ``xmp``,
``iso6709``, ``loci``); another place, and the serial number of a camera, is recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from captures.media import KINDS, Kind, Mark, Medium, marks, search
from captures.sightings.cells import METRES_PER_DEGREE
from captures.sightings.datums import datums
from captures.sightings.layers import Layer, Span
from captures.sightings.ledger import Found
from captures.sightings.recognisers import FORM
from captures.sightings.scanner import Expression
from telltale.identity import Identity, Position

_EXACT = 1.01e-3  # degrees: as for text, three decimals are the coarsest that count as exact
_COARSEST = 0.1  # degrees; what says less agrees with too much
_FINEST = 1e-6  # degrees, 0.1 m: what is lost in writing a position as degrees, minutes and seconds


def beginnings() -> Iterator[tuple[Expression, Kind]]:
    """How media begins, for the one search; what is found ends with the magic."""
    for kind in KINDS:
        start = rb"\r\n\r\n" if kind.weak else b""  # RFC 2046, 5.1.1: a part of a multipart body begins so
        yield Expression(start + kind.magic, kind.width), kind


class Look(NamedTuple):
    """What a look at a layer gave."""

    found: Sequence[Found]
    media: Sequence[Medium]
    cut: bool
    """Whether there was more media than is told."""


class Onlooker:
    """Looks at the media in layers, for one run's *identities*."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        known = tuple(identities)
        self._positions = [
            (each, datum, position)
            for each in known
            if isinstance(each.value, tuple)
            for datum, position in datums(each.value)
        ]
        self._texts = {each.value.casefold() for each in known if isinstance(each.value, str)}

    def look(self, layer: Layer, starts: Iterable[tuple[int, Kind]], own: Sequence[Span]) -> Look:
        """What the media in *layer* is, and says; *own* are the places that the run's media was found in."""
        told = search(layer.data, starts, [(piece.start, piece.end) for piece in layer.pieces])
        found: list[Found] = []
        for medium in told.media:
            if not any(start < medium.end and medium.start < end for start, end in own):
                what = Identity(item=medium.item, value=medium.describe())
                found.append(Found(identity=what, form=FORM, chain=layer.chain, start=medium.start, end=medium.end))
            for mark in marks(layer.data, medium):
                found += self._says(layer, mark)
        return Look(found, told.media, told.cut)

    def _says(self, layer: Layer, mark: Mark) -> Iterator[Found]:
        chain = (*layer.chain, mark.link)
        if isinstance(mark.value, str):
            if mark.value.casefold() not in self._texts:  # which stand there in clear
                device = Identity(item="device_identifier", value=mark.value)
                yield Found(identity=device, form=FORM, chain=chain, start=mark.start, end=mark.end)
            return
        precision = mark.step * METRES_PER_DEGREE
        agreeing = [
            (identity, _form(datum, mark.step))
            for identity, datum, wanted in self._positions
            if _agrees(mark.value, wanted, mark.step)
        ]
        for identity, form in agreeing or [(Identity(item="position", value=mark.value), FORM)]:
            yield Found(identity=identity, form=form, chain=chain, start=mark.start, end=mark.end, precision=precision)


def _form(datum: str, step: float) -> str:
    if step > _EXACT:
        return "coarse"
    return "plain" if datum == "wgs84" else datum


def _agrees(given: Position, wanted: Position, step: float) -> bool:
    """Whether a position is the wanted one, rounded or cut off to whole steps."""
    within = max(step * 1.000001, _FINEST)
    return step <= _COARSEST and all(abs(one - other) <= within for one, other in zip(given, wanted, strict=True))
