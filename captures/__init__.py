"""What left the unit, and whether all of it was seen.

pcapng        packet captures as files
capturing     what every live capture has in common: a process of its own, a window, its file
tap           the live capture: packets of every uplink, and the counters that say whether all of them are there
relay         what stands in for the tap where the uplinks have no interface: a recording SOCKS relay
gateway       mitmproxy as the bench's gateway
decode        packets and TLS keys to transmissions, with the account of every byte
sightings     identities in transmissions, through encodings
"""
