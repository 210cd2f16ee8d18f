"""The values given to the unit for one run, to be looked for in everything that leaves it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from telltale.errors import InputError, near_miss
from telltale.items import taxonomy
from telltale.wellformed import doubt, misspelt
from telltale.yamlread import read

Position = tuple[float, float]
"""Latitude and longitude, degrees, WGS-84."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """One value of one item: text, a position, or the bytes of a piece of media."""

    item: str
    value: str | Position | bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The value as text, for sightings; a position is ``39.904200,116.407400``, media is named by its size."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, bytes):
            return f"{len(self.value)} bytes"
        return f"{self.value[0]:.6f},{self.value[1]:.6f}"


KEYS = "keys"
"""In an identities file: keys that the values may be hashed with (HMAC), which are no item."""


class Identities:
    """All identities of a run, by item.

    :param keys: keys that the unit is known to hash values with (RFC 2104)
    """

    def __init__(
        self,
        identities: Iterator[Identity] | list[Identity],
        *,
        keys: Sequence[bytes] = (),
        doubts: Sequence[str] = (),
    ) -> None:
        self._all = tuple(identities)
        self.keys = tuple(keys)
        self.doubts = tuple(doubts)
        """What speaks against some of them without being an error, a line each with its place; to be told."""

    def __iter__(self) -> Iterator[Identity]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def of(self, item: str) -> tuple[Identity, ...]:
        """Every identity of one item, in the order given."""
        return tuple(identity for identity in self._all if identity.item == item)

    def first(self, item: str) -> Identity:
        """:raises KeyError: the run has no identity of that item"""
        for identity in self._all:
            if identity.item == item:
                return identity
        raise KeyError(item)

    def with_(self, *more: Identity) -> Identities:
        """These and more."""
        return Identities([*self._all, *more], keys=self.keys, doubts=self.doubts)

    @classmethod
    def load(cls, path: Path) -> Identities:
        """Read an identities file: a mapping from item to a value or a list of values; `KEYS` stand beside the items.

        :raises InputError: unknown item (with near-misses), or a value of the wrong shape, with file and line
        """
        data, lines = read(path)
        if not isinstance(data, Mapping) or not data:
            raise InputError("holds no identities; write e.g. `vin: LSV…`", file=path, line=1)
        found: list[Identity] = []
        keys: list[bytes] = []
        doubts: list[str] = []
        for item, given in data.items():
            line = lines.get((str(item),))
            if item not in taxonomy() and item != KEYS:
                known = [*taxonomy(), KEYS]
                raise InputError(f"unknown item `{item}`" + near_miss(str(item), known), file=path, line=line)
            for index, value in enumerate(given if isinstance(given, list) else [given]):
                line = lines.get((str(item), index), line)
                try:
                    if item == KEYS:
                        keys.append(_key(value))
                    else:
                        found.append(Identity(item=item, value=_value(item, value, path.parent)))
                        if why := doubt(item, found[-1].text):
                            doubts.append(f"{path}:{line}: warning: `{item}`: {why}")
                except ValueError as error:
                    raise InputError(f"`{item}`: {error}", file=path, line=line) from None
        if not found:
            raise InputError("holds keys, and no identity that they could hash", file=path, line=1)
        return cls(found, keys=keys, doubts=doubts)


def _value(item: str, given: object, folder: Path) -> str | Position | bytes:
    kind = taxonomy()[item].kind
    if kind == "position":
        if not isinstance(given, Mapping) or set(given) != {"lat", "lon"}:
            raise ValueError("expected a position, `{lat: 39.9042, lon: 116.4074}`")
        latitude, longitude = float(given["lat"]), float(given["lon"])
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise ValueError("latitude lies within ±90 and longitude within ±180 degrees")
        return latitude, longitude
    if kind == "media":
        if not isinstance(given, str):
            raise ValueError("expected the path of a media file")
        try:
            return (folder / given).read_bytes()
        except OSError as error:
            raise ValueError(f"the media file cannot be read: {error.strerror}: {given}") from None
    if isinstance(given, str | int) and not isinstance(given, bool) and str(given).strip():
        if why := misspelt(item, str(given)):
            raise ValueError(why)
        return str(given)
    raise ValueError("expected text; put quotes round a value that YAML reads as something else")


def _key(given: object) -> bytes:
    """A key as text, or its bytes as hex or base64."""
    if isinstance(given, Mapping) and len(given) == 1:
        (writing, text), *_ = given.items()
        if writing in _WRITINGS and isinstance(text, str) and text:
            try:
                return _WRITINGS[writing](text)
            except (ValueError, binascii.Error):
                raise ValueError(f"one of them is no {writing}") from None  # the key itself is never shown
    elif isinstance(given, str | int) and not isinstance(given, bool) and str(given):
        return str(given).encode()
    raise ValueError("expected a key as text, `{hex: 0a1b…}` or `{base64: …}`; put quotes round digits")


_WRITINGS: Mapping[str, Callable[[str], bytes]] = {
    "hex": bytes.fromhex,
    "base64": lambda text: base64.b64decode(text, validate=True),
}


def masked(value: str) -> str:
    """*value* with its middle hidden, safe to print: ``LSV•••••••••••234``; short values are hidden whole."""
    if len(value) < 8:
        return "•" * len(value)
    keep = 3 if len(value) >= 12 else 2
    return value[:keep] + "•" * (len(value) - 2 * keep) + value[-keep:]
