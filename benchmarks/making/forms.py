"""One-way changes of a value: what leaves the car in place of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import NamedTuple

KEY = b"telltale-corpus-key"
"""The key of every HMAC here; a run has to be told it."""


class Given(NamedTuple):
    """What a form may be made of."""

    text: str
    salt: str
    """Another identity of the run."""


def _digest(name: str) -> Callable[[Given], bytes]:
    return lambda given: hashlib.new(name, given.text.encode()).digest()


def _salted(name: str, join: str) -> Callable[[Given], bytes]:
    return lambda given: hashlib.new(name, (given.text + join + given.salt).encode()).digest()


def _hmac(name: str) -> Callable[[Given], bytes]:
    return lambda given: hmac.new(KEY, given.text.encode(), name).digest()


DIGESTS: Mapping[str, Callable[[Given], bytes]] = {
    "md5": _digest("md5"),
    "sha1": _digest("sha1"),
    "sha224": _digest("sha224"),
    "sha256": _digest("sha256"),
    "sha384": _digest("sha384"),
    "sha512": _digest("sha512"),
    "sha3-256": _digest("sha3_256"),
    "sha3-512": _digest("sha3_512"),
    **({"sm3": _digest("sm3")} if "sm3" in hashlib.algorithms_available else {}),
}
"""Raw digests of the text in UTF-8."""

KEYED: Mapping[str, Callable[[Given], bytes]] = {
    "md5 salted": _salted("md5", ""),
    "sha1 salted": _salted("sha1", ":"),
    "sha256 salted": _salted("sha256", ""),
    "hmac-md5": _hmac("md5"),
    "hmac-sha1": _hmac("sha1"),
    "hmac-sha256": _hmac("sha256"),
}
"""Digests with something else in them."""

CUT: Mapping[str, Callable[[Given], bytes]] = {
    "sha256 truncated": lambda given: hashlib.sha256(given.text.encode()).digest()[:16],
    "sha1 truncated": lambda given: hashlib.sha1(given.text.encode(), usedforsecurity=False).digest()[:8],
}
"""The first bytes of a digest."""


def rest(form: str, given: Given) -> bytes:
    """What a cut digest would go on with; nothing for another form."""
    if form not in CUT:
        return b""
    return DIGESTS[form.split(maxsplit=1)[0]](given)[len(CUT[form](given)) :]


def masked(item: str, text: str) -> str | None:
    """As people are shown it: ``138****8000``; None where the item is never masked so."""
    keep = {"phone_number": (3, 4), "vin": (3, 4), "id_card_number": (6, 4)}.get(item)
    if keep is None:
        return None
    return text[: keep[0]] + "*" * (len(text) - sum(keep)) + text[-keep[1] :]


def truncated(item: str, text: str) -> str | None:
    """The last characters of a long value, which still tell it."""
    return text[-8:] if item in {"vin", "imei", "iccid", "oaid"} else None
