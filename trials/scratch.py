"""The bench's temporary folder, which holds its keys: gone with this process, however that ends."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REMOVER = 'while read -r _; do :; done; rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }'
"""Waits for the end of its input, which comes when this process closes it or dies; a second time for what was being
written at that moment."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A private folder for as long as the block runs; a small shell removes it, even after SIGKILL."""
    folder = tempfile.mkdtemp(prefix="telltale-bench-")
    remover = subprocess.Popen(
        ["/bin/sh", "-c", _REMOVER, "remover", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C at the terminal is the bench's, which is done with the folder later
    )
    with remover:  # closes its input, and waits until it has done its work
        yield Path(folder)
