"""What a vehicle file says of a unit's diagnosis (ISO 14229-1 over ISO 15765-2), and the names of faults. No I/O."""

from __future__ import annotations

import re
import subprocess
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from telltale.errors import InputError
from telltale.yamlfile import Strict

CanId = Annotated[int, Field(ge=0, le=0x1FFFFFFF)]
"""An identifier of more than eleven bits is an extended one."""
VIN = "VIN"
VIN_ID = 0xF190
"""vinDataIdentifier (ISO 14229-1:2020, table C.1)."""
KEY_SECONDS = 10

_FAULT = re.compile(r"(?P<area>[PCBU])(?P<digits>[0-3][0-9A-F]{3})(?:-(?P<kind>[0-9A-F]{2}))?")
_AREAS = "PCBU"


def _fault_code(code: str) -> str:
    fault_number(code)
    return code


class Identifier(Strict):
    """A data identifier."""

    id: Annotated[int, Field(ge=0, le=0xFFFF)]
    form: Literal["text", "hex", "number"] = "text"
    """Of its bytes: ASCII, any bytes, or an unsigned number, the highest byte first."""

    def decoded(self, data: bytes) -> str:
        """The bytes for people."""
        if self.form == "text":
            return data.decode("ascii", errors="backslashreplace").rstrip("\0 ")
        return data.hex() if self.form == "hex" else str(int.from_bytes(data, "big"))

    def encoded(self, value: str) -> bytes:
        """The bytes of a value that `decoded` told.

        :raises InputError: it is none; a number cannot be written, for its length is not known
        """
        try:
            if self.form != "number":
                return value.encode("ascii") if self.form == "text" else bytes.fromhex(value)
        except ValueError:
            pass
        raise InputError(f"`{value}` cannot be written to the data identifier {self.id:04X} as {self.form}")


class Security(Strict):
    """How a key is made from a seed (SecurityAccess, ISO 14229-1:2020, 10.4): makers keep that to themselves."""

    level: Annotated[int, Field(ge=1, le=0x7D)] = 1
    """The odd sub-function that asks for the seed."""
    mask: Annotated[int, Field(ge=0)] | None = None
    """The key is the seed XOR this."""
    program: list[str] | None = Field(default=None, min_length=1)
    """Or what this program prints, in hex, given the seed in hex as its last argument."""

    @model_validator(mode="after")
    def _one(self) -> Security:
        if (self.mask is None) == (self.program is None):
            raise ValueError("expected `mask` or `program`, which makes the key")
        if not self.level % 2:
            raise ValueError("`level` is odd; the key is sent with the even one that follows")
        return self

    def key(self, seed: bytes) -> bytes:
        """The key for *seed*. :raises InputError: the program fails, or prints no hex"""
        if self.mask is not None:
            whole = (1 << 8 * len(seed)) - 1
            return ((int.from_bytes(seed, "big") ^ self.mask) & whole).to_bytes(len(seed), "big")
        command = [*(self.program or ()), seed.hex()]
        try:
            told = subprocess.run(command, capture_output=True, text=True, timeout=KEY_SECONDS, check=True).stdout
            return bytes.fromhex(told.strip())
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise InputError(f"`{command[0]}` makes no key: {' '.join(str(error).split())}") from None


class Diagnosis(Strict):
    """The unit's diagnosis over CAN."""

    request: CanId
    """What the tester sends with."""
    response: CanId
    identifiers: dict[str, Identifier] = Field(default_factory=dict)
    """Data identifiers by name, beside ``VIN``."""
    bus_faults: list[Annotated[str, AfterValidator(_fault_code)]] = Field(default_factory=list)
    """Codes that the unit sets when it does not believe what it receives over CAN: ``U0401``."""
    security: Security | None = None
    """What writing takes; nothing if None."""

    def identifier(self, name: str) -> Identifier | None:
        """The data identifier called *name*."""
        return Identifier(id=VIN_ID) if name == VIN else self.identifiers.get(name)


def fault_name(number: int) -> str:
    """``P0A80`` for 0x0A8000: three bytes as SAE J2012 writes them; the kind of failure is told unless it is 00."""
    code, kind = number >> 8, number & 0xFF
    return f"{_AREAS[code >> 14]}{code & 0x3FFF:04X}" + (f"-{kind:02X}" if kind else "")


def fault_number(name: str) -> int:
    """The three bytes of ``P0A80`` or ``U0401-86``. :raises ValueError: it is no such name"""
    match = _FAULT.fullmatch(name)
    if not match:
        raise ValueError(f"`{name}` is no fault code, expected e.g. `P0A80` or `U0401-86`")
    return ((_AREAS.index(match["area"]) << 14 | int(match["digits"], 16)) << 8) | int(match["kind"] or "0", 16)
