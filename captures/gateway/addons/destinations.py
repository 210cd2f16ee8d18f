"""Where the clouds really are, on a bench whose gateway stands in the host's own network. Nothing else is reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from captures.gateway.journal import Journal
from captures.gateway.names import normal
from telltale.transmission import Address


class Destinations:
    """Rewrites what the unit asks for by the bench's table; asks no resolver for anything.

    :param confined: whether what is not in the table is refused; else it is left alone
    """

    def __init__(self, journal: Journal, *, confined: bool) -> None:
        self._journal = journal
        self._confined = confined
        self._table: dict[tuple[str, int], tuple[str, int]] = {}
        self.refused: Counter[str] = Counter()
        """Connects by ``host:port``."""

    def reach(self, table: Mapping[str, tuple[str, int]]) -> None:
        """*table* takes the place of the one before: ``host:port`` to where that is."""
        found = {}
        for place, (ip, port) in table.items():
            host, _, asked = place.rpartition(":")
            found[normal(host.strip("[]")), int(asked)] = (ip, port)
        self._table = found

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """The gateway is about to connect to where the unit wanted to go, or once more to where it was sent."""
        if not self._confined or data.server.address is None:
            return
        host, port = data.server.address[:2]
        if (where := self._table.get((normal(host), port))) is not None:
            data.server.address = where
        elif (host, port) not in self._table.values():
            place = str(Address(ip=host, port=port))
            self.refused[place] += 1
            self._journal.write("destination refused", connection=data.client.id, destination=place)
            data.server.error = "the bench has no such destination"
