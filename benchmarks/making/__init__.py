"""Traffic whose every byte is known, for the benchmarks of captures and sightings. It shares no code with them.

values      the identities of an imagined car and its driver, from a seed
forms       one-way changes
links       reversible encodings, each of which says where the value is afterwards
carriers    what a message looks like round it
cases       one value in one form, chain and carrier, with the truth beside it
benign      traffic that holds no identity of the run
wire        messages as packets and as HAR
"""
