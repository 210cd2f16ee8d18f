"""One-way forms of a text: digests, with salt, with a key, and cut.

A digest is looked for as raw bytes: its hex or base64 text is undone by `captures.sightings.decoders` and becomes the
chain. A new digest is a row of `DIGESTS`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes

Digest = Callable[[bytes], bytes]


def _by_name(name: str) -> Digest:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).digest()


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())  # not every OpenSSL that Python is linked to has it
    digest.update(data)
    return digest.finalize()


DIGESTS: Mapping[str, Digest] = {
    "md5": _by_name("md5"),  # RFC 1321
    "sha1": _by_name("sha1"),  # FIPS 180-4, as are the next four
    "sha224": _by_name("sha224"),
    "sha256": _by_name("sha256"),
    "sha384": _by_name("sha384"),
    "sha512": _by_name("sha512"),
    "sha3-224": _by_name("sha3_224"),  # FIPS 202, as are the next three
    "sha3-256": _by_name("sha3_256"),
    "sha3-384": _by_name("sha3_384"),
    "sha3-512": _by_name("sha3_512"),
    "sm3": _sm3,  # GB/T 32905
}
"""One-way forms of a text, by name."""

SALTED = ("md5", "sha1", "sha256", "sm3")
"""Digests that are looked for with salt; of the others there would be too many to search for."""
JOINTS = ("", ":", "|", "-", "_", "&")
"""What stands between a value and its salt."""
KEYED = ("md5", "sha1", "sha256", "sha512")
"""Digests that are looked for with a key (RFC 2104)."""
SALTS = frozenset({"account_id", "android_id", "device_id", "oaid"})
"""Items that others are salted with."""

CUT = 8
"""Fewest bytes of a digest that is cut."""


class Cut(NamedTuple):
    """A stretch of a digest that gives it away on its own."""

    start: int
    data: bytes


def cuts(form: str, digest: bytes) -> Iterator[Cut]:
    """The beginning of a digest; of those most used the end; of MD5 the middle, ``hex[8:24]``, its usual short form."""
    yield Cut(0, digest[:CUT])
    if form in SALTED:
        yield Cut(len(digest) - CUT, digest[-CUT:])
    if form == "md5":
        yield Cut(4, digest[4:12])


def keyed(texts: Iterable[str], keys: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Forms and bytes of every text under every key."""
    for text in texts:
        for key in keys:
            for name in KEYED:
                yield f"hmac-{name}", hmac.digest(key, text.encode(), name)


def salted(text: str, salt: str, *, after: bool) -> Iterator[tuple[str, bytes]]:
    """Forms and bytes of a text joined to a salt, which stands *after* it or before it."""
    for joint in JOINTS:
        joined = f"{text}{joint}{salt}" if after else f"{salt}{joint}{text}"
        for name in SALTED:
            yield f"{name} salted", DIGESTS[name](joined.encode())
