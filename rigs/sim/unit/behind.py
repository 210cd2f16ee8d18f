"""Control units behind the unit: their messages leave through sockets that live where they do.

A socket stays in the network namespace that it was made in, whoever uses it. So the unit stays one process, and what it
sends for another control unit takes that one's way: through the T-Box, which translates its address.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rigs.sim.network.vending import SocketLine
from telltale.processes import inherited

Addresses = Mapping[str, tuple[str, str]]
"""Uplink to the addresses (IPv4, IPv6) to send from, so that the T-Box forwards over it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlUnit:
    """One of them."""

    line: SocketLine
    addresses: Addresses

    def socket(self, family: int, kind: int, uplink: str) -> socket.socket:
        """A socket of its own that leaves over *uplink*. :raises OSError: there is no such way"""
        made = self.line.socket(family, kind)
        try:
            made.bind((self.addresses[uplink][family == socket.AF_INET6], 0))
        except BaseException:
            made.close()
            raise
        return made


def control_units(boot: Mapping[str, Any]) -> dict[str, ControlUnit]:
    """Those whose sockets the bench hands out, by name; *boot* is the unit's configuration."""
    if "behind" not in boot["peers"]:
        return {}
    line = SocketLine(socket.socket(fileno=inherited("behind")))
    return {
        ecu: ControlUnit(line=line, addresses={uplink: (v4, v6) for uplink, (v4, v6) in addresses.items()})
        for ecu, addresses in boot["behind"].items()
    }
