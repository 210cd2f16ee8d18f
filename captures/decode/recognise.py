"""Which protocol an exchange speaks, told by its first bytes and never by its port: one row a protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from captures.decode import dns, doip, fallback, gbt32960, http1, http2, jt808, mqtt, someip, tls, websocket
from captures.decode.model import MAX_DEPTH, WINDOW, Exchange, Reading, Side

_HEAD = 1 << 16
"""A recogniser sees this many bytes of either side."""
HELD = 2 * WINDOW
"""Most bytes of a conversation that a parser may leave unread."""


class Protocol(NamedTuple):
    """A row of the table."""

    name: str
    looks_like: Callable[[bytes, bytes], bool]
    """Given the first bytes of client and server."""
    parse: Callable[[Exchange], Reading]
    sliced: bool = False
    """Whether it can be parsed slice by slice (`Exchange.final`); else it waits until it is whole."""


PROTOCOLS = (
    Protocol("tls", tls.looks_like, tls.parse, sliced=True),
    Protocol("http2", http2.looks_like, http2.parse),
    Protocol("http1", http1.looks_like, http1.parse, sliced=True),
    Protocol("mqtt", mqtt.looks_like, mqtt.parse, sliced=True),
    Protocol("gbt32960", gbt32960.looks_like, gbt32960.parse),
    Protocol("jt808", jt808.looks_like, jt808.parse),
    Protocol("doip", doip.PROTOCOL.looks_like_stream, doip.PROTOCOL.parse),
    Protocol("dns", dns.looks_like, dns.parse),
    Protocol("someip", someip.PROTOCOL.looks_like_stream, someip.PROTOCOL.parse),
)
"""The first that fits is taken, so the surest signs come first."""


def read(exchange: Exchange) -> Reading:
    """Parse *exchange* as the protocol it looks like, else as raw bytes.

    What is not `final` may leave bytes unread, but not more than `HELD`: then it is read as it stands.
    """
    protocol = exchange.memory.protocol = recognise(exchange)
    if exchange.final:
        return protocol.parse(exchange)
    reading = protocol.parse(exchange) if protocol.sliced else Reading(consumed=(0, 0))
    done = reading.consumed or (len(exchange.streams[0]), len(exchange.streams[1]))
    left = [len(stream) - end for stream, end in zip(exchange.streams, done, strict=True)]
    if sum(left) > HELD or any(left[side] and exchange.over(side) for side in Side):
        rest = (exchange.streams[0].after(done[0]), exchange.streams[1].after(done[1]))
        reading.add(read(replace(exchange, streams=rest, final=True)))
        reading.notes.append(f"a conversation in {protocol.name} is too long to be held, and was read in pieces")
        exchange.memory.forget()
        done = (len(exchange.streams[0]), len(exchange.streams[1]))
    reading.consumed = done
    return reading


def recognise(exchange: Exchange) -> Protocol:
    """The protocol of *exchange*; ``raw`` where none fits, or too deep inside others."""
    if exchange.memory.protocol:
        return exchange.memory.protocol
    if exchange.depth <= MAX_DEPTH:
        if exchange.expected in UPGRADES:
            return UPGRADES[exchange.expected]
        client, server = (stream.data[:_HEAD] for stream in exchange.streams)
        for protocol in PROTOCOLS:
            if protocol.looks_like(client, server):
                return protocol
    return RAW


def read_after_gap(exchange: Exchange, before: Protocol) -> Reading:
    """Parse a run that follows a gap, where the connection spoke *before* until then."""
    return tls.parse_after_gap(exchange) if before.parse is tls.parse else read(exchange)


UPGRADES = {"websocket": Protocol("websocket", lambda _client, _server: False, websocket.parse)}
"""What an HTTP upgrade named, where the bytes alone say too little."""

RAW = Protocol("raw", lambda _client, _server: True, fallback.parse, sliced=True)
