"""The engine under test, as the benchmarks call it: the only place here that knows how it is made."""

from __future__ import annotations

from captures.sightings import Engine
from making.carriers import Message
from making.forms import KEY
from making.values import Position
from telltale.identity import Identities, Identity
from telltale.transmission import Address, Part, Transmission


def engine_for(values: dict[str, str | Position], *, recognise: bool = False) -> Engine:
    known = Identities([Identity(item=item, value=value) for item, value in values.items()])
    return Engine(known, keys=(KEY,), recognise=recognise)


def transmission(message: Message, index: int = 0) -> Transmission:
    return Transmission(
        index=index,
        channel=message.protocol,
        uplink=None,
        sent=0,
        ended=0,
        source=Address(ip="10.64.0.2", port=1),
        destination=Address(ip="203.0.113.10", port=2),
        summary="",
        parts=tuple(Part(name=name, data=data) for name, data in message.parts.items()),
    )
