"""The numbers of the formats, and what a capture consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

ETHERNET = 1
"""LINKTYPE_ETHERNET of the tcpdump.org link-layer registry."""
RAW_IP = 101
"""LINKTYPE_RAW: the packet begins with its IP header."""

# Block types, pcapng 4
SECTION_HEADER = 0x0A0D0D0A  # reads the same in both byte orders
INTERFACE_DESCRIPTION = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
NAME_RESOLUTION = 4
INTERFACE_STATISTICS = 5
ENHANCED_PACKET = 6
DECRYPTION_SECRETS = 10

BYTE_ORDER_MAGIC = 0x1A2B3C4D
TLS_KEY_LOG = 0x544C534B
"""Secrets type "TLSK", pcapng 4.7: NSS key log format."""

# Options, pcapng 3.5, 4.2, 4.3
END_OF_OPTIONS, IF_NAME, IF_DESCRIPTION, EPB_FLAGS, IF_TSRESOL, IF_TSOFFSET = 0, 2, 3, 2, 9, 14
ISB_RECEIVED, ISB_DROPPED = 4, 5  # pcapng 4.6
NRB_END, NRB_IPV4, NRB_IPV6 = 0, 1, 2  # pcapng 4.5
INBOUND, OUTBOUND = 1, 2  # epb_flags, bits 0 and 1, pcapng 4.3.1


@dataclass(slots=True)
class Packet:
    """One packet as it was seen on an interface."""

    number: int
    """Counts from 0 within the file."""
    wall: int
    """When it was seen, ns since 1970-01-01 UTC; 0 in a Simple Packet Block, which carries no time (pcapng 4.4)."""
    interface: str
    """The interface's name, empty where the file does not say (classic pcap)."""
    link_type: int
    """LINKTYPE number: what the first header is."""
    data: memoryview = field(repr=False)
    """The captured bytes, a view into the mapped file; ``bytes(packet.data)`` for a copy."""
    original_length: int
    """Bytes that the packet had on the interface; more than ``len(data)`` if the capture cut it."""
    outgoing: bool | None
    """Whether the capturing host sent it; None where the file does not say."""


@dataclass(frozen=True, slots=True)
class Interface:
    """Where packets were taken, pcapng 4.2."""

    name: str
    link_type: int = ETHERNET
    description: str = ""
