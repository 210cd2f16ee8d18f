"""Engines by what they look for: compiling one takes longer than most trials search with it."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from captures.sightings import Engine
from telltale.identity import Identities, Identity


def engine_for(identities: Identities, *, by_name: Collection[str]) -> Engine:
    """The engine that finds *identities*, and vehicle data *by_name*; the same one for the same question.

    It belongs to one thread at a time.
    """
    return _engine(tuple(identities), identities.keys, frozenset(by_name))


@lru_cache(maxsize=2)  # of the run, and of the run with a VIN that the workshop wrote
def _engine(identities: tuple[Identity, ...], keys: tuple[bytes, ...], by_name: frozenset[str]) -> Engine:
    return Engine(Identities(list(identities), keys=keys), by_name=sorted(by_name))
