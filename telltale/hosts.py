"""Host names and the patterns that files of people write for them.

A pattern is a name or address (``ota.example.test``), ``*.example.test`` for every name below one, or ``*`` for all.
"""

from __future__ import annotations

from collections.abc import Iterable

ANY_HOST = "*"


def meets(pattern: str, host: str) -> bool:
    """Whether *host* is one that *pattern* means; case and the root's dot make no difference."""
    pattern, host = pattern.casefold(), host.casefold().removesuffix(".")
    if pattern == ANY_HOST:
        return True
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def nearest(patterns: Iterable[str], host: str) -> str | None:
    """The most specific of *patterns* that *host* meets: the name itself, else the longest ending, else ``*``."""
    met = [pattern for pattern in patterns if meets(pattern, host)]
    return max(met, key=lambda pattern: (not pattern.startswith("*"), len(pattern)), default=None)


def checked_pattern(text: str) -> str:
    """*text*, if it is a name, an address or ``*.ending``.

    :raises ValueError: it is none of them (a URL, a port, a star elsewhere)
    """
    rest = text.removeprefix("*.")
    if not rest or "*" in rest or "/" in rest or any(c.isspace() for c in rest) or rest.startswith("."):
        raise ValueError("expected a host, `ota.example.test`, or `*.example.test` for all below it")
    return text
