"""Packet captures on disk: pcapng and classic pcap in, pcapng out.

CaptureFile    a capture to be read: its packets, interfaces and TLS keys, and whether it was cut off
Packet         one packet as it was seen on an interface
Interface      where packets were taken
PcapngWriter   a capture being written

Formats: draft-ietf-opsawg-pcapng (its sections are cited as "pcapng 4.3") and draft-ietf-opsawg-pcap. Files are
memory-mapped and packets are views into them, so that a million packets are a matter of seconds and not of memory.
What a killed writer leaves behind, a cut tail, ends the packets and is told; it is never an exception.
"""

from captures.pcapng.blocks import ETHERNET, RAW_IP, Interface, Packet
from captures.pcapng.reader import CaptureFile, is_classic, is_pcapng, read_packets
from captures.pcapng.writer import PcapngWriter

__all__ = [
    "ETHERNET",
    "RAW_IP",
    "CaptureFile",
    "Interface",
    "Packet",
    "PcapngWriter",
    "is_classic",
    "is_pcapng",
    "read_packets",
]
