"""All TCP that arrives on the uplinks goes to the gateway, for as long as this process lives.

The rules are a table of nftables that belongs to our netlink socket (``NFT_TABLE_F_OWNER``, Linux 5.12): nobody else
can change it, and the kernel drops it when the socket is closed, even by SIGKILL. Other tables stay untouched.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from typing import Self

from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.nftsocket import NFPROTO_INET
from pyroute2.nftables.main import NFTables

from rigs.sim.network.firewall import Rule, add, drop, incoming, protocol, redirect, to_port
from telltale.errors import RigError

_OWNER = 0x2
"""``NFT_TABLE_F_OWNER`` (linux/netfilter/nf_tables.h)."""


class Redirect:
    """Holds the rules until `close`.

    :param interfaces: where the unit's packets arrive
    :param proxy_port: the gateway's transparent mode, on this host
    :param dns_port: the gateway's DNS; None leaves DNS to whatever resolver the unit asks
    :raises RigError: the kernel refuses, or another run redirects one of the interfaces
    """

    def __init__(self, interfaces: Iterable[str], *, proxy_port: int, dns_port: int | None) -> None:
        names = list(interfaces)
        self._nft = NFTables(nfgen_family=NFPROTO_INET)
        table = f"telltale-{names[0]}"
        try:
            self._nft.table("add", kwarg={"name": table, "flags": _OWNER})
            add(self._nft, table, rules(names, proxy_port=proxy_port, dns_port=dns_port))
        except NetlinkError as error:
            self._nft.close()
            raise RigError(
                f"nftables refuses to redirect {', '.join(names)} to the gateway ({error}); expected Linux 5.12 or "
                f"newer with nft_redir, and no other run with the table `{table}`"
            ) from None

    def close(self) -> None:
        """Give the interfaces back; harmless when repeated."""
        self._nft.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def rules(interfaces: Iterable[str], *, proxy_port: int, dns_port: int | None) -> Iterator[Rule]:
    """No TCP of the unit's goes past the gateway, dead or alive; other protocols are forwarded as the host does."""
    for interface in interfaces:
        here = incoming(interface)
        if dns_port is not None:
            for number in (socket.IPPROTO_UDP, socket.IPPROTO_TCP):
                yield Rule("prerouting", (here, protocol(number), to_port(53), redirect(dns_port)))
        yield Rule("prerouting", (here, protocol(socket.IPPROTO_TCP), redirect(proxy_port)))
        yield Rule("forward", (here, protocol(socket.IPPROTO_TCP), drop()))
