"""Cases: one value in one form, one chain of encodings and one carrier, with the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from making.carriers import BINARY_FRAMES, CARRIERS, TEXT_FRAMES, Message, carry
from making.forms import CUT, DIGESTS, KEYED, Given, masked, rest, truncated
from making.links import ESCAPES, HEADLESS, INNERMOST, LINKS, VERBATIM_IN_HEX, Held
from making.places import DATUMS, WRITINGS
from making.values import POOR, SPELLINGS, Position

DEEPEST = 5
POOR_FORMS = frozenset({"masked", "truncated"})
"""Forms that keep too little of a value to be told from chance in binary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What has to be seen."""

    item: str
    value: str
    form: str
    chain: tuple[str, ...]
    part: str
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A message, and the one thing that is in it."""

    number: int
    carrier: str
    message: Message
    truth: Truth


@dataclass(frozen=True, slots=True)
class _Seed:
    item: str
    value: str
    form: str
    held: Held
    rest: bytes = b""
    """What the value would go on with if it were not cut."""

    def goes_on(self, held: Held) -> bool:
        """Whether what stands behind a cut value in *held* happens to be its next byte, so that it has no end."""
        return bool(self.rest) and ESCAPES.issuperset(held.chain) and held.data[held.end :].startswith(self.rest[:1])


def cases(identities: dict[str, str | Position], seed: int, total: int) -> Iterator[Case]:
    """*total* cases: items, forms, carriers and depths in turn, encodings at random."""
    random = Random(f"cases {seed}")
    turns: list[tuple[str, str]] = []
    carriers: list[str] = []
    numbers = count()
    made = 0
    for turn in count():
        if not turns:
            turns = [(item, form) for item in identities for form in _forms(item)]
            random.shuffle(turns)
        if not carriers:
            carriers = list(CARRIERS)
            random.shuffle(carriers)
        item, form = turns.pop()
        case = _case(identities, item, form, carriers.pop(), depth=turn % (DEEPEST + 1), random=random)
        if case is None:
            continue
        carrier, message, truth = case
        yield Case(number=next(numbers), carrier=carrier, message=message, truth=truth)
        made += 1
        if made == total:
            return


def _forms(item: str) -> list[str]:
    """Plain counts as often as all digests together, for it is what leaves most."""
    if item == "position":
        return [*DATUMS] * 7
    forms = ["plain"] * 8 + [*DIGESTS, *KEYED, *CUT]
    return forms + [form for form, make in (("masked", masked), ("truncated", truncated)) if make(item, "0" * 20)]


def _case(
    identities: dict[str, str | Position], item: str, form: str, carrier: str, *, depth: int, random: Random
) -> tuple[str, Message, Truth] | None:
    seed = _seed(identities, item, form, random)
    held: Held | None = seed.held
    poor = seed.item in POOR or form in POOR_FORMS
    if depth and form == "plain" and random.random() < 0.3:
        fitting = [made for link in INNERMOST.values() if (made := link(seed.held, random))]
        held = random.choice(fitting or [seed.held])
    if depth and not (held.core or held.chain == ("bcd",)):
        held = _inside(held, poor=poor, random=random)
    names: list[str] = []
    while held is not None and len(held.chain) < depth:
        name = random.choice([one for one in LINKS if names[-1:] != [one]])
        if name == "hex" and held.chain in VERBATIM_IN_HEX:
            name = "base64"
        inner = held
        held = LINKS[name](held, random)
        if held is None or held.chain == inner.chain:
            held = inner  # it would have changed nothing
            name = "base64"
            held = LINKS[name](held, random)
        if seed.goes_on(inner):
            return None
        names.append(name)
        if len(held.chain) < depth and name not in HEADLESS and random.random() < 0.3:
            held = _framed(held, random)
    if held is None:
        return None
    held, carrier = _fit(held, carrier, names[-1:], poor=poor and not names)
    carried = carry(carrier, held, random)
    if carried is None or len(carried.held.chain) > DEEPEST or seed.goes_on(carried.held):
        return None
    placed = carried.held
    truth = Truth(
        item=seed.item,
        value=seed.value,
        form=seed.form,
        chain=placed.chain,
        part=carried.part,
        offset=placed.start,
        length=placed.end - placed.start,
    )
    return carrier, carried.message, truth


def _seed(identities: dict[str, str | Position], item: str, form: str, random: Random) -> _Seed:
    value = identities[item]
    if not isinstance(value, str):
        return _position(item, value, form, random)
    salt = identities["oaid" if item != "oaid" else "device_id"]
    given = Given(text=value, salt=str(salt))
    for table in (DIGESTS, KEYED, CUT):
        if form in table:
            digest = table[form](given)
            return _Seed(item, value, form, Held(digest, 0, len(digest)), rest(form, given))
    text = masked(item, value) if form == "masked" else truncated(item, value) if form == "truncated" else value
    if form == "plain" and item in SPELLINGS and random.random() < 0.4:
        text = random.choice(SPELLINGS[item])(value)
    data = (text or value).encode()
    return _Seed(item, value, form, Held(data, 0, len(data)))


def _position(item: str, value: Position, form: str, random: Random) -> _Seed:
    held = random.choice(WRITINGS)(DATUMS[form](value), random)
    return _Seed(item, f"{value[0]:.6f},{value[1]:.6f}", form, held)


def _inside(held: Held, *, poor: bool, random: Random) -> Held | None:
    """The value in a record of its own, or alone."""
    if poor and held.is_text:
        return TEXT_FRAMES["json"](held, random)
    return _framed(held, random) if random.random() < 0.5 else held


def _framed(held: Held, random: Random) -> Held:
    """*held* in a record, of text where it is text."""
    frames = TEXT_FRAMES if held.is_text and random.random() < 0.7 else BINARY_FRAMES
    return random.choice(list(frames.values()))(held, random) or held


def _fit(held: Held, carrier: str, last: list[str], *, poor: bool) -> tuple[Held, str]:
    """A carrier that can hold it: text wants text, and a compression without a magic wants a part of its own."""
    if set(last) & HEADLESS:
        return held, "bare body"
    if last == ["percent"] and carrier == "MQTT topic" and HEADLESS & set(held.chain[:2]):
        return held, "query"  # what stands behind it in a topic could as well be of it
    if poor and carrier not in {"XML body", "CSV body", "log body", "form body", "query"}:
        return held, "JSON body"
    return held, carrier
