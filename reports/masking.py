"""Identities hidden, in whatever shape they stand: a report shows that something left, never the value itself.

Whole values are searched for in clear, in hex and in base64; NMEA sentences lose the fine digits of their position.
Marked bytes of a sighting decode to an identity however they are written, so they are hidden by place, not by search.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from telltale.identity import masked

DOT = "•"
_SHORTEST = 4
"""Characters of the shortest value that is searched for: shorter ones would blot out what only looks like them."""
_NMEA = re.compile(r"(?<![\d.])(\d{2,3})\d{2}\.\d+(?=,[NSEW],)")
"""Latitude ``ddmm.mmmm`` or longitude ``dddmm.mmmm`` before its hemisphere (NMEA 0183, GGA and RMC)."""


def mask_all(text: str, secrets: Iterable[str]) -> str:
    """*text* with every secret masked, in clear, in hex and in base64, whatever its case.

    Longer shapes go first, so that a secret inside another is caught whole.
    """
    for pattern in _patterns(tuple(sorted(set(secrets)))):
        text = pattern.sub(lambda found: masked(found[0]), text)
    return _NMEA.sub(lambda found: found[1] + DOT * (len(found[0]) - len(found[1])), text)


@lru_cache(maxsize=64)
def _patterns(secrets: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    shapes: dict[str, int] = {}
    for secret in secrets:
        if len(secret) < _SHORTEST:
            continue
        shapes[re.escape(secret)] = re.IGNORECASE
        data = secret.encode()
        shapes[r"[\s:-]?".join(f"{byte:02x}" for byte in data)] = re.IGNORECASE
        for text in _base64_cores(data):
            shapes[re.escape(text)] = re.NOFLAG
    return tuple(re.compile(shape, flags) for shape, flags in sorted(shapes.items(), key=lambda s: -len(s[0])))


def _base64_cores(data: bytes) -> set[str]:
    """What base64 makes of *data* at each of the three alignments, without the characters that its neighbours share."""
    cores = set()
    for lead in range(3):
        text = base64.b64encode(bytes(lead) + data).decode().rstrip("=")
        shared_start = -(-lead * 8 // 6)  # characters with a bit of what stands before
        whole = (lead + len(data)) * 8 // 6  # characters with no bit of what comes after
        core = text[shared_start:whole]
        if len(core) >= _SHORTEST:
            cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores


def printable(text: str) -> str:
    """*text* without what a terminal or a page would obey: control characters, escapes, turns of the reading direction.

    Each of them stands as U+FFFD, and so does what is no character at all.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def mask_bytes(data: bytes) -> list[str]:
    """Hex of each byte with the middle hidden: of eight bytes and more the first and last stay, of fewer none."""
    shown = [f"{byte:02x}" for byte in data]
    keep = 2 if len(data) >= 12 else 1 if len(data) >= 8 else 0
    return [pair if i < keep or i >= len(data) - keep else DOT * 2 for i, pair in enumerate(shown)]
