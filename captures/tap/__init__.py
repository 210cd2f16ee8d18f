"""The packet capture: a process of its own at the uplinks' interfaces, and the bench's handle on it.

tap        the process ``python -m captures.tap``; the only place that imports scapy, whose licence (GPL-2.0-only) and
           start-up time stay in it
PacketTap  the bench's handle
ring       packets as the kernel hands them over, in memory shared with it (TPACKET_V3)
window     from `PacketTap.begin` to `PacketTap.end`: one pcapng file and its counts
counts     equation 1 of the accounting: interface counters = captured + counted drops, per uplink
settled    nothing is under way between the interface and the file: the equation can be taken
"""

from captures.tap.counts import Tally, TapCounts, UplinkCounts
from captures.tap.handle import PacketTap

__all__ = ["PacketTap", "Tally", "TapCounts", "UplinkCounts"]
