"""Cuts a supply in the midst of an upload: from a thread of its own, for the bench waits until the upload is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from telltale.errors import RigError

UPLOAD = 128 * 1024
"""Bytes by which a capture grows in an upload, and in nothing else that a unit does."""
_LOOK = 0.001
"""Seconds between two looks at the capture."""


class PowerCut:
    """Watches a capture file from entry to exit.

    :param cut: switches the supply off, from this thread
    """

    def __init__(self, capture: Path, cut: Callable[[], None]) -> None:
        self._capture = capture
        self._cut = cut
        self._size = capture.stat().st_size
        self._over = threading.Event()
        self._failure: RigError | None = None
        self._thread = threading.Thread(target=self._watch, name="power cut", daemon=True)
        self.done = False
        """The supply has been switched off."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """:raises RigError: the supply did not switch"""
        self._over.set()
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def _watch(self) -> None:
        while not self._over.wait(_LOOK):
            if self._capture.stat().st_size - self._size > UPLOAD:
                try:
                    self._cut()
                except RigError as failure:
                    self._failure = failure
                    return
                self.done = True
                return
