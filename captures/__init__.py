"""What left the unit, and whether all of it was seen.

pcapng        packet captures as files
tap           the live capture: packets of every uplink, and the counters that say whether all of them are there
gateway       mitmproxy as the bench's gateway
decode        packets and TLS keys to transmissions, with the account of every byte
sightings     identities in transmissions, through encodings
"""
