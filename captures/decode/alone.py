"""Bytes that come without a conversation round them: one frame of a protocol, as somebody wrote it down."""

from __future__ import annotations

from captures.decode import datagrams, recognise
from captures.decode.flows import Datagram
from captures.decode.model import Exchange, Message, Scene, Side, Stream
from captures.decode.quic import Connections
from captures.decode.tls_keys import KeyLog


def read_alone(data: bytes, number: int) -> list[Message]:
    """The messages in *data*, as if a client had sent it and nothing else.

    :param number: its number among others, told as the packet that it came in
    """
    scene = Scene(keylog=KeyLog(), clock=None, quic=Connections(), read=recognise.read)
    sent = Stream(data, packets=(number,))
    exchange = Exchange(streams=(sent, Stream.empty()), unit=Side.CLIENT, scene=scene)
    if recognise.recognise(exchange) is recognise.RAW:
        for protocol in datagrams.DATAGRAM_PROTOCOLS:
            if protocol.looks_like(data):
                one = Datagram(side=Side.CLIENT, wall=0, packet=number, data=memoryview(data), missing=0)
                return protocol.parse([one], Side.CLIENT, scene).messages
    return recognise.read(Exchange(streams=(sent, Stream.empty()), unit=Side.CLIENT, scene=scene)).messages
