"""The search: every identity's patterns in every layer of every part of a transmission.

A part is the outermost layer. Each layer is searched once for everything (`scanner`), then each row of `DECODERS` may
make one more layer of it, until nothing is encoded any more, or a limit is reached. What was left out is told, so
that a verdict can count it as not seen.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from captures.ciphertext import ENCRYPTED, looks_encrypted
from captures.media import Kind, Medium
from captures.sightings import media, positions
from captures.sightings.decoders import COMPRESSIONS, DECODERS, Reasons, unwrap
from captures.sightings.forms import Pattern, patterns
from captures.sightings.hints import hints, number_hints
from captures.sightings.layers import Layer, Piece, Span
from captures.sightings.ledger import Found, Ledger
from captures.sightings.media_seen import Look, Onlooker, beginnings
from captures.sightings.named import named
from captures.sightings.reasons import Reason
from captures.sightings.recognisers import FORM, SHAPED, Recogniser, Strangers, beside, shapes
from captures.sightings.scanner import Hit, Needle, Scan, Wanted, scanner
from captures.sightings.series import SeriesSearch, is_lone_number
from captures.sightings.skims import Skimmer
from captures.sightings.trails import trails
from telltale.identity import Identities, Identity
from telltale.sighting import Sighting
from telltale.transmission import Part, Transmission

LONGER_THAN_A_TOKEN = 512
"""Bytes of ciphertext in an encoding that count as content; signatures and session tokens are shorter."""
BUDGET = 128 << 20
"""Most bytes that one part may be decoded into, over all its layers; beyond that it is a bomb."""


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


@dataclass(frozen=True, slots=True)
class _Slice:
    """Meaning of a needle: a slice of the media, which stands at *offset* in it."""

    identity: Identity
    media: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class _Hint:
    """Meaning of a needle: a reason for the decoder to look here."""

    decoder: str
    strength: int


_Meaning = Pattern | positions.Clues | _Slice | _Hint | Recogniser | Kind


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
        meanings: dict[Wanted, list[_Meaning]] = defaultdict(list)
        telling = tuple(identity for identity in self._identities if not is_lone_number(identity))
        self._series = SeriesSearch(identities)
        self._strangers = Strangers(telling)
        known = _meanings(telling, (*identities.keys, *keys))
        for wanted, meaning in chain(known, shapes(by_name, all_values=recognise)):
            meanings[wanted].append(meaning)
        self._meanings = list(meanings.values())
        self._scan = (scan_with or scanner)(list(meanings))
        self._skimmer = Skimmer()
        self._onlooker = Onlooker(self._identities)
        self._recognise = recognise

    def search(self, transmission: Transmission) -> list[Sighting]:
        """Every sighting in *transmission*, by part and place."""
        return list(self.examine(transmission).sightings)

    def examine(self, transmission: Transmission) -> Examination:
        """Every sighting in *transmission*, and what the limits left out."""
        sightings: list[Sighting] = []
        recognised: list[Sighting] = []
        gaps: list[str] = []
        opaque: dict[str, str] = {}
        for part in transmission.parts:
            ledger, inside = Ledger(transmission, part), _Inside()
            gaps += [f"{part.name} {gap}" for gap in self._explore(part, ledger, inside)]
            seen = ledger.sightings()
            for sighting in seen:
                stranger = sighting.form == FORM and sighting.item in SHAPED
                (recognised if stranger else sightings).append(sighting)
            if part.opaque is None and (why := inside.opaque or self._is_closed(part, seen, inside)):
                opaque[part.name] = why
        sightings += named(transmission, self._identities, sightings)
        sightings += trails(sightings)
        sightings += beside(recognised, sightings)
        return Examination(sightings=tuple(sightings), gaps=tuple(gaps), opaque=opaque)

    def footage(self, transmission: Transmission) -> Iterator[Footage]:
        """The media in *transmission*, the run's own and any other, each once a part."""
        for part in transmission.parts:
            inside = _Inside(footage={})
            for _ in self._explore(part, Ledger(transmission, part), inside):
                pass  # what was left out is told by `examine`
            for data, (layer, medium) in (inside.footage or {}).items():
                places = tuple(layer.locate(medium.start, medium.end))
                yield Footage(medium=medium, data=data, part=part.name, chain=layer.chain, places=places)

    def _is_closed(self, part: Part, seen: Iterable[Sighting], inside: _Inside) -> str | None:
        """Why the part cannot be read as it is; media of the run, and what was unpacked from it, are no secret."""
        dense = inside.unpacked or any(sighting.item in self._films for sighting in seen)
        return ENCRYPTED if not dense and looks_encrypted(part.data) else None

    def _explore(self, part: Part, ledger: Ledger, inside: _Inside) -> Iterator[str]:
        """Search the part and what it decodes to, into *ledger* and *inside*; gives what was left out."""
        budget = BUDGET
        layers = deque([Layer(part.data)])
        while layers:
            layer = layers.popleft()
            hits = self._scan(layer.data)
            ledger.enter(layer, chain(self._read(layer, hits, inside), self._series.found(layer)))
            yield from inside.left_out(layer)
            if part.opaque or budget <= 0:
                continue
            reasons = Reasons(layer.data, self._reasons(layer.data, hits))
            for decoder in DECODERS:
                inner, cut = unwrap(decoder, layer, reasons, budget)
                name = " > ".join((*layer.chain, decoder.name))
                if cut:
                    yield f"as {name} holds more than is searched"
                if inner is None:
                    continue
                inside.note(inner)
                if len(inner.chain) <= self._depth:
                    budget -= len(inner.data)
                    layers.append(inner)
                elif inner.is_promising:
                    yield f"as {name} is deeper than {self._depth} encodings"
                if budget <= 0:
                    yield f"decodes to more than {BUDGET} bytes"
                    break

    def _reasons(self, data: bytes, hits: Iterable[Hit]) -> Iterator[tuple[str, Reason]]:
        """Decoders that have a reason to look into a layer."""
        for hit in hits:
            for meaning in self._meanings[hit.needle]:
                if isinstance(meaning, _Hint):
                    yield meaning.decoder, Reason(hit.start, hit.end, meaning.strength)
        yield from self._skimmer.reasons(data)

    def _read(self, layer: Layer, hits: Iterable[Hit], inside: _Inside) -> Iterator[Found]:
        """What the hits in a layer mean."""
        numbers: dict[int, list[positions.Reading | positions.Place]] = defaultdict(list)
        begun: list[tuple[int, Kind]] = []
        own: list[Span] = []
        runs: dict[Identity, int] = {}
        told: set[Recogniser] = set()
        for hit, meaning in ((one, meaning) for one in hits for meaning in self._meanings[one.needle]):
            piece = layer.piece_at(hit.start)
            if hit.end > piece.end:
                continue
            match meaning:
                case Pattern() as pattern:
                    yield from _text(layer, piece, hit, pattern)
                case positions.Clues() as clues:
                    numbers[piece.start] += clues.read(layer.data, hit.start, piece.start, piece.end)
                case _Slice(identity, whole, offset) if hit.start >= runs.get(identity, 0):
                    start, end = media.matched(layer.data, hit.start, whole, offset, low=piece.start, high=piece.end)
                    runs[identity] = end
                    own.append((start, end))
                    yield Found(identity=identity, form="plain", chain=layer.chain, start=start, end=end)
                case Recogniser() as recogniser if recogniser not in told:
                    if one := self._strangers.at(layer.data, hit.end, recogniser, piece.start, piece.end):
                        told.update((recogniser,) if recogniser.once else ())
                        stranger = Identity(item=one.item, value=one.value)
                        yield Found(identity=stranger, form=FORM, chain=layer.chain, start=one.start, end=one.end)
                case Kind() as kind:
                    begun.append((hit.start, kind))
        look = self._onlooker.look(layer, begun, own)
        inside.look(layer, look)
        yield from (found for found in look.found if self._recognise or found.form != FORM)
        for low, found in numbers.items():
            yield from _places(layer, found, low)


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


@dataclass(slots=True)
class _Inside:
    """What was found inside a part beside sightings."""

    unpacked: bool = False
    """Something was compressed, or is media that is sound to its end."""
    opaque: str | None = None
    """What it decodes to that cannot be read."""
    crowded: bool = False
    """The layer that was looked at last holds more media than is told."""
    footage: dict[bytes, tuple[Layer, Medium]] | None = None
    """Bytes of each piece of media, with where it was found first; None where nobody asks for them."""

    def look(self, layer: Layer, look: Look) -> None:
        """Count the media in a layer."""
        self.unpacked |= layer.parent is None and look.dense > len(layer.data) // 2
        self.crowded = look.cut
        if self.footage is not None:
            for medium in look.media:
                self.footage.setdefault(layer.data[medium.start : medium.end], (layer, medium))

    def left_out(self, layer: Layer) -> Iterator[str]:
        """What was not told of a layer."""
        if self.crowded:
            yield (f"as {' > '.join(layer.chain)} " if layer.chain else "") + "holds more media than is told"

    def note(self, layer: Layer) -> None:
        """Count a layer that a decoder made."""
        self.unpacked |= layer.chain[-1] in COMPRESSIONS and layer.is_promising
        if not self.opaque and _holds_ciphertext(layer):
            self.opaque = f"{' > '.join(layer.chain)} of what {ENCRYPTED}"


def _holds_ciphertext(layer: Layer) -> bool:
    """Whether a text decoded to what is longer than a token and looks encrypted.

    One text may have been decoded from several starts; if one of them makes sense, the others were wrong.
    """
    long = [piece for piece in layer.pieces if piece.end - piece.start >= LONGER_THAN_A_TOKEN]

    def is_closed(piece: Piece) -> bool:
        return looks_encrypted(layer.data[piece.start : piece.end])

    return any(
        is_closed(piece)
        # one text's readings follow each other, one for each alignment
        and not any(
            other is not piece and _overlap(piece, other) and not is_closed(other)
            for other in long[max(0, at - 3) : at + 4]
        )
        for at, piece in enumerate(long)
    )


def _overlap(one: Piece, other: Piece) -> bool:
    return any(a < d and c < b for a, b in one.sources for c, d in other.sources)


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


def _slices(identity: Identity, film: bytes, others: Collection[bytes]) -> Iterator[tuple[Wanted, _Meaning]]:
    for piece in media.slices(film):
        if not any(
            piece.data in other for other in others
        ):  # what two share, such as an encoder's tables, tells neither
            yield Needle(piece.data, caseless=False), _Slice(identity, film, piece.offset)


def _meanings(identities: Collection[Identity], keys: Sequence[bytes]) -> Iterator[tuple[Wanted, _Meaning]]:
    """Every needle of a run, with what it means where it is found."""
    values: list[bytes] = []
    digests: list[bytes] = []
    salts: list[bytes] = []
    films = {identity.value for identity in identities if isinstance(identity.value, bytes)}
    for identity in identities:
        if isinstance(identity.value, bytes):
            yield from _slices(identity, identity.value, films - {identity.value})
        else:
            for pattern in patterns(identity, identities, keys):
                yield pattern.wanted, pattern
                if pattern.text is not None:
                    kept = values if pattern.form in ("plain", "truncated") else digests
                    (salts if pattern.form.endswith(" salted") else kept).append(pattern.text)
    numbers = list(positions.needles(identities))
    yield from numbers
    yield from beginnings()
    for wanted, decoder, strength in (*hints(values, digests, salts), *number_hints(one for one, _ in numbers)):
        yield wanted, _Hint(decoder, strength)
