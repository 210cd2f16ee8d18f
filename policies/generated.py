"""When the content of a transmission says that it was made, where an endpoint row names the field that says so.

A body may hold many records of different age, so the field that counts is the nearest one: of the innermost JSON object
round what was seen that has it. A moment after the sending is no moment of making, and is not believed.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from telltale.sighting import Sighting
from telltale.times import SECOND
from telltale.transmission import Transmission

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]')
_SECONDS_BELOW = 100_000_000_000
"""A larger number is in milliseconds: as seconds it would lie after the year 5000."""


def made_at(transmission: Transmission, sighting: Sighting, field: str | None, *, sent: int) -> int | None:
    """UTC, ns; None where nothing says it.

    What the protocol itself tells (the time of a GB/T 32960 report) goes before what a field says.

    :param field: the endpoint row's ``generated at``
    :param sent: the moment of sending, ns
    """
    made = sighting.generated if sighting.generated is not None else transmission.generated
    if made is None and field is not None and (body := transmission.part("body")) is not None and not body.opaque:
        made = _nearest(bytes(body.data), sighting.offset if sighting.part == body.name else None, field)
    return made if made is None or made <= sent else None


def _nearest(body: bytes, offset: int | None, field: str) -> int | None:
    """Of the innermost object round *offset* (bytes) that has *field*; without an offset, of the object that is all."""
    try:
        text = body.decode()
        at = len(body[:offset].decode())
    except UnicodeDecodeError:
        return None
    opened: list[int] = []
    found: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            opened.append(token.start())
        elif token[0] == "}" and opened:
            found.append((opened.pop(), token.end()))
    if offset is None:
        return _moment(text, field)
    for start, stop in found:  # an inner object ends before those round it
        if start <= at < stop and (made := _moment(text[start:stop], field)) is not None:
            return made
    return None


def _moment(text: str, field: str) -> int | None:
    try:
        whole: Any = json.loads(text)
    except ValueError:
        return None
    value = whole.get(field) if isinstance(whole, dict) else None
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, int | float):
        return round(value * (SECOND if value < _SECONDS_BELOW else SECOND // 1000))
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.replace(microsecond=0).timestamp()) * SECOND + moment.microsecond * 1000
