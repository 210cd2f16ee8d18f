"""The bench as the router of its uplinks: what it changes on its host, each taken back by the kernel however it ends.

redirect   sends all TCP that arrives on the uplinks to the gateway; a table of nftables that the kernel drops with us
station    a client of the bench's own on an uplink's segment, in a network namespace that vanishes with us
sink       where the station's control transmissions arrive, behind the gateway
host       what this host must allow and have, and the mend where it does not

Segments, addresses and leases (a test cell's core, an access point, dnsmasq) are the engineer's and stay as they are.
"""
