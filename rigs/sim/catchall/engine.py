"""One protocol without I/O: bytes in, bytes out."""

from __future__ import annotations

from typing import Protocol

ANSWER = b'{"code":0,"message":"ok","data":{}}'
"""What every HTTP request is answered: of the shape that most telematics clients take for success."""
CONTENT_TYPE = "application/json"


class Engine(Protocol):
    """One connection's protocol."""

    name: str
    """For counts: ``http/1``, ``mqtt`` …"""
    finished: bool
    """Whether the connection is to be closed once the answer is sent."""

    def receive(self, data: bytes) -> bytes:
        """What is to be sent after *data* has arrived. A peer's mistake ends the connection, it raises nothing."""
        ...


class Swallow:
    """Everything that is none of the others: read and thrown away, open until the peer closes."""

    name = "raw"

    def __init__(self) -> None:
        self.finished = False

    def receive(self, data: bytes) -> bytes:  # noqa: ARG002 - that it is thrown away is the point
        """Nothing."""
        return b""
