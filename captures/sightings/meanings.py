"""What the one search looks for, and what each needle means where it is found."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from captures.media import Kind
from captures.sightings import media, positions
from captures.sightings.forms import Pattern, patterns
from captures.sightings.hints import hints, number_hints
from captures.sightings.media_seen import beginnings
from captures.sightings.recognisers import Recogniser
from captures.sightings.scanner import Needle, Wanted
from telltale.identity import Identity
from telltale.items import taxonomy


@dataclass(frozen=True, slots=True)
class Slice:
    """Meaning of a needle: a slice of the media, which stands at *offset* in it."""

    identity: Identity
    media: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Hint:
    """Meaning of a needle: a reason for the decoder to look here."""

    decoder: str
    strength: int


Meaning = Pattern | positions.Clues | Slice | Hint | Recogniser | Kind


def meanings(
    identities: Collection[Identity], keys: Sequence[bytes], shapes: Iterable[tuple[Wanted, Recogniser]]
) -> Mapping[Wanted, Sequence[Meaning]]:
    """Everything to look for, each needle once.

    :param shapes: what is looked for beside the identities
    """
    found: dict[Wanted, list[Meaning]] = defaultdict(list)
    for wanted, meaning in chain(_of(identities, keys), shapes):
        found[wanted].append(meaning)
    return found


def _slices(identity: Identity, film: bytes, others: Collection[bytes]) -> Iterator[tuple[Wanted, Meaning]]:
    for piece in media.slices(film):
        if not any(
            piece.data in other for other in others
        ):  # what two share, such as an encoder's tables, tells neither
            yield Needle(piece.data, caseless=False), Slice(identity, film, piece.offset)


_UNESCAPED = re.compile(rb"[0-9A-Za-z._~-]{16,}")  # RFC 3986, section 2.3


def _shows(text: bytes, identity: Identity) -> bool:
    """Whether what is encoded of it looks so by itself (`skims`), and needs no hint."""
    return taxonomy()[identity.item].kind == "words" and bool(_UNESCAPED.fullmatch(text))


def _of(identities: Collection[Identity], keys: Sequence[bytes]) -> Iterator[tuple[Wanted, Meaning]]:
    """Every needle of a run, with what it means where it is found."""
    values: list[Needle] = []
    digests: list[bytes] = []
    salts: list[bytes] = []
    films = {identity.value for identity in identities if isinstance(identity.value, bytes)}
    for identity in identities:
        if isinstance(identity.value, bytes):
            yield from _slices(identity, identity.value, films - {identity.value})
        else:
            for pattern in patterns(identity, identities, keys):
                yield pattern.wanted, pattern
                if not isinstance(pattern.wanted, Needle) or _shows(pattern.wanted.literal, identity):
                    continue
                if pattern.form in ("plain", "truncated"):
                    values.append(pattern.wanted)
                else:
                    (salts if pattern.form.endswith(" salted") else digests).append(pattern.wanted.literal)
    numbers = list(positions.needles(identities))
    yield from numbers
    yield from beginnings()
    for wanted, decoder, strength in (*hints(values, digests, salts), *number_hints(one for one, _ in numbers)):
        yield wanted, Hint(decoder, strength)
