"""Events for the journal: who connected where, what was asked, what went wrong. No paths, headers or bodies."""

from __future__ import annotations

from mitmproxy import connection, http, tcp
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import TlsData

from captures.gateway.journal import Journal, without_content
from telltale.transmission import Address


class Chronicle:
    """Connections go by mitmproxy's id for the unit's side."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def client_connected(self, client: connection.Client) -> None:
        """The destination is not known before the gateway has connected to it: see `server_connect`."""
        if client.transport_protocol == "tcp":
            self._journal.write("opened", connection=client.id, peer=_text(client.peername))

    def client_disconnected(self, client: connection.Client) -> None:
        """The unit's connection is closed."""
        if client.transport_protocol == "tcp":
            self._journal.write("closed", connection=client.id)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """The gateway is about to connect to where the unit wanted to go."""
        self._journal.write(
            "destination", connection=data.client.id, destination=_text(data.server.address), sni=data.client.sni
        )

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """That failed."""
        reason = without_content(data.server.error or "")
        self._journal.write("error", connection=data.client.id, destination=_text(data.server.address), reason=reason)

    def tls_established_client(self, data: TlsData) -> None:
        """TLS with the unit stands."""
        client = data.context.client
        alpn = client.alpn.decode("ascii", "replace") if client.alpn else None
        self._journal.write("tls", connection=client.id, sni=client.sni, alpn=alpn, version=client.tls_version)

    def tls_failed_client(self, data: TlsData) -> None:
        """The handshake with the unit has failed."""
        self._failed(data, "unit")

    def tls_failed_server(self, data: TlsData) -> None:
        """The handshake with the cloud has failed."""
        self._failed(data, "upstream")

    def _failed(self, data: TlsData, side: str) -> None:
        client = data.context.client
        reason = without_content(data.conn.error or "")
        self._journal.write("tls failed", connection=client.id, side=side, sni=client.sni, reason=reason)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request's head is complete."""
        request = flow.request
        self._journal.write(
            "request",
            connection=flow.client_conn.id,
            flow=flow.id,
            method=request.method,
            host=request.pretty_host,
            version=request.http_version,
        )

    def response(self, flow: http.HTTPFlow) -> None:
        """An answer is complete."""
        status = flow.response.status_code if flow.response else None
        self._journal.write("answer", connection=flow.client_conn.id, flow=flow.id, status=status)

    def error(self, flow: http.HTTPFlow) -> None:
        """An exchange was cut off."""
        reason = without_content(flow.error.msg if flow.error else "")
        self._journal.write("error", connection=flow.client_conn.id, flow=flow.id, reason=reason)

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        """From here on the connection is handed through byte by byte."""
        self._journal.write("raw", connection=flow.client_conn.id, destination=_text(flow.server_conn.address))

    def tcp_error(self, flow: tcp.TCPFlow) -> None:
        """A raw connection could not be handed through."""
        reason = without_content(flow.error.msg if flow.error else "")
        self._journal.write("error", connection=flow.client_conn.id, reason=reason)


def _text(address: tuple[str, int] | tuple[str, int, int, int] | None) -> str | None:
    return None if address is None else str(Address(ip=address[0], port=address[1]))
