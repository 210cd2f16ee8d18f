"""What reaches a unit from its buses: CAN frames become facts."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cantools.database
from cantools.database.can import Database

from rigs.e2e import Receiver, protections
from telltale.timeline import Fact

_FRAME = struct.Struct("<IB3x8s")
"""struct can_frame of Linux: identifier with flags, length, data."""
_EXTENDED, _NOT_DATA = 0x8000_0000, 0x6000_0000
"""CAN_EFF_FLAG; CAN_RTR_FLAG and CAN_ERR_FLAG."""


class Signals:
    """Decodes the messages that a unit's facts are set by.

    :param state: the ``state`` of the unit file
    """

    def __init__(self, dbc: Path, state: Mapping[str, Mapping[str, Any]]) -> None:
        database = cantools.database.load_file(dbc)
        if not isinstance(database, Database):
            raise TypeError(f"{dbc} is no CAN database")
        self._facts: dict[int, list[tuple[str, str, Mapping[str, Fact]]]] = {}
        self._messages = {}
        self._receivers: dict[int, Receiver] = {}
        self._seen: dict[int, bytes] = {}
        guarded = protections(database)
        self.disbelieved: Counter[str] = Counter()
        """Frames that were passed over, by message and cause: ``VehicleStatus: wrong CRC``."""
        for fact, source in state.items():
            if place := source.get("can"):
                message_name, signal = place.split(".")
                message = database.get_message_by_name(message_name)
                self._messages[message.frame_id] = message
                if message_name in guarded:
                    self._receivers.setdefault(message.frame_id, Receiver(guarded[message_name]))
                self._facts.setdefault(message.frame_id, []).append((fact, signal, source.get("values") or {}))

    def facts(self, frame: bytes) -> dict[str, Fact]:
        """The facts that one raw frame sets; none for other messages, a repetition, or a frame not to be believed."""
        identifier, length, data = _FRAME.unpack(frame)
        identifier &= ~_EXTENDED
        data = data[:length]
        if identifier & _NOT_DATA or identifier not in self._messages:
            return {}
        if (receiver := self._receivers.get(identifier)) and (objection := receiver.objection(data)):
            self.disbelieved[f"{self._messages[identifier].name}: {objection}"] += 1
            return {}
        if self._seen.get(identifier) == data:
            return {}
        self._seen[identifier] = data
        decoded = self._messages[identifier].decode(data)
        if not isinstance(decoded, dict):
            return {}
        return {fact: value_of(decoded[signal], values) for fact, signal, values in self._facts[identifier]}


def value_of(given: Any, values: Mapping[str, Fact]) -> Fact:
    """A fact's value for a signal's or a setting's; one that the file does not list is taken as it is."""
    if str(given) in values:
        return values[str(given)]
    return given if isinstance(given, int | float) else str(given)
