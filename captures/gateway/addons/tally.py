"""Counts, and what is under way."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Any

from mitmproxy import connection, flow, http, tcp
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData, TlsData

from captures.gateway.addons.faults import Faults
from captures.gateway.addons.pinning import Pinning
from captures.gateway.addons.resolver import Resolver
from captures.gateway.counts import GatewayCounts


class Tally:
    """Asks the other addons for what they count themselves."""

    def __init__(self, proxyserver: Proxyserver, resolver: Resolver, pinning: Pinning, faults: Faults) -> None:
        self._proxyserver = proxyserver
        self._resolver = resolver
        self._pinning = pinning
        self._faults = faults
        self._count = dict.fromkeys((field.name for field in dataclasses.fields(GatewayCounts)), 0)
        self._under_way: dict[str, str] = {}
        """Ids of flows, of clouds' connections and of units' in their handshake, to the unit's connection."""
        self._last = time.monotonic()

    def counts(self) -> dict[str, Any]:
        """The fields of `GatewayCounts`."""
        return {
            **self._count,
            "dns_queries": self._resolver.queries,
            "pinned": self._pinning.sure,
            "perhaps_pinned": self._pinning.perhaps,
            "errors": self._count["errors"] + self._faults.seen,
            "under_way": len(self._under_way),
            "unsent": self._unsent(),
            "quiet": time.monotonic() - self._last,
        }

    def _unsent(self) -> int:
        return sum(
            transport.writer.transport.get_write_buffer_size()
            for handler in self._proxyserver.connections.values()
            for transport in handler.transports.values()
            if isinstance(transport.writer, asyncio.StreamWriter)
        )

    def _add(self, name: str, number: int = 1) -> None:
        self._count[name] += number
        self._last = time.monotonic()

    def _begin(self, what: str, client: connection.Client) -> None:
        self._under_way[what] = client.id
        self._last = time.monotonic()

    def _end(self, what: str) -> None:
        self._under_way.pop(what, None)
        self._last = time.monotonic()

    def client_connected(self, client: connection.Client) -> None:
        """A DNS client over UDP is none."""
        if client.transport_protocol == "tcp":
            self._add("opened")

    def client_disconnected(self, client: connection.Client) -> None:
        """Whatever was under way for it is over."""
        if client.transport_protocol == "tcp":
            self._add("closed")
        for what in [what for what, whose in self._under_way.items() if whose == client.id]:
            self._end(what)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """The gateway connects to a cloud."""
        self._begin(data.server.id, data.client)

    def server_connected(self, data: ServerConnectionHookData) -> None:
        """It has."""
        self._end(data.server.id)

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """It could not."""
        self._end(data.server.id)
        self._add("errors")

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """A handshake with the unit begins; one that is handed through is not the gateway's to end."""
        if data.ignore_connection:
            self._add("handed_through")
            return
        self._begin(data.context.client.id, data.context.client)

    def tls_established_client(self, data: TlsData) -> None:
        """It is done."""
        self._end(data.context.client.id)

    def tls_failed_client(self, data: TlsData) -> None:
        """It has failed."""
        self._end(data.context.client.id)
        self._add("tls_failures")

    def tls_failed_server(self, _: TlsData) -> None:
        """The handshake with the cloud has failed."""
        self._add("tls_failures")

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request's head is complete."""
        self._add("requests")
        self._begin(flow.id, flow.client_conn)

    def body_passed(self, from_unit: bool, size: int) -> None:  # noqa: FBT001 - a `Passed`
        """A piece of a body."""
        self._add("body_bytes_up" if from_unit else "body_bytes_down", size)

    def response(self, flow: http.HTTPFlow) -> None:
        """An answer is complete."""
        self._end(flow.id)
        self._add("answered")

    def error(self, flow: http.HTTPFlow) -> None:
        """An exchange was cut off."""
        self._cut_off(flow)

    def raw_passed(self, _: connection.Client, from_unit: bool, size: int) -> None:  # noqa: FBT001 - a `Watch`
        """Bytes of a raw connection."""
        direction = "up" if from_unit else "down"
        self._add(f"raw_messages_{direction}")
        self._add(f"raw_bytes_{direction}", size)

    def tcp_error(self, flow: tcp.TCPFlow) -> None:
        """A raw connection could not be handed through."""
        self._cut_off(flow)

    def _cut_off(self, flow: flow.Flow) -> None:
        self._end(flow.id)
        self._add("errors")
