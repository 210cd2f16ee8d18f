"""One sighting a line: the contract of ``telltale audit`` and ``telltale sandbox``."""

from __future__ import annotations

import json

from telltale.identity import masked
from telltale.sighting import Sighting
from telltale.times import utc
from telltale.transmission import Transmission

_ENDINGS = str.maketrans({c: f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"})
"""Characters that end a line for some readers, as JSON writes them in ASCII."""


def sighting_line(
    capture: str, transmission: Transmission, sighting: Sighting, *, reveal: bool, recipient: str | None = None
) -> str:
    """The sighting as a JSON object without a line end; the value is masked unless *reveal*.

    :param recipient: as it may be shown, where its name holds a value
    """
    line = json.dumps(
        {
            "capture": capture,
            "transmission": transmission.index,
            "time": utc(transmission.sent),
            "bench_time": None if transmission.bench is None else utc(transmission.bench),
            "uplink": transmission.uplink,
            "recipient": transmission.recipient if recipient is None else recipient,
            "channel": transmission.channel,
            "item": sighting.item,
            "value": sighting.value if reveal else masked(sighting.value),
            "form": sighting.form,
            "chain": list(sighting.chain),
            "part": sighting.part,
            "offset": sighting.offset,
            "length": sighting.length,
        },
        ensure_ascii=False,
    )
    return line.translate(_ENDINGS)
