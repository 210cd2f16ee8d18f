"""One sighting a line: the contract of ``telltale audit`` and ``telltale sandbox``."""

from __future__ import annotations

import json

from telltale.identity import masked
from telltale.sighting import Sighting
from telltale.times import utc
from telltale.transmission import Transmission


def sighting_line(capture: str, transmission: Transmission, sighting: Sighting, *, reveal: bool) -> str:
    """The sighting as a JSON object without a line end; the value is masked unless *reveal*."""
    return json.dumps(
        {
            "capture": capture,
            "transmission": transmission.index,
            "time": utc(transmission.sent),
            "bench_time": None if transmission.bench is None else utc(transmission.bench),
            "uplink": transmission.uplink,
            "recipient": transmission.recipient,
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
