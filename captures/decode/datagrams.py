"""UDP flows, and packets of IP protocols that nothing here knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from captures.ciphertext import ENCRYPTED, looks_encrypted
from captures.decode import coap, dhcp, dns, doip, dtls, jt808, ntp, radius, sip, someip
from captures.decode.flows import Conversation, Datagram
from captures.decode.link import FRAGMENTS, UDP
from captures.decode.model import Message, Place, Reading, Scene, Side
from telltale.transmission import Part


class DatagramProtocol(NamedTuple):
    """A row of the table."""

    name: str
    looks_like: Callable[[bytes], bool]
    """Given a datagram."""
    parse: Callable[[list[Datagram], Side, Scene], Reading]
    """Given all datagrams of a flow, and which side the unit is."""


DATAGRAM_PROTOCOLS = (
    DatagramProtocol("dns", dns.looks_like_datagram, dns.parse_datagrams),
    DatagramProtocol("dtls", dtls.looks_like, dtls.parse),
    DatagramProtocol("dhcp", dhcp.looks_like, dhcp.parse),
    DatagramProtocol("sip", sip.looks_like, sip.parse),
    DatagramProtocol("radius", radius.looks_like, radius.parse),
    DatagramProtocol("ntp", ntp.looks_like, ntp.parse),
    DatagramProtocol("jt808", jt808.looks_like_datagram, jt808.parse_datagrams),
    DatagramProtocol("doip", doip.PROTOCOL.looks_like, doip.PROTOCOL.parse_datagrams),
    DatagramProtocol("someip", someip.looks_like_datagram, someip.PROTOCOL.parse_datagrams),
    DatagramProtocol("coap", coap.looks_like, coap.parse),
    DatagramProtocol("dhcpv6", dhcp.looks_like_v6, dhcp.parse_v6),
)
"""The first that fits is taken, and kept to for the rest of the flow. QUIC comes before all: its flows go on where
connections have moved to."""
_QUIC = "quic"


def read(conversation: Conversation, scene: Scene) -> Reading:
    """Parse a flow as the protocol that its first datagrams look like, else each as raw bytes."""
    if conversation.protocol != UDP:
        return _raw(conversation)
    if is_quic(conversation) or scene.quic.looks_like(conversation.datagrams):
        conversation.spoken = _QUIC
        return scene.quic.parse(conversation.datagrams, conversation.unit, scene, flow=conversation.number)
    heads = [bytes(one.data) for one in conversation.datagrams[:4]]
    for protocol in DATAGRAM_PROTOCOLS:
        if conversation.spoken == protocol.name or any(protocol.looks_like(head) for head in heads):
            conversation.spoken = protocol.name
            return protocol.parse(conversation.datagrams, conversation.unit, scene)
    return _raw(conversation)


def is_quic(conversation: Conversation) -> bool:
    """Whether what was read of a flow so far is QUIC."""
    return conversation.spoken == _QUIC


def _raw(conversation: Conversation) -> Reading:
    reading = Reading()
    if conversation.protocol == UDP:
        channel, what = "udp", "in a datagram"
    elif conversation.protocol == FRAGMENTS:
        channel, what = "ip", "of IP fragments"
    else:
        channel, what = "ip", f"of IP protocol {conversation.protocol}"
    for one in conversation.datagrams:
        data = bytes(one.data)
        opaque = ENCRYPTED if looks_encrypted(data) else None
        tally = reading.tallies[one.side]
        if opaque:
            tally.opaque[opaque] += len(data)
        else:
            tally.decoded += len(data)
        if one.side is conversation.unit:
            place = Place(one.wall, one.packet)
            reading.messages.append(
                Message(
                    channel=channel,
                    first=place,
                    last=place,
                    summary=f"{len(data)} bytes {what}",
                    kind="" if channel == "udp" else str(conversation.protocol),
                    parts=(Part(name="payload", data=data, opaque=opaque),),
                    complete=not one.missing,
                )
            )
    return reading
