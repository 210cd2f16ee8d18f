"""Pseudonyms: fields that follow an identity without any search being able to read them.

A salted hash, or a value that is encrypted in the same way each time, cannot be found by looking for the identity. But
it shows when the same stimulus is repeated with one value of the identity and with another, each at least twice: the
field is the same in all runs with one value, and differs between the values. Constants are the same everywhere;
counters, moments and random tokens differ between runs of one value. What only passes with time, such as the day, would
look the same: let the values come in turns, or there and back (A, B, B, A).

What is encrypted anew each time (its length stays, its content does not) follows nothing, and is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from captures.sightings.engine import Engine
from captures.sightings.fields import Field, fields
from captures.sightings.information import is_poor
from telltale.sighting import Sighting
from telltale.transmission import Address, Part, Transmission

TWICE = 2
"""Runs of each value, and values, that a comparison takes at least."""
_RECURRENT = 2  # different bytes that a value has at least, beside its length
_DIFFERENT = 4  # bytes in which stretches without structure differ at least; of a reading that wavers it is one or two
_LONG = 16  # characters from which on a segment of an address is a value


@dataclass(frozen=True, kw_only=True)
class Run:
    """What left the unit in one repetition of the stimulus."""

    identity: str = field(repr=False)
    """The value that the unit had."""
    transmissions: Sequence[Transmission]
    sightings: Sequence[Sighting] = ()
    """What was seen in them; bytes without structure that were seen are explained by that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a pseudonym stands, once for each run."""

    run: int
    """Counts from 0, in the order given."""
    transmission: Transmission
    part: str
    offset: int
    length: int
    """Of the value in the part; of the whole part where the value stands encoded in it."""

    @property
    def data(self) -> bytes:
        """Its bytes."""
        part = self.transmission.part(self.part)
        return part.data[self.offset : self.offset + self.length] if part else b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pseudonym:
    """A field that follows the identity."""

    recipient: str
    channel: str
    kind: str
    part: str
    path: str
    """See `captures.sightings.fields`."""
    places: tuple[Place, ...]

    @property
    def is_raw(self) -> bool:
        """Whether it is a stretch of bytes without a structure that is known."""
        return self.path.startswith("bytes ")

    def describe(self) -> str:
        """``header x-device of https POST to host``, without any value."""
        kind = f" {self.kind}" if self.kind else ""
        return f"{self.path} of {self.channel}{kind} to {self.recipient}"


_Key = tuple[str, str, str, str, str, str]
"""Whom it went to, channel, kind, what the addresses have in common, part, path."""


@dataclass(slots=True)
class _Held:
    """One value of a field in one run."""

    transmission: Transmission
    """The first that held it."""
    field: Field
    times: int = 0


_Values = dict[bytes, _Held]


def pseudonyms(runs: Sequence[Run], *, explained: Callable[[bytes], bool] = lambda _: False) -> list[Pseudonym]:
    """The fields that follow the identity, in the order in which the first run sent them.

    :param explained: whether a value is told anyway, because it holds an identity that was looked for (`known_to`)
    :raises ValueError: fewer than two values, or one of them with a single run
    """
    labels = list(dict.fromkeys(run.identity for run in runs))
    alike = [[number for number, run in enumerate(runs) if run.identity == label] for label in labels]
    if len(labels) < TWICE or any(len(numbers) < TWICE for numbers in alike):
        told = ", ".join(str(len(numbers)) for numbers in alike) or "none"
        raise ValueError(f"expected at least two runs with each of two values; given, by value: {told}")
    tables = [_table(run) for run in runs]
    found = []
    for key in tables[0]:
        held = [table.get(key, {}) for table in tables]
        own = [_own(held, numbers) for numbers in alike]
        telling = [{value for value in values if _tells(value, key[-1], labels, explained)} for values in own]
        if not all(telling) or not all(_prevails(held[n], own[at]) for at, each in enumerate(alike) for n in each):
            continue
        named = {number: values for values, numbers in zip(telling, alike, strict=True) for number in numbers}
        places = tuple(_place(number, held[number], named[number]) for number in range(len(runs)))
        recipient = places[0].transmission.recipient
        part, path = key[-2:]
        found.append(Pseudonym(recipient=recipient, channel=key[1], kind=key[2], part=part, path=path, places=places))
    other = alike[1][0]
    return [one for one in _joined(found) if not one.is_raw or _apart(one.places[0], one.places[other]) >= _DIFFERENT]


def known_to(engine: Engine) -> Callable[[bytes], bool]:
    """Whether an engine sees one of its identities in a value that stands alone."""
    nowhere = Address(ip="0.0.0.0", port=0)  # noqa: S104 - no socket is bound to it

    def knows(value: bytes) -> bool:
        alone = Transmission(
            index=0,
            channel="",
            uplink=None,
            sent=0,
            ended=0,
            source=nowhere,
            destination=nowhere,
            summary="a value",
            parts=(Part(name="body", data=value),),
        )
        return bool(engine.search(alone))

    return knows


def _own(held: Sequence[_Values], numbers: Sequence[int]) -> list[bytes]:
    """What a field held in all runs of one value, and in no other run."""
    others = [values for number, values in enumerate(held) if number not in numbers]
    first, *more = (held[number] for number in numbers)
    return [
        value for value in first if all(value in one for one in more) and not any(value in other for other in others)
    ]


def _tells(value: bytes, path: str, labels: Iterable[str], explained: Callable[[bytes], bool]) -> bool:
    """Whether a value carries enough to tell whose it is, and nothing else tells it already."""
    if len(set(value)) < _RECURRENT:
        return False
    if path.startswith("bytes "):
        return True
    if is_poor(value.decode("latin-1")) or any(label.lower().encode() in value.lower() for label in labels):
        return False
    return not explained(value)


def _prevails(held: _Values, own: Collection[bytes]) -> bool:
    """Whether a field mostly holds what follows; a reading that wavers meets a value again by chance."""
    return 2 * sum(held[value].times for value in own) >= sum(one.times for one in held.values())


def _table(run: Run) -> Mapping[_Key, _Values]:
    spans = defaultdict(list)
    for sighting in run.sightings:
        spans[sighting.transmission, sighting.part].append((sighting.offset, sighting.offset + sighting.length))
    table: dict[_Key, _Values] = defaultdict(dict)
    for transmission in run.transmissions:
        whom = ".".join(transmission.recipient.rsplit(".", 2)[-2:]) if transmission.host else transmission.recipient
        address = "/".join(map(_constant, transmission.path.split("/")))
        for one in fields(transmission):
            seen = spans.get((transmission.index, one.part), ())
            if one.span and any(low < one.span[1] and one.span[0] < high for low, high in seen):
                continue
            key = (whom, transmission.channel, transmission.kind, address, one.part, one.path)
            table[key].setdefault(one.value, _Held(transmission, one)).times += 1
    return table


def _constant(segment: str) -> str:
    """A segment of an address, where it is a word and not a value."""
    return segment if len(segment) < _LONG and not any(map(str.isdigit, segment[1:])) else "*"


def _place(number: int, held: _Values, values: Collection[bytes]) -> Place:
    one = next(held[value] for value in held if value in values)
    part = one.transmission.part(one.field.part)
    data = part.data if part else b""
    at = data.find(one.field.value) if one.field.span is None else one.field.span[0]
    length = len(one.field.value) if at >= 0 else len(data)
    return Place(run=number, transmission=one.transmission, part=one.field.part, offset=max(at, 0), length=length)


def _apart(one: Place, other: Place) -> int:
    """Bytes in which two places differ."""
    return sum(a != b for a, b in zip(one.data, other.data, strict=True))


def _joined(found: Iterable[Pseudonym]) -> Iterator[Pseudonym]:
    """Neighbouring bytes without structure are one field."""
    runs: list[list[Pseudonym]] = []
    for one in found:
        last = runs[-1][-1] if runs else None
        if last and one.is_raw and _follows(last, one):
            runs[-1].append(one)
        else:
            runs.append([one])
    for first, *more in runs:
        if not more:
            yield first
            continue
        places = tuple(
            replace(a, length=b.offset + b.length - a.offset)
            for a, b in zip(first.places, more[-1].places, strict=True)
        )
        path = f"bytes {places[0].offset}-{places[0].offset + places[0].length - 1}"
        yield replace(first, path=path, places=places)


def _follows(last: Pseudonym, one: Pseudonym) -> bool:
    same = (last.recipient, last.channel, last.kind, last.part) == (one.recipient, one.channel, one.kind, one.part)
    return same and all(
        a.transmission is b.transmission and a.offset + a.length == b.offset
        for a, b in zip(last.places, one.places, strict=True)
    )
