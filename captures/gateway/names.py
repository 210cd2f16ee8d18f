"""The table behind the bench's DNS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from captures.gateway.settings import UnknownNames
from telltale.errors import InputError, RigError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

POOLS = (ipaddress.IPv4Network("198.18.0.0/15"), ipaddress.IPv6Network("2001:db8:18::/64"))
"""Where names that the bench does not know get addresses: for benchmarks (RFC 2544) and documentation (RFC 3849)."""


class NameTable:
    """Names and their addresses, for the life of a gateway.

    With ``unknown="allocate"`` a name that is asked for the first time gets an address of each pool, and keeps them.
    """

    def __init__(self, names: Mapping[str, Iterable[str]], unknown: UnknownNames = "refuse") -> None:
        """:raises InputError: an address is not one"""
        self._unknown = unknown
        self._table: dict[str, tuple[IPAddress, ...]] = {}
        for name, addresses in names.items():
            try:
                self._table[normal(name)] = tuple(ipaddress.ip_address(address) for address in addresses)
            except ValueError as error:
                raise InputError(f"the name `{name}`: {error}") from None
        self._taken = {address for addresses in self._table.values() for address in addresses}
        self._next = 1

    def look_up(self, name: str) -> tuple[IPAddress, ...] | None:
        """The addresses of *name*; None when there is no such name.

        :raises RigError: the pools are exhausted
        """
        wanted = normal(name)
        if wanted not in self._table:
            # a reverse look-up asks for an address's name, which is not a host to be reached
            if self._unknown == "refuse" or wanted == "arpa" or wanted.endswith(".arpa"):
                return None
            self._table[wanted] = self._allocate()
        return self._table[wanted]

    def name_of(self, address: str) -> str | None:
        """The name that has *address*; None if none has."""
        wanted = ipaddress.ip_address(address)
        return next((name for name, addresses in self._table.items() if wanted in addresses), None)

    def _allocate(self) -> tuple[IPAddress, ...]:
        while self._next < POOLS[0].num_addresses - 1:
            addresses = tuple(pool[self._next] for pool in POOLS)
            self._next += 1
            if self._taken.isdisjoint(addresses):
                return addresses
        raise RigError(f"no address of {POOLS[0]} is left for another name")

    def as_text(self) -> dict[str, list[str]]:
        """The whole table, names in the order in which they came in."""
        return {name: [str(address) for address in addresses] for name, addresses in self._table.items()}


def normal(name: str) -> str:
    """*name* in lower case, without the root's dot."""
    return name.lower().rstrip(".")
