"""What a bench that cannot open everything is unable to judge: one answer, given before a run and given after it.

*Access* is plain data, host or ``*.ending`` to how much of its traffic the bench can open; a host without a row is
opened. Of a recipient with ``metadata`` access the bench sees sizes, times and the name asked for, and no content.

A clause about a function that the maker's endpoint rows send to such a recipient cannot be judged, for nobody sees
whether its items are in there. That holds from the moment the rig is wired, so `limits` is asked by ``doctor`` for its
forecast, and by the judge for its reason; the two cannot part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from policies.model import Clause, Policy
from telltale.hosts import meets, nearest

Access = Mapping[str, str]
"""Host or ``*.ending`` to the word of its access."""

METADATA = "metadata"
OPENED = "intercept"
"""The access of every host without a row."""
ENCRYPTED = ("tls", "quic")
"""Channels of what was not opened."""
JUDGED = ("permit", "oblige", "forbid", "transform", "confine", "erase")
"""Modalities that the judge speaks about by what it sees of items; the others are modelled alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """A function that the bench cannot look into, at one of its recipients."""

    host: str
    function: str
    clauses: tuple[str, ...]
    """Those that name the function, that scenarios name, and that are judged by what is in the traffic."""

    @property
    def reason(self) -> str:
        """One sentence; the same in the forecast and in the verdict."""
        return (
            f"what goes to {self.host} for {self.function} stays closed to this rig, whose access to it is {METADATA}"
        )


def access_to(host: str, access: Access) -> str:
    """The access to *host*, by the most specific row."""
    row = nearest(access, host)
    return OPENED if row is None else access[row]


def is_closed(host: str, access: Access) -> bool:
    """Whether the bench sees metadata of *host* alone."""
    return access_to(host, access) == METADATA


def limits(policy: Policy, access: Access) -> tuple[Limit, ...]:
    """Every function with a recipient that stays closed, in the order of the endpoint rows.

    Endpoints that the policy declares ``opaque`` are none: their content is accepted unread.
    """
    found: dict[tuple[str, str], Limit] = {}
    for row in policy.endpoints:
        if row.host is None or row.opaque:
            continue
        for host in _closed(row.host, access):
            clauses = tuple(c.id for c in policy.clauses.values() if _is_judged_by_content(c, row.function, policy))
            found.setdefault((host, row.function), Limit(host=host, function=row.function, clauses=clauses))
    return tuple(found.values())


def limits_of(function: str, policy: Policy, access: Access) -> tuple[Limit, ...]:
    """Those of one function."""
    return tuple(limit for limit in limits(policy, access) if limit.function == function)


def limits_at(host: str, policy: Policy, access: Access) -> tuple[Limit, ...]:
    """Those at the recipient *host*, as a transmission names it; empty if it is open to the bench."""
    if not is_closed(host, access):
        return ()
    return tuple(limit for limit in limits(policy, access) if meets(limit.host, host))


def limits_for(items: Collection[str], policy: Policy, access: Access) -> tuple[Limit, ...]:
    """Those of functions that a permit lets carry one of *items*."""
    return tuple(
        limit
        for limit in limits(policy, access)
        if any(item in policy.clause(clause).items for clause in limit.clauses for item in items)
    )


def unobserved(exit_: str) -> str:
    """Why an absence cannot be shown on a bench that does not see what leaves by *exit_*."""
    return f"what leaves by {exit_} is not observed on this bench"


def _closed(host: str, access: Access) -> Iterator[str]:
    """What of an endpoint row's *host*, which may be an ending, is closed."""
    if is_closed(host, access):
        yield host
    elif host.startswith("*."):
        yield from (other for other, word in access.items() if word == METADATA and meets(host, other))


def _is_judged_by_content(clause: Clause, function: str, policy: Policy) -> bool:
    return (
        clause.untested is None
        and clause.modality in JUDGED
        and bool(clause.items)
        and any(function in clause.read_as(reading).functions for reading in policy.readings)
    )
