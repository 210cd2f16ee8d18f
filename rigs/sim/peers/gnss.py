"""The unit's GNSS input: NMEA 0183 sentences in, positions out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import reduce
from operator import xor

from rigs.sim.peers.serialport import LinePort


class GnssReceiver:
    """Believes an RMC sentence whose checksum is right: status A is a fix, V that there is none (NMEA 0183, RMC).

    Other sentences are checked and otherwise passed over: RMC alone carries position, time and validity.
    """

    def __init__(self, on_fix: Callable[[float, float], None], on_loss: Callable[[], None] = lambda: None) -> None:
        self._on_fix, self._on_loss = on_fix, on_loss
        self._port: LinePort | None = None
        self.rejected = 0
        """Sentences with a wrong checksum or a position that cannot be read."""

    def attach(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        """Listen on *fd*; *on_fix* is called in *loop* with latitude and longitude, degrees, WGS-84; *on_loss* too."""
        self._port = LinePort(fd, loop, self._line)

    def _line(self, line: bytes) -> None:
        body, star, checksum = line.removeprefix(b"$").partition(b"*")
        if not line.startswith(b"$") or not star or checksum.upper() != b"%02X" % reduce(xor, body, 0):
            self.rejected += 1
            return
        fields = body.decode("ascii", errors="replace").split(",")
        if fields[0][2:] != "RMC" or len(fields) < 7:
            return
        if fields[2] == "V":
            self._on_loss()
        if fields[2] != "A":
            return
        try:
            latitude, longitude = _degrees(fields[3], fields[4]), _degrees(fields[5], fields[6])
        except ValueError:
            self.rejected += 1
            return
        self._on_fix(latitude, longitude)


def _degrees(value: str, hemisphere: str) -> float:
    """``3954.2520``, ``N`` as degrees: the two digits before the point and all after it are minutes."""
    whole, _, _ = value.partition(".")
    minutes = float(value[len(whole) - 2 :])
    if minutes >= 60 or hemisphere not in ("N", "S", "E", "W"):
        raise ValueError(value)
    degrees = int(whole[:-2] or "0") + minutes / 60
    return -degrees if hemisphere in ("S", "W") else degrees
