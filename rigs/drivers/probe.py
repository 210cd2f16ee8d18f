"""Asks the maker's cloud as the owner's app, or as anybody who has an address."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from rigs.protocols import Fetched
from telltale.errors import InputError, RigError

Dialler = Callable[[str, int], socket.socket]
"""Host and port to a connected socket; on a simulated rig it is made in the gateway's namespace."""


class HttpProbe:
    """One request a call, on a connection of its own: nothing is redirected, cached or tried again.

    :param connect: makes the connections; the host's own network if None
    :param authorities: PEM file of the authorities to trust; the host's own if None
    :param timeout: seconds for each step of a request
    :raises InputError: *authorities* cannot be read
    """

    def __init__(
        self, connect: Dialler | None = None, *, authorities: Path | None = None, timeout: float = 30.0
    ) -> None:
        self._connect = connect or (lambda host, port: socket.create_connection((host, port), timeout))
        self._timeout = timeout
        try:
            self._tls = ssl.create_default_context(cafile=str(authorities) if authorities else None)
        except (OSError, ssl.SSLError) as error:
            raise InputError(f"holds no certificate authorities: {error}", file=authorities) from None
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2  # some distributions leave it to OpenSSL's configuration

    def close(self) -> None:
        """Nothing is held between two requests."""

    def fetch(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: Literal["GET", "HEAD", "POST"] = "GET",
        body: bytes | None = None,
    ) -> Fetched:
        """One request and its answer, whatever its status.

        :raises InputError: *url* is not one of http or https
        :raises RigError: no complete answer: refused, timed out, cut off, or a certificate that nobody trusted signed
        """
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname
        if parts.scheme not in ("http", "https") or not host:
            raise InputError(f"`{url}` cannot be fetched, expected `https://host/path`")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection = http.client.HTTPConnection(host, port)
        try:
            sock = connection.sock = self._connect(host, port)
            peer = str(sock.getpeername()[0])
            sock.settimeout(self._timeout)
            if parts.scheme == "https":
                connection.sock = self._tls.wrap_socket(sock, server_hostname=host)
            asked = {"cache-control": "no-cache", "connection": "close", **(headers or {})}
            connection.request(method, target, body=body, headers=asked)
            with connection.getresponse() as response:
                content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise RigError(f"the probe got no answer to {method} {url}: {_reason(error)}") from None
        finally:
            connection.close()
        return Fetched(
            url=url,
            status=response.status,
            headers=tuple((name.lower(), value) for name, value in response.getheaders()),
            body=content,
            sha256=hashlib.sha256(content).hexdigest(),
            peer=peer,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return " ".join((str(error) or type(error).__name__).split())
