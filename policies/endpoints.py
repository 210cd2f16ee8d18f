"""Which endpoint row a transmission meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest

from policies.access import ENCRYPTED
from policies.model import Endpoint, Policy
from telltale.hosts import meets
from telltale.transmission import Transmission

Rank = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Whose a transmission is and what it is for; without a row it is undeclared.

    With a row and no function, the host is declared but what was said to it stayed closed.
    """

    organisation: str | None = None
    """The organisation's id."""
    function: str | None = None
    row: Endpoint | None = None

    @property
    def background(self) -> bool:
        """Whether the row declares it to be background."""
        return self.row is not None and self.row.background


def attribute(transmission: Transmission, policy: Policy) -> Attribution:
    """The most specific row that *transmission* meets: by host, then path, then message kind, then channel.

    TLS that could not be opened, and bytes that are no sound message, show neither path nor kind: they are known by
    their host alone, and no function is taken for granted.
    """
    rows = [row for row in policy.endpoints if _meets(row, transmission)]
    if rows:
        row = max(rows, key=rank)
        return Attribution(organisation=row.organisation, function=row.function, row=row)
    if _closed(transmission):
        rows = [row for row in policy.endpoints if row.host and meets(row.host, transmission.recipient)]
        if len({row.organisation for row in rows}) == 1:
            row = min(rows, key=rank)
            return Attribution(organisation=row.organisation, row=row)
    return Attribution()


def _closed(transmission: Transmission) -> bool:
    """Whether nothing of the message itself could be read."""
    payload = transmission.part("payload")
    unopened = transmission.channel in ENCRYPTED and (payload is None or payload.opaque is not None)
    return unopened or transmission.malformed is not None


def rank(row: Endpoint) -> Rank:
    """How specific a row is, to be compared."""
    host = row.host or ""
    segments = _segments(row.path) if row.path is not None else []
    literal = sum(1 for segment in segments if "*" not in segment)
    return (
        0 if not host else 1 + len(host.split(".")) if host.startswith("*.") else 1000,
        literal + (row.path is not None),
        -1 if segments[-1:] == ["**"] else 0,
        segments.count("*"),
        int(row.kind is not None),
        int(row.channel is not None),
    )


def ambiguous(rows: Sequence[Endpoint]) -> tuple[int, int] | None:
    """The first two rows, by index, that one transmission could meet and neither of which is more specific."""
    for (first, a), (second, b) in combinations(enumerate(rows), 2):
        if rank(a) == rank(b) and _overlap(a, b):
            return first, second
    return None


def _meets(row: Endpoint, transmission: Transmission) -> bool:
    return (
        (row.host is None or meets(row.host, transmission.recipient))
        and (row.path is None or _path_meets(row.path, transmission.path))
        and (row.channel is None or row.channel == transmission.channel)
        and (row.kind is None or row.kind == transmission.kind)
    )


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _path_meets(pattern: str, path: str) -> bool:
    wanted, given = _segments(pattern), _segments(path)
    if wanted[-1] == "**":
        wanted = wanted[:-1]
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(w in ("*", g) for w, g in zip(wanted, given, strict=True))


def _overlap(a: Endpoint, b: Endpoint) -> bool:
    """Of two rows of one rank."""
    for one, other in ((a.channel, b.channel), (a.kind, b.kind), (a.host, b.host)):
        if one is not None and other is not None and one.casefold() != other.casefold():
            return False
    if a.path is None or b.path is None:
        return True
    for one, other in zip_longest(_segments(a.path), _segments(b.path)):
        if "**" in (one, other):
            return True
        if one != other and "*" not in (one, other):
            return False
    return True
