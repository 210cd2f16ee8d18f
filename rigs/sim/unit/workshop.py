"""The workshop's plug of a simulated unit: what its file says of diagnosis, and how that reaches the engine."""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from rigs.diagnosis import CanId, fault_number
from rigs.sim.unit.engine import Engine
from rigs.sim.unit.uds import BUS_FAULT, CONFIRMED, CanTransport, DiagnosticServer
from telltale.errors import near_miss
from telltale.items import taxonomy
from telltale.timeline import Fact
from telltale.yamlfile import Location, Strict

_FRAME = struct.Struct("<IB3x8s")
"""struct can_frame of Linux."""
_EXTENDED = 0x8000_0000
"""CAN_EFF_FLAG."""
_FAULTS = "fault memory"


def _fault(code: str) -> str:
    fault_number(code)
    return code


class DataIdentifier(Strict):
    """What the unit tells, and perhaps takes, under one number."""

    id: Annotated[int, Field(ge=0, le=0xFFFF)]
    holds: str | None = None
    """A fact, or an item's value."""
    text: str | None = None
    """Or always this."""
    writable: bool = False
    """Items only; the new value is the car's from then on, over power-off as well."""

    @model_validator(mode="after")
    def _one(self) -> DataIdentifier:
        if (self.holds is None) == (self.text is None):
            raise ValueError("expected `holds` (a fact or an item) or `text`")
        if self.writable and self.holds is None:
            raise ValueError("is `writable`, which only one that `holds` an item can be")
        return self


class Access(Strict):
    """Security access: the key is the seed XOR *mask*."""

    level: Annotated[int, Field(ge=1, le=0x7D)] = 1
    mask: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]


class Diagnosis(Strict):
    """``diagnosis`` in a unit file."""

    request: CanId
    response: CanId
    identifiers: dict[str, DataIdentifier] = Field(default_factory=dict)
    security: Access | None = None
    """What writing takes; nothing if None."""
    faults: list[Annotated[str, AfterValidator(_fault)]] = Field(default_factory=list)
    """In the fault memory when the car leaves the factory: ``P0A80``."""

    @property
    def held(self) -> frozenset[str]:
        """Facts and items that a workshop can read."""
        return frozenset(row.holds for row in self.identifiers.values() if row.holds)

    @property
    def written(self) -> frozenset[str]:
        """Items that a workshop can write."""
        return frozenset(row.holds for row in self.identifiers.values() if row.holds and row.writable)

    def fault(self, facts: Container[str]) -> tuple[Location, str] | None:
        """Place and reason of the first identifier that holds what does not go; None if all do."""
        for name, row in self.identifiers.items():
            if row.holds is None:
                continue
            if row.holds not in facts and row.holds not in taxonomy():
                reason = f"`{row.holds}` is no fact and no item" + near_miss(row.holds, taxonomy())
                return ("identifiers", name, "holds"), reason
            if row.writable and row.holds in facts:
                return ("identifiers", name, "writable"), f"`{row.holds}` is a fact, which diagnosis cannot write"
        return None


class Workshop:
    """Connects diagnosis with the unit's engine and its CAN socket.

    :param send: puts one raw frame on the bus
    :param on_reset: restarts the unit
    """

    def __init__(
        self, unit: Mapping[str, Any], engine: Engine, *, send: Callable[[bytes], None], on_reset: Callable[[], None]
    ) -> None:
        file = unit["diagnosis"]
        self._engine = engine
        self._facts = [(name, fact["values"]) for name, fact in unit["state"].items() if fact["diagnosis"]]
        self._server = DiagnosticServer(
            file,
            faults=engine.flash.kept.get(_FAULTS, file["faults"]),
            read=engine.lookup,
            write=engine.rewrite,
            on_session=self._in_session,
            on_cleared=lambda: engine.flash.keep(_FAULTS, []),
            on_reset=on_reset,
        )
        self._transport = CanTransport(
            self._server,
            request=file["request"],
            response=file["response"],
            send=lambda identifier, data: send(
                _FRAME.pack(identifier | (_EXTENDED if identifier > 0x7FF else 0), len(data), data)
            ),
        )

    def take(self, frame: bytes) -> bool:
        """Whether a raw frame was the tester's; it has been answered then."""
        identifier, length, data = _FRAME.unpack(frame)
        if identifier & ~_EXTENDED != self._transport.request:
            return False
        self._transport.take(data[:length])
        return True

    def doubt_the_bus(self) -> None:
        """Note the fault of a unit that does not believe what it receives."""
        if BUS_FAULT not in self._server.faults:
            self._server.faults[BUS_FAULT] = CONFIRMED
            self._engine.flash.keep(_FAULTS, list(self._server.faults))

    def _in_session(self, session: str) -> None:
        facts: dict[str, Fact] = {name: values.get(session, session) for name, values in self._facts}
        self._engine.learn(facts)
