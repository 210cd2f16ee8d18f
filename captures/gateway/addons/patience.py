"""Connections live as long as their peers want."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mitmproxy import connection
from mitmproxy.proxy.server import ConnectionHandler

_NEVER = 10 * 365 * 24 * 3600
"""Seconds."""


class Patience:
    """mitmproxy cuts a connection that was silent for ten minutes; a parked car's may be, and its peers end it."""

    def __init__(self, connections: Mapping[tuple[Any, ...] | str, ConnectionHandler]) -> None:
        self._connections = connections

    def client_connected(self, client: connection.Client) -> None:
        """Set on the connection itself: what sets it for all is a constant in mitmproxy 11, an option in 12."""
        if client.transport_protocol == "tcp" or client.proxy_mode.type_name == "tun":  # QUIC tells when it is idle
            self._connections[client.id].timeout_watchdog.timeout = _NEVER
