"""mitmproxy as the bench's gateway: every uplink of the unit ends here, and is forwarded to the clouds.

gateway       the bench's handle: starts the process, asks it, ends it
process       what runs in that process: mitmproxy's master with the few addons that a gateway needs
authority     the bench's CA, where it is kept from run to run
settings      what the bench tells the process at its start, kept in the run's folder
names         the table behind the bench's DNS
counts        what the gateway has seen so far, and whether anything is under way
journal       events as JSON lines, as they happen
request_line  whether a connection begins as HTTP
raw           connections that are handed through byte by byte
mending       what mitmproxy does wrong and has no hook for
addons        one behaviour a file

*Unit side* is the connection between unit and gateway, *upstream* the one between gateway and cloud. A connection is
*raw* when it is handed through byte by byte. A client is *pinned* when it refuses the bench's certificate.

What the gateway says is a help, never the evidence: that is the packets and the TLS keys (``Gateway.keylog``).
"""

from captures.gateway.counts import GatewayCounts
from captures.gateway.gateway import Gateway
from captures.gateway.settings import Treatment

__all__ = ["Gateway", "GatewayCounts", "Treatment"]
