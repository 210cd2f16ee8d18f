"""Bodies are handed on at once and not kept: memory stays flat, and nothing waits in the gateway."""

from __future__ import annotations

from collections.abc import Callable

from mitmproxy import http

Passed = Callable[[bool, int], None]
"""Told of every piece of a body: whether it comes from the unit, and its size in bytes."""


class Streaming:
    """mitmproxy hands every piece to ``stream``, and on what that returns."""

    def __init__(self, passed: Passed) -> None:
        self._passed = passed

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request's head is complete."""
        flow.request.stream = self._telling(from_unit=True)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """An answer's head is complete."""
        assert flow.response
        flow.response.stream = self._telling(from_unit=False)

    def _telling(self, *, from_unit: bool) -> Callable[[bytes], bytes]:
        def look(piece: bytes) -> bytes:
            self._passed(from_unit, len(piece))
            return piece

        return look
