"""Equations 2 and 3 of the accounting, per uplink and direction.

2. captured payload = unique stream bytes + retransmitted bytes
3. unique stream bytes = decoded + known opaque

The three sides are counted in different places: payload where segments come in, unique bytes on the reassembled
streams, decoded and opaque bytes by the parser that read them. What one of them forgets leaves a balance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from captures.decode.model import Tally

Way = Literal["sent", "received"]
"""Seen from the unit."""


class Hole(NamedTuple):
    """Bytes that were on the wire and are not in the capture."""

    conversation: int
    offset: int
    """In the direction's stream."""
    length: int


class Balance(NamedTuple):
    """What does not add up, bytes; ``(0, 0)`` when both equations close."""

    segments: int
    """captured payload - unique - retransmitted"""
    content: int
    """unique - decoded - opaque"""


@dataclass(slots=True)
class Account:
    """One direction of one uplink. Bytes of TCP and UDP payload, and of payload that other IP protocols carry."""

    captured_payload: int = 0
    unique: int = 0
    retransmitted: int = 0
    decoded: int = 0
    opaque: Counter[str] = field(default_factory=Counter)
    """Bytes by the reason why they cannot be read."""
    gaps: list[Hole] = field(default_factory=list)

    @property
    def balance(self) -> Balance:
        """What equations 2 and 3 leave over."""
        return Balance(
            self.captured_payload - self.unique - self.retransmitted,
            self.unique - self.decoded - self.opaque.total(),
        )

    def settle(self, tally: Tally) -> None:
        """Enter what a parser made of the bytes."""
        self.decoded += tally.decoded
        self.opaque.update(tally.opaque)


class StreamAccounts(Mapping[tuple[str | None, Way], Account]):
    """The accounts by uplink and way, ``accounts["cellular", "sent"]``; an uplink that saw nothing has empty ones."""

    def __init__(self) -> None:
        self._accounts: dict[tuple[str | None, Way], Account] = {}
        self.background: dict[str | None, Counter[str]] = {}
        """Per uplink: captured bytes of whole frames that carry nothing to decode (``arp``, ``icmpv6`` …)."""

    def __getitem__(self, key: tuple[str | None, Way]) -> Account:
        return self._accounts.setdefault(key, Account())

    def __iter__(self) -> Iterator[tuple[str | None, Way]]:
        return iter(tuple(self._accounts))

    def __len__(self) -> int:
        return len(self._accounts)

    def count_background(self, uplink: str | None, name: str, size: int) -> None:
        """Enter a frame that is not decoded."""
        self.background.setdefault(uplink, Counter())[name] += size

    @property
    def closed(self) -> bool:
        """Whether every equation closes to the byte and nothing is missing from the capture."""
        return all(not any(account.balance) and not account.gaps for account in self._accounts.values())

    def problems(self) -> tuple[str, ...]:
        """What keeps the accounts from closing, a sentence each."""
        found = []
        for (uplink, way), account in self._accounts.items():
            where = f"{way} over {uplink or 'an unnamed uplink'}"
            if account.balance.segments:
                found.append(f"{account.balance.segments} bytes {where} are neither unique nor retransmitted")
            if account.balance.content:
                found.append(f"{account.balance.content} bytes {where} are neither decoded nor known opaque")
            if account.gaps:
                lost = sum(gap.length for gap in account.gaps)
                found.append(f"{lost} bytes {where} are missing from the capture, in {len(account.gaps)} gaps")
        return tuple(found)
