"""The shared nouns of a bench that checks what a car sends against what its maker promised.

unit          the device under test: T-Box, IVI, companion phone app
rig           the bench round a unit; simulated or real, behind the same protocols
uplink        a captured way out of the car (cellular, wifi)
stimulus      what the rig does to the unit
unit state    named facts that change over time, recorded as a *timeline*
identity      a value given to the unit for this run (VIN, account id …): the canary to look for
transmission  one thing that left the unit: a request, message, frame or datagram
sighting      a data item found in a transmission, with form, chain and byte range
policy        a declared document; a *clause* is one commitment of it, with id and section
reading       one way to understand an ambiguous clause
finding       one judgement: transmission, sighting, clauses and a reason
verdict       complies, violates or inconclusive

*Forms* are one-way (plain, md5, sha256, coarse …); the *chain* lists reversible encodings from the outside in
(base64 that holds gzip is ``("base64", "gzip")``). *Wall* time is the host's clock, *bench* time the rig's (perhaps
virtual); both are integers, nanoseconds since 1970-01-01 UTC.

This package imports nothing of ours.
"""
