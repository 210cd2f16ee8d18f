"""Encoded texts, forwards: what gives a reason to decode a run of digits that is not decoded unasked.

Traffic is full of short words that could be base64; decoding them all would cost more than everything else. So the
short encoded texts that could hold one of the run's values are written out and searched for, and a hit makes the
decoder look.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from urllib.parse import quote_from_bytes

from captures.sightings.runs import FLOOR
from captures.sightings.scanner import Needle

_LEAST = 3  # bytes; the hints of shorter values would be everywhere
_SAFE = bytes.maketrans(b"+/", b"-_")


def hints(values: Iterable[bytes], digests: Iterable[bytes]) -> Iterator[tuple[Needle, str]]:
    """Needles for runs that are not decoded unasked and hold one of *values*, each with the decoder that it calls.

    A value may have neighbours in the innermost run, and stands alone in those round it. Runs of hex digits may also
    hold one of *digests*.
    """
    for digest in digests:
        yield Needle(binascii.hexlify(digest), caseless=True), "hex"
        yield from ((Needle(digits, caseless=False), "base64") for digits in _aligned(digest))
    cases = (case for value in values for case in (value, value.lower(), value.upper()) if len(value) >= _LEAST)
    texts = list(dict.fromkeys(cases))
    seen = set(texts)
    for text in texts:  # grows while it is read, with the encodings of its own members
        yield from ((Needle(digits, caseless=False), "base64") for digits in _aligned(text))
        yield Needle(binascii.hexlify(text), caseless=True), "hex"
        for wrapped in _wrapped(text):
            if wrapped not in seen and _base64_length(len(wrapped)) < FLOOR:
                seen.add(wrapped)
                texts.append(wrapped)


def _base64_length(length: int) -> int:
    return -(-length * 8 // 6)


def _aligned(text: bytes) -> Iterator[bytes]:
    """The base64 digits that *text* alone determines, at each of the three places that it can begin at."""
    for skipped in range(3):
        digits = base64.b64encode(bytes(skipped) + text).rstrip(b"=")
        first = -(-skipped * 8 // 6)
        last = (skipped + len(text)) * 8 // 6
        yield from {digits[first:last], digits[first:last].translate(_SAFE)}


def _wrapped(text: bytes) -> Iterator[bytes]:
    encoded = base64.b64encode(text)
    yield from (encoded, encoded.rstrip(b"="), encoded.translate(_SAFE))
    digits = binascii.hexlify(text)
    yield from (digits, digits.upper(), quote_from_bytes(text, safe="").encode())
