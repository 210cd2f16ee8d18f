"""What mitmproxy does wrong and has no hook for, mended for the life of the process.

*Interim answers* (1xx, RFC 9110, section 15.2) of clouds that speak HTTP/1: mitmproxy takes one for the final answer
and then closes the connection on which the final one arrives. They are taken out of what the cloud sent before
mitmproxy reads it; the unit does not see them. (``Expect: 100-continue`` of the unit's mitmproxy answers itself.)

*Upgraded connections* (WebSocket) get mitmproxy's own raw layer: see `captures.gateway.raw` for why it is replaced.

*Versions of TLS* that OpenSSL may lack: mitmproxy asks for each in turn, and where pyOpenSSL raises for a missing one
(SSL 3 in OpenSSL 4) it stops in the middle of configuring itself.

Seen in mitmproxy 11.0 and 12.2, the last with OpenSSL 4; harmless where it is right.
"""

from __future__ import annotations

import functools
import re

from h11._receivebuffer import ReceiveBuffer  # the buffer that mitmproxy's layer reads from
from mitmproxy.net import tls
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers import tcp
from mitmproxy.proxy.layers.http import _http1
from OpenSSL import SSL

from captures.gateway.raw import RawLayer, Watch

_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9]{2}[ \r\n]")
"""Every 1xx but 101 Switching Protocols, which is final for HTTP."""


def mend(watch: Watch) -> None:
    """Once a process, before mitmproxy runs."""
    read, supports = _http1.Http1Client.read_headers, tls.is_supported_version

    def read_headers(self: _http1.Http1Client, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        if self.request is not None and isinstance(event, events.DataReceived):
            drop_interim(self.buf)
        yield from read(self, event)

    def is_supported_version(version: tls.Version) -> bool:
        try:
            return bool(supports(version))
        except SSL.Error:
            return False

    _http1.Http1Client.read_headers = read_headers  # type: ignore[method-assign]  # that is the mending
    tls.is_supported_version = is_supported_version  # type: ignore[assignment]  # that is the mending
    tcp.TCPLayer = functools.partial(RawLayer, watch=watch)  # type: ignore[assignment,misc]  # that is the mending


def drop_interim(buffer: ReceiveBuffer) -> int:
    """Take complete interim heads off the front of *buffer*; how many there were."""
    dropped = 0
    while _INTERIM.match(bytes(buffer)[:16]):
        if buffer.maybe_extract_lines() is None:
            break
        dropped += 1
    return dropped
