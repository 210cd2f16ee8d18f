"""Bodies and messages are handed on at once and not kept: memory stays flat, and nothing waits in the gateway."""

from __future__ import annotations

from mitmproxy import http, tcp, udp


class Streaming:
    """Goes before whoever counts: `Tally` replaces ``stream`` by a function that looks at what passes."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request's head is complete."""
        flow.request.stream = True

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """An answer's head is complete."""
        assert flow.response
        flow.response.stream = True

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        """mitmproxy keeps every message of a raw connection in this list; one that keeps nothing replaces it."""
        flow.messages = _LastOnly()

    def udp_start(self, flow: udp.UDPFlow) -> None:
        """The same for datagrams."""
        flow.messages = _LastOnly()


class _LastOnly(list):  # type: ignore[type-arg]  # holds TCP or UDP messages
    """A list that forgets all but the newest, which is what the hooks look at."""

    def append(self, item: object) -> None:
        self[:] = [item]
