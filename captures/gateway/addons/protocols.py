"""What a connection carries: TLS is opened, HTTP is understood, everything else goes through byte by byte."""

from __future__ import annotations

import re

from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import HttpLayer, modes
from mitmproxy.proxy.layers.http import HTTPMode

from captures.gateway.raw import RawLayer, Watch
from captures.gateway.request_line import looks_like_http1

_RECORD_START = re.compile(rb"\x16\x03?")
_DNS_PORTS = (53, 5353)


class Protocols(NextLayer):
    """mitmproxy's own choice, but for clear text: it takes any text with a space in it for HTTP, and answers 400.

    An HTTP/2 connection without TLS (prior knowledge, RFC 9113, section 3.3) is raw too: mitmproxy does not speak it.
    """

    name = "nextlayer"  # where mitmproxy looks for it

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """mitmproxy asks for the next layer whenever more has arrived; leaving it unset waits for more."""
        if nextlayer.layer is None and _is_open_choice(nextlayer.context):
            unit, cloud = nextlayer.data_client(), nextlayer.data_server()
            if _RECORD_START.fullmatch(unit) and not cloud:
                return  # too short to tell, and a TLS connection taken for a raw one could not be opened any more
            if not starts_like_tls_record(unit):
                http = looks_like_http1(unit) and not cloud
                nextlayer.layer = (
                    HttpLayer(nextlayer.context, HTTPMode.transparent)
                    if http
                    else RawLayer(nextlayer.context, watch=self._watch)
                )
                return
        super().next_layer(nextlayer)


def _is_open_choice(context: Context) -> bool:
    """Whether nothing but the first bytes can tell: neither mode, ALPN nor port says what follows."""
    return (
        context.client.transport_protocol == "tcp"
        and not isinstance(context.layers[-1], modes.HttpProxy | modes.HttpUpstreamProxy | modes.ReverseProxy)
        and not context.client.alpn
        and not (context.server.address and context.server.address[1] in _DNS_PORTS)
    )
