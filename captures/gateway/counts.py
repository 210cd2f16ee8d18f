"""What the gateway has seen so far, and whether anything is under way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayCounts:
    """Since the gateway's start. Connections are TCP connections on the unit side."""

    opened: int
    closed: int
    handed_through: int
    """TLS connections that were not opened, because the bench was told so for their recipient."""
    requests: int
    """HTTP requests whose head was complete."""
    answered: int
    """HTTP requests whose answer was complete."""
    body_bytes_up: int
    """Bytes of request bodies that were handed on to the clouds, framing taken off."""
    body_bytes_down: int
    raw_messages_up: int
    """Reads from the unit on connections that are handed through byte by byte."""
    raw_messages_down: int
    raw_bytes_up: int
    raw_bytes_down: int
    dns_queries: int
    tls_failures: int
    """Handshakes that failed, on either side."""
    pinned: int
    """Connections whose client refused the bench's certificate by an alert."""
    perhaps_pinned: int
    """Connections whose client hung up in the handshake, or after it without a word, as pinned clients do too."""
    errors: int
    """What went wrong beside that: connects refused, exchanges cut off, faults of mitmproxy itself."""
    under_way: int
    """Requests without their whole answer, handshakes and connects to clouds that are not finished."""
    unsent: int
    """Bytes that the gateway has taken and not yet been able to hand on."""
    quiet: float
    """Seconds since anything last happened."""

    @property
    def open(self) -> int:
        """Connections still open."""
        return self.opened - self.closed

    @property
    def idle(self) -> bool:
        """Nothing is under way; a silent keep-alive connection is idle."""
        return self.under_way == 0 and self.unsent == 0
