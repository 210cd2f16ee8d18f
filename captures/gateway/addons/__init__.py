"""One behaviour of the gateway a file, as mitmproxy addons.

protocols      what a connection carries: TLS, HTTP, DNS, or raw
patience       silent connections are not cut
streaming      bodies are handed on at once and not kept
resolver       DNS answers from the bench's table
passage        recipients that are handed through unopened, or met with the unit's certificate
destinations   where the clouds really are, on a bench in the host's own network
tally          counts, and what is under way
pinning        clients that refuse the bench's certificate
chronicle      events for the journal
faults         what mitmproxy itself complains about
line           the bench's questions, and the end when it hangs up
"""
