"""The search: every identity's patterns in every layer of every part of a transmission.

Parts are the pieces of an outermost layer; small ones are laid side by side, so that a capture of many small messages
costs no more than one of few large ones. Each layer is searched once for everything (`scanner`), then each row of
`DECODERS` that has a reason to may make one more layer of it, until nothing is encoded any more, or a limit is reached.
What was left out is told, so that a verdict can count it as not seen.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from captures.ciphertext import ENCRYPTED, looks_encrypted
from captures.media import Kind, Medium
from captures.sightings import media, positions
from captures.sightings.decoders import DECODERS, Reasons, unwrap
from captures.sightings.exploration import Inside
from captures.sightings.forms import Pattern
from captures.sightings.layers import Layer, Piece, Span, side_by_side
from captures.sightings.ledger import Found, Ledger
from captures.sightings.meanings import Hint, Slice, meanings
from captures.sightings.media_seen import Onlooker
from captures.sightings.named import named
from captures.sightings.reasons import Reason
from captures.sightings.recognisers import FORM, SHAPED, Recogniser, Strangers, beside, shapes
from captures.sightings.scanner import Hit, Scan, Wanted, scanner
from captures.sightings.series import SeriesSearch, is_lone_number
from captures.sightings.skims import Skimmer
from captures.sightings.trails import trails
from telltale.identity import Identities, Identity
from telltale.sighting import Sighting
from telltale.transmission import Part, Transmission

_TOGETHER = 1 << 18
"""Bytes of parts that are laid side by side; half as large a part is searched alone, without a copy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examination:
    """What was seen in one transmission, and what could not be."""

    sightings: tuple[Sighting, ...]
    gaps: tuple[str, ...]
    """What a limit left unsearched, a sentence each; an absence claim must not rest on it."""
    opaque: Mapping[str, str] = field(default_factory=dict)
    """Parts that could be decoded to something that cannot be read, and to what."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footage:
    """A piece of media in a transmission, with its bytes as they were before they were encoded."""

    medium: Medium
    data: bytes = field(repr=False)
    part: str
    chain: tuple[str, ...]
    places: tuple[Span, ...]
    """Where in the part it stands, or the encoded text that holds it."""


class _Text(NamedTuple):
    """A part that is to be searched."""

    transmission: Transmission
    part: Part

    @property
    def is_small(self) -> bool:
        """Whether it is searched together with others."""
        return self.part.opaque is None and len(self.part.data) < _TOGETHER // 2


class _Seen(NamedTuple):
    """What a part held."""

    sightings: Sequence[Sighting]
    gaps: Sequence[str]
    opaque: str | None


class Engine:
    """Finds the identities of a run in what left the unit.

    :param identities: what to look for
    :param keys: keys that values may be hashed with (HMAC), beside those of the identities
    :param depth: most encodings inside one another
    :param scan_with: how to search for the patterns; None takes the fastest that the platform has
    :param recognise: whether values are told too that have the shape of an item and are none of the run's
    :param by_name: data of the vehicle that is told by the names of its fields, as `recognise` tells values

    An engine belongs to one thread at a time.
    """

    def __init__(
        self,
        identities: Identities,
        *,
        keys: Sequence[bytes] = (),
        depth: int = 6,
        scan_with: Callable[[Sequence[Wanted]], Scan] | None = None,
        recognise: bool = False,
        by_name: Collection[str] = (),
    ) -> None:
        self._identities = tuple(dict.fromkeys(identities))
        self._films = {identity.item for identity in self._identities if isinstance(identity.value, bytes)}
        self._depth = depth
        self._recognise = recognise
        telling = tuple(identity for identity in self._identities if not is_lone_number(identity))
        wanted = meanings(telling, (*identities.keys, *keys), shapes(by_name, all_values=recognise))
        self._meanings = list(wanted.values())
        self._scan = (scan_with or scanner)(list(wanted))
        self._skimmer = Skimmer()
        self._strangers = Strangers(telling)
        self._series = SeriesSearch(identities)
        self._onlooker = Onlooker(self._identities)

    def search(self, transmission: Transmission) -> list[Sighting]:
        """Every sighting in *transmission*, by part and place."""
        return list(self.examine(transmission).sightings)

    def examine(self, transmission: Transmission) -> Examination:
        """Every sighting in *transmission*, and what the limits left out."""
        return self._examined((transmission,))[0]

    def examine_all(self, transmissions: Iterable[Transmission]) -> Iterator[tuple[Transmission, Examination]]:
        """Each transmission with what was seen in it, in order; some are read ahead."""
        batch: list[Transmission] = []
        size = 0
        for transmission in transmissions:
            batch.append(transmission)
            size += sum(len(part.data) for part in transmission.parts)
            if size >= _TOGETHER:
                yield from zip(batch, self._examined(batch), strict=True)
                batch, size = [], 0
        yield from zip(batch, self._examined(batch), strict=True)

    def _examined(self, batch: Sequence[Transmission]) -> list[Examination]:
        texts = [_Text(transmission, part) for transmission in batch for part in transmission.parts]
        together = iter(self._explored([text for text in texts if text.is_small]))
        seen = iter([next(together) if text.is_small else self._explored([text])[0] for text in texts])
        return [self._examination(transmission, seen) for transmission in batch]

    def _examination(self, transmission: Transmission, seen: Iterator[_Seen]) -> Examination:
        sightings: list[Sighting] = []
        recognised: list[Sighting] = []
        gaps: list[str] = []
        opaque: dict[str, str] = {}
        for part, found in zip(transmission.parts, seen, strict=False):  # *seen* goes on with the next transmission's
            gaps += [f"{part.name} {gap}" for gap in found.gaps]
            for sighting in found.sightings:
                stranger = sighting.form == FORM and sighting.item in SHAPED
                (recognised if stranger else sightings).append(sighting)
            if part.opaque is None and found.opaque:
                opaque[part.name] = found.opaque
        sightings += named(transmission, self._identities, sightings)
        sightings += trails(sightings)
        sightings += beside(recognised, sightings)
        return Examination(sightings=tuple(sightings), gaps=tuple(gaps), opaque=opaque)

    def footage(self, transmission: Transmission) -> Iterator[Footage]:
        """The media in *transmission*, the run's own and any other, each once a part."""
        for part in transmission.parts:
            root, inside = side_by_side([part.data]), Inside(footage={})
            ledger = Ledger(root, [(transmission, part)])
            for _ in self._explore(root, ledger, inside, decode=part.opaque is None):
                pass  # what was left out is told by `examine`
            for data, (layer, medium) in (inside.footage or {}).items():
                places = tuple(layer.locate(medium.start, medium.end))
                yield Footage(medium=medium, data=data, part=part.name, chain=layer.chain, places=places)

    def _explored(self, texts: Sequence[_Text]) -> list[_Seen]:
        """What each of the texts holds; where a limit was met, each is explored by itself, to tell which met it."""
        root = side_by_side([text.part.data for text in texts])
        ledger, inside = Ledger(root, texts), Inside()
        gaps = list(self._explore(root, ledger, inside, decode=all(text.part.opaque is None for text in texts)))
        if gaps and len(texts) > 1:
            return [one for text in texts for one in self._explored([text])]
        return [
            _Seen(found, gaps, inside.opaque.get(index) or self._closed(text.part, found, index in inside.unpacked))
            for index, (text, found) in enumerate(zip(texts, ledger.sightings(), strict=True))
        ]

    def _closed(self, part: Part, seen: Iterable[Sighting], unpacked: bool) -> str | None:  # noqa: FBT001 - of one caller
        """Why the part cannot be read as it is; media of the run, and what was unpacked from it, are no secret."""
        dense = unpacked or any(sighting.item in self._films for sighting in seen)
        return ENCRYPTED if not dense and looks_encrypted(part.data) else None

    def _explore(self, root: Layer, ledger: Ledger, inside: Inside, *, decode: bool) -> Iterator[str]:
        """Search parts and what they decode to, into *ledger* and *inside*; gives what was left out."""
        layers = deque([root])
        while layers:
            layer = layers.popleft()
            hits = self._scan(layer.data)
            if hits or layer.dense:
                ledger.enter(layer, self._read(layer, hits, inside))
                yield from inside.left_out(layer)
            ledger.enter(layer, self._series.found(layer))
            if not decode or inside.budget <= 0:
                continue
            for name, inner, cut in self._unwrapped(layer, hits, inside):
                if cut:
                    yield f"as {name} holds more than is searched"
                if inner is None:
                    continue
                inside.note(inner)
                if len(inner.chain) <= self._depth:
                    inside.made += len(inner.data)
                    layers.append(inner)
                elif inner.is_promising:
                    yield f"as {name} is deeper than {self._depth} encodings"
                if inside.budget <= 0:
                    yield f"decodes to more than {inside.most} bytes"
                    break

    def _unwrapped(self, layer: Layer, hits: Iterable[Hit], inside: Inside) -> Iterator[tuple[str, Layer | None, bool]]:
        """What each decoder that has a reason to look makes of a layer, with its chain, and whether more was there."""
        given = list(self._reasons(layer.data, hits))
        if not given and not layer.dense:
            return
        reasons = Reasons(layer.data, given)
        for decoder in DECODERS:
            if decoder.unasked or decoder.name in reasons:
                inner, cut = unwrap(decoder, layer, reasons, inside.budget)
                yield " > ".join((*layer.chain, decoder.name)), inner, cut

    def _reasons(self, data: bytes, hits: Iterable[Hit]) -> Iterator[tuple[str, Reason]]:
        """Decoders that have a reason to look into a layer."""
        for hit in hits:
            for meaning in self._meanings[hit.needle]:
                if isinstance(meaning, Hint):
                    yield meaning.decoder, Reason(hit.start, hit.end, meaning.strength)
        yield from self._skimmer.reasons(data)

    def _read(self, layer: Layer, hits: Iterable[Hit], inside: Inside) -> Iterator[Found]:
        """What the hits in a layer mean."""
        numbers: dict[int, list[positions.Reading | positions.Place]] = defaultdict(list)
        begun: list[tuple[int, Kind]] = []
        own: list[Span] = []
        runs: dict[Identity, int] = {}
        told: set[tuple[Recogniser, int]] = set()
        for hit, meaning in ((one, meaning) for one in hits for meaning in self._meanings[one.needle]):
            piece = layer.piece_at(hit.start)
            if hit.end > piece.end and not isinstance(meaning, positions.Clues):
                continue  # the needles of numbers look at the character behind them
            match meaning:
                case Pattern() as pattern:
                    yield from _text(layer, piece, hit, pattern)
                case positions.Clues() as clues:
                    numbers[piece.start] += clues.read(layer.data, hit.start, piece.start, piece.end)
                case Slice(identity, whole, offset) if hit.start >= runs.get(identity, 0):
                    start, end = media.matched(layer.data, hit.start, whole, offset, low=piece.start, high=piece.end)
                    runs[identity] = end
                    own.append((start, end))
                    yield Found(identity=identity, form="plain", chain=layer.chain, start=start, end=end)
                case Recogniser() as recogniser if "reversed" not in layer.chain:  # backwards nothing has its shape
                    yield from self._stranger(layer, piece, hit, recogniser, told)
                case Kind() as kind:
                    begun.append((hit.start, kind))
        look = self._onlooker.look(layer, begun, own)
        inside.look(layer, look)
        yield from (found for found in look.found if self._recognise or found.form != FORM)
        for low, found in numbers.items():
            yield from _places(layer, found, low)

    def _stranger(
        self, layer: Layer, piece: Piece, hit: Hit, recogniser: Recogniser, told: set[tuple[Recogniser, int]]
    ) -> Iterator[Found]:
        """A value that has a shape; of some shapes one is *told* of a part."""
        part = (recogniser, next(layer.origins(piece.start))) if recogniser.once else None
        if part not in told and (one := self._strangers.at(layer.data, hit.end, recogniser, piece.start, piece.end)):
            told.update((part,) if part else ())
            stranger = Identity(item=one.item, value=one.value)
            yield Found(identity=stranger, form=FORM, chain=layer.chain, start=one.start, end=one.end)


def _places(layer: Layer, found: list[positions.Reading | positions.Place], low: int) -> Iterator[Found]:
    """The positions that numbers of one piece of a layer make together."""
    for place in positions.places(layer.data, found, low=low):
        yield Found(
            identity=place.identity,
            form=place.form,
            chain=(*layer.chain, *place.chain),
            start=place.start,
            end=place.end,
            precision=place.precision,
        )


def _text(layer: Layer, piece: Piece, hit: Hit, pattern: Pattern) -> Iterator[Found]:
    if pattern.guard and not pattern.guard(layer.data, hit.start, hit.end, piece.start, piece.end):
        return
    span: Span | None = hit.start, hit.end
    if pattern.extent:
        span = pattern.extent(layer.data, (hit.start, hit.end), (piece.start, piece.end))
    if not span:
        return
    # the link is there already where the pattern's own encoding stands in a text that had more of it undone
    inner = () if pattern.chain and layer.chain[-1:] == pattern.chain else pattern.chain
    links = (*layer.chain, *inner)
    yield Found(identity=pattern.identity, form=pattern.form, chain=links, start=span[0], end=span[1])
