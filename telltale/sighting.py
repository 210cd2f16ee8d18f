"""A data item found in a transmission."""

from __future__ import annotations

from dataclasses import dataclass, field

RECOGNISED = "recognised"
"""Form of a value that has the shape, or the field's name, of an item, and is none of the run's identities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """Where one value of one item was seen, and how it was written."""

    transmission: int
    """Index of the transmission."""
    item: str
    """Name in the taxonomy."""
    value: str = field(repr=False)
    """The identity's value, in clear: mask it before anything is printed or stored (`telltale.identity.masked`)."""
    form: str
    """One-way change: plain, md5, sha256, coarse …"""
    chain: tuple[str, ...] = ()
    """Reversible encodings from the outside in."""
    part: str
    offset: int
    """Byte offset, in the part, of the outermost encoded text that holds the value."""
    length: int
    """Bytes of that outermost encoded text."""
    precision: float | None = None
    """Metres, for positions; None elsewhere."""
    generated: int | None = None
    """Bench time at which the value was made, if the transmission tells, ns."""

    def describe(self) -> str:
        """``vin as base64 > gzip > sha256 in body bytes 12-45`` without the value."""
        how = " > ".join((*self.chain, self.form))
        return f"{self.item} as {how} in {self.part} bytes {self.offset}-{self.offset + self.length - 1}"
