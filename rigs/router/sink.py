"""Where control transmissions arrive, behind the gateway: a web server of the bench's own on an uplink's address."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from rigs.sim.certificates import CloudAuthority

_LONGEST = 4096
"""Bytes of a control; more is no control."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take it, and say so."""
        self.rfile.read(min(int(self.headers.get("content-length", "0")), _LONGEST))
        self.send_response(204)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the capture is the record."""


class ControlSink:
    """Listens at *address* on a free port (`port`) until `close`, with a certificate of *authority* for *name*."""

    def __init__(self, address: str, *, authority: CloudAuthority, name: str) -> None:
        self._server = ThreadingHTTPServer((address, 0), _Handler)
        self._server.socket = authority.context_for(name, alpn=("http/1.1",)).wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.address = address
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="control sink", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
