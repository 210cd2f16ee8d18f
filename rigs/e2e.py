"""End-to-end protection of CAN messages: AUTOSAR E2E profile 1, variant 1A. No I/O.

Source: AUTOSAR FO PRS E2EProtocol, "Specification of E2E Profile 1". A counter of four bits goes up with every frame
and skips 15; a CRC-8 with the polynomial of SAE J1850 covers the message's data id (low byte, high byte) and all bytes
but its own. Unlike the CRC library's routine it starts at 0 and is not inverted.

Which messages are protected, and by which signals, stands in the DBC:

    BA_DEF_ BO_ "E2EDataId" INT 0 65535;              the data id, on each protected message
    BA_DEF_ SG_ "E2ERole" ENUM "None","Counter","CRC"; on its two signals
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telltale.errors import InputError

if TYPE_CHECKING:
    from cantools.database.can import Database, Message, Signal

DATA_ID, ROLE = "E2EDataId", "E2ERole"
"""Names of the DBC's attributes."""
LAST = 14
"""The counter's last value; 0 follows, and 15 means that there is no counter."""
_ROLES = ("None", "Counter", "CRC")
_POLYNOMIAL = 0x1D


def crc8(data: bytes) -> int:
    """CRC-8 with the polynomial 1D, starting at 0 and not inverted."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ (_POLYNOMIAL if crc & 0x80 else 0)
            crc &= 0xFF
    return crc


@dataclass(frozen=True, slots=True)
class Protection:
    """How one message is protected."""

    data_id: int
    counter: str
    """Name of the signal."""
    shift: int
    """First bit of the counter, counted from bit 0 of byte 0."""
    place: int
    """Byte that holds the CRC."""

    def protected(self, data: bytes) -> bytes:
        """*data*, whose counter is set, with its CRC."""
        return data[: self.place] + bytes([self._crc(data)]) + data[self.place + 1 :]

    def counter_in(self, data: bytes) -> int:
        """The counter of a frame."""
        return data[self.shift // 8] >> (self.shift % 8) & 0xF

    def is_intact(self, data: bytes) -> bool:
        """Whether the CRC fits."""
        return len(data) > self.place and data[self.place] == self._crc(data)

    def _crc(self, data: bytes) -> int:
        rest = data[: self.place] + data[self.place + 1 :]
        return crc8(self.data_id.to_bytes(2, "little") + rest)


def protections(database: Database) -> dict[str, Protection]:
    """The protected messages of a DBC by name.

    :raises InputError: a protected message lacks a signal, or has one that profile 1 does not allow
    """
    return {
        message.name: _protection(message, int(attributes[DATA_ID].value))
        for message in database.messages
        if DATA_ID in (attributes := _attributes(message))
    }


def _protection(message: Message, data_id: int) -> Protection:
    by_role: dict[str, list[Signal]] = {role: [] for role in _ROLES}
    for signal in message.signals:
        by_role[_role(signal)].append(signal)
    for role in ("Counter", "CRC"):
        if len(by_role[role]) != 1:
            raise InputError(
                f"the DBC's message `{message.name}` has {DATA_ID} and {len(by_role[role])} signals whose {ROLE} is "
                f"{role}, expected one"
            )
    counter, crc = by_role["Counter"][0], by_role["CRC"][0]
    if counter.length != 4 or counter.start % 4 or counter.byte_order != "little_endian":
        raise InputError(f"the DBC's counter `{message.name}.{counter.name}` is no half byte, as E2E profile 1 has it")
    if crc.length != 8 or crc.start % 8 not in (0, 7):
        raise InputError(f"the DBC's CRC `{message.name}.{crc.name}` is no whole byte, as E2E profile 1 has it")
    return Protection(data_id, counter.name, counter.start, crc.start // 8)


def _attributes(owner: Message | Signal) -> Mapping[str, Any]:
    return owner.dbc.attributes if owner.dbc is not None else {}


def _role(signal: Signal) -> str:
    attribute = _attributes(signal).get(ROLE)
    return _ROLES[0] if attribute is None else _ROLES[int(attribute.value)]


class Receiver:
    """A receiver's view of one message: which frames it believes."""

    def __init__(self, protection: Protection) -> None:
        self._protection = protection
        self._last: int | None = None

    def objection(self, data: bytes) -> str | None:
        """Why a frame is not believed; None if it is."""
        if not self._protection.is_intact(data):
            return "wrong CRC"
        counter = self._protection.counter_in(data)
        if counter > LAST:
            return "no counter"
        if counter == self._last:
            return "counter stands still"
        self._last = counter
        return None
