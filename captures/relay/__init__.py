"""The recording relay: what stands in for the packet tap where the uplinks have no interface of their own.

relay     the process ``python -m captures.relay``: a SOCKS port for each uplink, on 127.0.0.1, before the gateway
Relay     the bench's handle
segments  a relayed connection as the TCP segments that a tap would have seen
tape      from `Relay.begin` to `Relay.end`: one pcapng file. What cannot be recorded is not relayed
counts    equation 1 of the accounting, as far as it goes here: relayed bytes = recorded bytes, per uplink

The packets are written by us and not by a kernel: connections, bytes, their order and times are as they were, the
cutting into segments is not. The unit is where it came from (127.0.0.1, or the address of a control unit behind
it), and a destination that was asked for by name (RFC 1928, section 5) has an address made up for it, which a Name
Resolution Block tells.
"""

from captures.relay.counts import RelayCounts, RelayedUplink
from captures.relay.handle import Relay
from captures.relay.segments import unit_at

__all__ = ["Relay", "RelayCounts", "RelayedUplink", "unit_at"]
