"""How a simulated unit speaks TLS with whom: whose root it trusts, with which key, and what it writes down."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from aioquic.quic.configuration import QuicConfiguration

from rigs.sim.unit.message import SendError
from telltale.hosts import nearest


class TlsSettings:
    """TLS contexts by host.

    :param rows: host pattern to the ``tls`` row of the unit file, as plain data; a host without one has its defaults
    :param maker: PEM file of the maker's own root, which every unit trusts; None: there is none
    :param bench: PEM file of the bench's authority, which a unit trusts unless it is pinned
    :param keys: client keys with their certificates (PEM) by ``exportable`` and ``hsm``
    :param flash: folder in which key logs are kept, over power-off as well
    :param on_keys: told the path (as the unit names it) and the content of a key log that has grown
    """

    def __init__(
        self,
        rows: Mapping[str, Mapping[str, Any]],
        *,
        bench: Path | None,
        maker: Path | None,
        keys: Mapping[str, str],
        flash: Path,
        on_keys: Callable[[str, bytes], None],
    ) -> None:
        self._rows = rows
        self._bench = bench
        self._maker = maker
        self._keys = keys
        self._flash = flash
        self._on_keys = on_keys
        self._logs: dict[str, TextIO] = {}
        self._contexts: dict[tuple[str | None, str | None], ssl.SSLContext] = {}

    def context(self, host: str, alpn: str | None) -> ssl.SSLContext:
        """For a connection to *host* that is to speak *alpn*. :raises SendError: the unit trusts nobody"""
        row = nearest(self._rows, host)
        if (row, alpn) not in self._contexts:
            self._contexts[row, alpn] = self._new(self._rows[row] if row is not None else {}, alpn)
        return self._contexts[row, alpn]

    def established(self, host: str) -> None:
        """A handshake with *host* is over, and its keys are written down."""
        row = nearest(self._rows, host)
        if row is not None and (log := self._rows[row]["key log"]):
            self._tell(log)

    def tell_all(self) -> None:
        """Show the key logs, with what earlier boots have left in them."""
        for log in {row["key log"] for row in self._rows.values()} - {None}:
            self._made(log).touch()
            self._tell(log)

    def _tell(self, log: str) -> None:
        self._on_keys(log, self._file(log).read_bytes())

    def _file(self, log: str) -> Path:
        return self._flash / log.strip("/").replace("/", "_")

    def quic(self, host: str, alpn: str) -> QuicConfiguration:
        """The same for QUIC, which shows no client key here. :raises SendError: the unit trusts nobody"""
        pattern = nearest(self._rows, host)
        row = self._rows[pattern] if pattern is not None else {}
        roots = b"".join(root.read_bytes() for root in self._roots(row))
        configuration = QuicConfiguration(alpn_protocols=[alpn], server_name=host, cadata=roots)
        if log := row.get("key log"):
            if log not in self._logs:
                self._logs[log] = self._made(log).open("a", encoding="ascii", buffering=1)
            configuration.secrets_log_file = self._logs[log]
        return configuration

    def _roots(self, row: Mapping[str, Any]) -> list[Path]:
        pinned = row.get("trusts") == "maker"
        roots = [root for root in (self._maker, None if pinned else self._bench) if root is not None]
        if not roots:
            raise SendError("the unit was given no certificate authority to trust")
        return roots

    def _new(self, row: Mapping[str, Any], alpn: str | None) -> ssl.SSLContext:
        first, *more = self._roots(row)
        context = ssl.create_default_context(cafile=str(first))
        for root in more:
            context.load_verify_locations(str(root))
        if alpn:
            context.set_alpn_protocols([alpn])
        if key := row.get("key"):
            _load(context, self._keys[key])
        if log := row.get("key log"):
            context.keylog_filename = str(self._made(log))
        return context

    def _made(self, log: str) -> Path:
        self._flash.mkdir(parents=True, exist_ok=True)
        return self._file(log)


def _load(context: ssl.SSLContext, pem: str) -> None:
    """``load_cert_chain`` takes nothing but a path; this one leads to memory, so that no key touches a disk."""
    memory = os.memfd_create("telltale-client-key")
    try:
        os.write(memory, pem.encode())
        context.load_cert_chain(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)
