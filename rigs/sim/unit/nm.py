"""A unit's own network management on CAN: it says that it needs the bus, for as long as it does.

Direct network management as in AUTOSAR SWS CANNetworkManagement, 7.2: while something keeps the unit awake it sends its
message (normal operation), in after-run no more (ready sleep), and once when it has woken by itself (repeat message).

On a wire the message is cyclic. Here its present frame goes out whenever bench time stands still, which is whenever
anybody could look: a virtual month would otherwise take millions of frames, and none between two looks tells more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rigs.drivers.messages import MessageSet, load_dbc
from rigs.sim.peers.canhub import Frame
from rigs.sim.unit.life import Life

NEEDS_THE_BUS = ("booting", "run")
_WOKEN = "waking"


class NetworkManagement:
    """One unit's node.

    :param data: the file's ``network management``
    :param send: puts a ``struct can_frame`` on the bus
    """

    def __init__(self, data: Mapping[str, Any], dbc: Path, life: Life, send: Callable[[bytes], None]) -> None:
        messages = MessageSet(load_dbc(dbc))
        messages.set({data["message"]: data["signals"]})
        layout, content = messages.frame(data["message"])
        self._frame = Frame(layout.frame_id, layout.is_extended_frame, content).raw()
        self._life = life
        self._send = send

    def turned(self) -> None:
        """The unit's life took a turn."""
        if self._life.state == _WOKEN:
            self._send(self._frame)

    def stands_still(self) -> None:
        """Bench time stands still."""
        if self._life.state in NEEDS_THE_BUS:
            self._send(self._frame)
