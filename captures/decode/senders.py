"""Which control unit sent something, where several share an uplink.

One of them (a T-Box, say) forwards for the others. In IPv4 it translates their addresses into its own and gives each a
range of source ports, so that a port tells whose a packet is (deterministic NAT, RFC 7422); what is not translated
keeps its address. Where the declared rows do not settle it, the sender is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from telltale.transmission import Address


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """A control unit that another forwards for, as it shows on the uplink."""

    ecu: str
    ports: tuple[int, int] | None = None
    """Source ports that are its own, both included, where it shares an IPv4 address."""
    addresses: frozenset[str] = frozenset()
    """IP addresses that are its own."""

    def sends_from(self, source: Address) -> bool:
        """Whether *source* is its own."""
        if source.ip in self.addresses:
            return True
        return self.ports is not None and _version(source.ip) == 4 and self.ports[0] <= source.port <= self.ports[1]

    @property
    def versions(self) -> Iterator[int]:
        """IP versions in which it can be told."""
        if self.ports is not None:
            yield 4
        yield from map(_version, self.addresses)


@dataclass(frozen=True, kw_only=True, slots=True)
class Senders:
    """Who sends through one uplink."""

    ecu: str | None = None
    """Whoever is not `behind`."""
    behind: tuple[Behind, ...] = ()

    def of(self, source: Address) -> str | None:
        """The control unit that sent from *source*; None where it cannot be told.

        A packet without a port (ICMP, a fragment) may be anybody's who is told by ports, and a control unit of which
        nothing is said in an IP version may have sent anything in it.
        """
        found = {row.ecu for row in self.behind if row.sends_from(source)}
        if found:
            return found.pop() if len(found) == 1 else None
        version = _version(source.ip)
        untold = any(version not in row.versions for row in self.behind)
        portless = version == 4 and source.port == 0 and any(row.ports is not None for row in self.behind)
        return None if untold or portless else self.ecu


def _version(ip: str) -> int:
    return 6 if ":" in ip else 4
