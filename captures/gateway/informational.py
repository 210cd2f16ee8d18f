"""Interim answers (1xx, RFC 9110, section 15.2) of clouds that speak HTTP/1.

mitmproxy 11 takes an interim answer for the final one and then closes the connection on which the final one arrives.
Here they are taken out of what the cloud sent before mitmproxy reads it; the unit does not see them. An ``Expect:
100-continue`` of the unit's is answered by mitmproxy itself.
"""

from __future__ import annotations

import re

from h11._receivebuffer import ReceiveBuffer  # the buffer that mitmproxy's layer reads from
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers.http import _http1

_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9]{2}[ \r\n]")
"""Every 1xx but 101 Switching Protocols, which is final for HTTP."""


def skip_interim_answers() -> None:
    """Teach mitmproxy's HTTP/1 client, for the life of this process."""
    read = _http1.Http1Client.read_headers

    def read_headers(self: _http1.Http1Client, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        if self.request is not None and isinstance(event, events.DataReceived):
            drop_interim(self.buf)
        yield from read(self, event)

    _http1.Http1Client.read_headers = read_headers  # type: ignore[method-assign]  # there is no hook for it


def drop_interim(buffer: ReceiveBuffer) -> int:
    """Take complete interim heads off the front of *buffer*; how many there were."""
    dropped = 0
    while _INTERIM.match(bytes(buffer)[:16]):
        if buffer.maybe_extract_lines() is None:
            break
        dropped += 1
    return dropped
