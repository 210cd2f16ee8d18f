"""Which identities stand in a transmission, in which form, and in which bytes.

form         a one-way change of a value: ``plain``, ``md5``, ``sha256 salted``, ``masked``, ``coarse`` (`forms`)
chain        the reversible encodings round it, from the outside in (`decoders`)
pattern      a byte string that a form of an identity takes
layer        bytes that are searched: a part as sent, or what one decoder made of another layer (`layers`)
piece        a stretch of a layer that was decoded from one text
reason       why a decoder looks at a place: a *hint*, an encoded value or a magic that is searched for (`hints`), or
             the look of a stretch (`skims`)
guard        the company that a value with little information needs (`information`)
footage      a piece of media in a transmission, the run's own or any other, out of its encodings
gap          what a limit left unsearched

Values are encoded forwards and searched for, traffic decoded backwards where there is a reason: they meet in the
middle. Positions are numbers and have their own module, as has media. Pure functions over plain data; nothing here
reads or writes anything.
"""

from captures.sightings.engine import Engine, Examination, Footage

__all__ = ["Engine", "Examination", "Footage"]
