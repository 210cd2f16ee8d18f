"""A GB/T 32960 platform: logins, reports and logouts are acknowledged."""

from __future__ import annotations

from rigs.sim.unit import gbt32960


class Platform:
    """Every frame that wants an answer gets success; a stream that is none any more is read and thrown away."""

    name = "gb/t 32960"

    def __init__(self) -> None:
        self.finished = False
        self._buffer: bytes | None = b""

    def receive(self, data: bytes) -> bytes:
        """See `rigs.sim.catchall.engine.Engine.receive`."""
        if self._buffer is None:
            return b""
        self._buffer += data
        out = b""
        try:
            while found := gbt32960.cut(self._buffer):
                frame, self._buffer = found
                if frame[3] == gbt32960.IS_COMMAND:
                    out += gbt32960.acknowledge(frame)
        except ValueError:  # no frame, or a VIN that is not ASCII
            self._buffer = None
        return out
