"""Recipients treated otherwise than all: handed through unopened, or met with the unit's client certificate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mitmproxy import ctx
from mitmproxy.proxy.context import Context
from mitmproxy.tls import ClientHelloData, TlsData
from OpenSSL import SSL

from captures.gateway.journal import Journal
from captures.gateway.names import NameTable
from captures.gateway.settings import Treatment
from telltale.hosts import nearest


class Passage:
    """Goes by the name that the unit asks for (SNI), or by the one that the bench's DNS gave the address for.

    :param folder: for links to client certificates; mitmproxy looks for ``HOST.pem`` in a folder
    """

    def __init__(self, folder: Path, table: NameTable, journal: Journal) -> None:
        self._folder = folder
        self._table = table
        self._journal = journal
        self._rows: Mapping[str, Treatment] = {}
        self._turn = 0

    def treat(self, rows: Mapping[str, str]) -> None:
        """From now on connections to these hosts or ``*.endings`` are treated so.

        :param rows: ``open``, ``untouched``, or the path of a PEM file with client certificate and key
        """
        self._rows = {host: Treatment.of(word) for host, word in rows.items()}
        self._turn += 1  # a folder of its own: mitmproxy keeps what it has read of a path
        links = self._folder / str(self._turn)
        links.mkdir(mode=0o700, parents=True)
        ctx.options.update(client_certs=str(links))
        self._journal.write("access", rows={host: row.word for host, row in self._rows.items()})

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """A handshake with the unit begins; nothing of it has been answered yet."""
        host, row = self._row(data.context)
        if row is None:
            return
        if row.untouched:
            data.ignore_connection = True
            self._journal.write("handed through", connection=data.context.client.id, sni=data.context.client.sni)
        elif row.certificate is not None:
            link = Path(ctx.options.client_certs) / f"{host}.pem"
            if not link.is_symlink():
                link.symlink_to(row.certificate)

    def tls_start_client(self, data: TlsData) -> None:
        """Ask the unit for its certificate where its recipient would; one without is served as well."""
        _, row = self._row(data.context)
        if row is not None and row.certificate is not None and data.ssl_conn is not None:
            data.ssl_conn.get_context().set_session_id(b"telltale")  # without one, OpenSSL refuses to resume
            data.ssl_conn.set_verify(SSL.VERIFY_PEER, lambda *_: True)

    def _row(self, context: Context) -> tuple[str, Treatment | None]:
        host = context.client.sni
        if host is None and context.server.address is not None:
            host = self._table.name_of(context.server.address[0])
        if host is None or "/" in host:
            return "", None
        pattern = nearest(self._rows, host)
        return host, None if pattern is None else self._rows[pattern]
