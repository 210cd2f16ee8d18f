"""Which transmissions of an audited run folder the bench itself sent: those that its ``run.json`` recorded, once each.

The host alone excuses nothing, or a car could send there what it likes; nor does the file beside a capture excuse more
than a body that is nothing but a nonce.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from captures.sightings import Examination
from telltale.transmission import Transmission
from trials.observation import CONTROL_HOST, Control, sent_control

RECORD = "run.json"
CONTROLS = "controls"
"""Key of the record: a list of rows with `uplink` and `nonce`."""
_NONCE = re.compile(r"[0-9a-f]{32}")


def recorded(controls: Iterable[Control]) -> list[dict[str, object]]:
    """The bench's controls as rows of ``run.json``."""
    return [{"uplink": control.uplink, "nonce": control.nonce} for control in controls]


def nonces_beside(capture: Path) -> tuple[str, ...]:
    """Nonces that the run of *capture* recorded; none if the file beside it is no record of a run, or there is none."""
    try:
        record = json.loads((capture.parent / RECORD).read_bytes())
    except (OSError, ValueError):
        return ()  # somebody else's file; without a record, all that is in the capture counts
    rows = record.get(CONTROLS) if isinstance(record, dict) else None
    nonces = (row.get("nonce") for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return tuple(nonce for nonce in nonces if isinstance(nonce, str) and _NONCE.fullmatch(nonce))


class Ours:
    """Tells the bench's own transmissions of one capture from the car's."""

    def __init__(self, nonces: Iterable[str]) -> None:
        self._left = Counter(nonces)
        self.count = 0
        """Transmissions found to be the bench's."""

    def sent(self, transmission: Transmission, found: Examination) -> bool:
        """Whether the bench sent it: to the controls' host, with a nonce not seen yet as its body and no item in it."""
        nonce = sent_control(transmission) if transmission.recipient == CONTROL_HOST else None
        if nonce is None or not self._left[nonce] or found.sightings:
            return False
        self._left[nonce] -= 1
        self.count += 1
        return True
