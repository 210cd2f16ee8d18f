"""Clients that refuse the bench's certificate."""

from __future__ import annotations

from mitmproxy import connection, http
from mitmproxy.tls import TlsData

from captures.gateway.journal import Journal

_ALERTS = ("unknown ca", "bad certificate", "certificate unknown")
"""Alerts of a client that does not like a certificate (RFC 8446, section 6.2), in OpenSSL's words."""


class Pinning:
    """Sure after such an alert; perhaps when the client hangs up in the handshake, or after it without a word."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._spoke: set[str] = set()
        self.sure = 0
        self.perhaps = 0

    def tls_failed_client(self, data: TlsData) -> None:
        """The handshake with the unit has failed, or the unit hung up before its end."""
        reason = data.conn.error or ""
        if any(alert in reason for alert in _ALERTS):
            self.sure += 1
            self._tell(data.context.client, sure=True, how="alert")
        elif "disconnected during the handshake" in reason and data.ssl_conn is not None:
            self.perhaps += 1
            self._tell(data.context.client, sure=False, how="hung up in the handshake")

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """The unit speaks HTTP."""
        self._spoke.add(flow.client_conn.id)

    def raw_passed(self, client: connection.Client, from_unit: bool, _: int) -> None:  # noqa: FBT001 - a `Watch`
        """Bytes of a raw connection."""
        if from_unit:
            self._spoke.add(client.id)

    def client_disconnected(self, client: connection.Client) -> None:
        """The unit's connection is closed."""
        if client.tls_established and client.id not in self._spoke:
            self.perhaps += 1
            self._tell(client, sure=False, how="hung up after the handshake without a word")
        self._spoke.discard(client.id)

    def _tell(self, client: connection.Client, *, sure: bool, how: str) -> None:
        self._journal.write("pinned", connection=client.id, sni=client.sni, sure=sure, how=how)
