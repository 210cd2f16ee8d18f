"""What the maker promised, as data, and whether what left the car kept it.

document      one published policy: its folder holds document, clauses, recipients and endpoints
clause        one commitment, with the document's section and our own words for it
modality      what a clause does: permit, forbid, erase, retain, transform, confine, oblige, respond, attest
reading       one way to understand what the document leaves open; every judgement is made under each
organisation  who receives: the maker, a processor, an authority
function      what the car does for people and data is sent for: ``weather``, ``sentry mode``
endpoint      host, path, channel or message type that the maker assigned to an organisation and a function
attribution   the endpoint row that a transmission meets, or none: *undeclared*
cover         default deny: a sighting complies only if a clause in force permits it and none forbids it
claim         what a scenario's Then says; judged over a *window* of transmissions into a judgement
gap           something that could not be seen; it turns complies into inconclusive, never violates into anything

The clauses are the document's, the endpoints the maker's interpretation, approved row by row: they are kept apart,
because a relabelled host could buy a pass. `judge`, `claims`, `erasure` and `difference` are pure functions over data.
"""

from policies.load import load_policy
from policies.model import Policy

__all__ = ["Policy", "load_policy"]
