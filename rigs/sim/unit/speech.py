"""What a unit file says of how the unit speaks: its TLS with each host, and the clock that stamps what it says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from telltale.hosts import ANY_HOST, checked_pattern
from telltale.yamlfile import Duration, Strict


def _pattern(text: str) -> str:
    return text if text == ANY_HOST else checked_pattern(text)


Host = Annotated[str, AfterValidator(_pattern)]
"""A name, ``*.ending``, or ``*`` for every one."""


class Tls(Strict):
    """How the unit speaks TLS with a host."""

    key: Literal["exportable", "hsm"] | None = None
    """The client key that it shows when asked: it can be copied to the bench, or it never leaves the unit."""
    trusts: Literal["bench", "maker"] = "bench"
    """``maker``: the maker's root alone (pinned). ``bench``: the bench's authority as well, which was installed."""
    key_log: Annotated[str, Field(pattern="^/.*[^/]$")] | None = None
    """Absolute path on the unit at which an engineering build writes down its TLS keys (RFC 9850)."""


class OwnClock(Strict):
    """The unit's clock, which it tells over ADB and by which it stamps what it makes."""

    ahead: Duration = 0
    """Of the true time."""
    behind: Duration = 0
