"""Events as JSON lines, as they happen: what is written when the gateway dies is all that had happened."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

_CONTENT = re.compile(r"""\bb['"]|\\x|[0-9a-fA-F]{24}""")
"""Where a message of mitmproxy's begins to quote what was sent, as a bytes literal or in hex."""


class Journal:
    """Appends to a file of mode 0600, a line an event."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._file = path.open("a", encoding="utf-8", buffering=1)  # a line is written as soon as it is complete

    def write(self, event: str, **facts: Any) -> None:
        """One event, stamped with the wall time in ns. Facts that are None are left out."""
        line = {"wall": time.time_ns(), "event": event, **{k: v for k, v in facts.items() if v is not None}}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Nothing can be written afterwards."""
        self._file.close()


def without_content(message: str) -> str:
    """A message of mitmproxy's as one line, cut where it begins to quote what was sent."""
    line = " ".join(message.split())
    quoted = _CONTENT.search(line)
    return line[: quoted.start() if quoted else 200].rstrip(" :(") or "no reason given"
