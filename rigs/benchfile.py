"""What a rig file says about running scenarios on a real bench, beside the addresses of its instruments."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from telltale.errors import InputError
from telltale.times import SECOND
from telltale.yamlfile import Duration, Strict, load

BOOT = 90 * SECOND


def _interface(text: str) -> str:
    try:
        return str(ipaddress.IPv4Interface(text))
    except ValueError:
        raise ValueError("expected an address of the uplink's segment with its prefix, `10.64.0.250/24`") from None


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"`{text}` is no IP address") from None


IpAddress = Annotated[str, AfterValidator(_ip)]


class ControlAddress(Strict):
    """Where control transmissions on an uplink come from: a client of the bench's own, on the unit's side of it."""

    address: Annotated[str, AfterValidator(_interface)] | None = None
    """For a client that the bench plugs into the uplink's bridge: a free address of that segment."""
    namespace: str | None = None
    """A network namespace (``ip netns``) that has an interface of its own on that segment."""

    @model_validator(mode="after")
    def _one(self) -> ControlAddress:
        if (self.address is None) == (self.namespace is None):
            raise ValueError("expected `address` (on a bridge of this host) or `namespace` (with its own interface)")
        return self


class BenchKeys(Strict):
    """Keys of a real rig's file; paths are relative to it."""

    identities: Path | None = None
    """What the unit under test is known by (`telltale.identity.Identities.load`); never generated for a real one."""
    accounts: Path | None = None
    """Bearer tokens of two accounts in the owner's app (`Accounts`); kept out of version control."""
    ca: Path | None = None
    """Folder of the bench's CA, which the unit trusts; made once by ``telltale ca FOLDER``."""
    authorities: Path | None = None
    """PEM file of authorities that the clouds' certificates are checked against, instead of the host's own."""
    boot: Duration = BOOT
    """How long the unit may take from power to its first answer."""
    names: dict[str, list[IpAddress]] = Field(default_factory=dict)
    """The bench's own DNS: name to addresses, and NXDOMAIN for any other; if empty, the unit's DNS passes through."""


class Accounts(Strict):
    """A file of bearer tokens."""

    owner: Annotated[str, Field(min_length=1)]
    other: Annotated[str, Field(min_length=1)]
    """Of an account that the car does not belong to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchFiles:
    """The same, with paths that are there."""

    boot: int
    """ns."""
    names: Mapping[str, list[str]]
    identities: Path | None = None
    accounts: Path | None = None
    ca: Path | None = None
    authorities: Path | None = None

    def tokens(self) -> dict[str, str]:
        """Account to token; empty without a file.

        :raises InputError: the file is not as it should be
        """
        return load(self.accounts, Accounts).model_dump() if self.accounts is not None else {}


def required(path: Path | None, key: str, mend: str, *, file: Path) -> Path:
    """*path*, which running scenarios takes. :raises InputError: the rig file *file* lacks the key"""
    if path is None:
        raise InputError(f"`{key}` is missing, which scenarios on a real rig need: {mend}", file=file, line=1)
    return path
