"""The folder of one scenario's run, written as it goes, so that a crash loses nothing already captured.

traffic.pcapng   packets of every uplink, with the TLS keys inside once the run has ended
keys.log         TLS keys (NSS key log), as they came
can.blf          CAN log
modem.log, gnss.log  serial lines
timeline.jsonl   unit state, a change a line
clock.bin        steps of the bench clock: pairs of wall and bench time, 64 bit little-endian ns
transmissions.jsonl  what left the unit, decoded, values masked
findings.jsonl   what was judged, with the clauses broken
run.json         what was run, where, with what, and how it ended
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RUN = "run.json"
FINDINGS = "findings.jsonl"


class RunFolder:
    """A fresh folder below *parent*, named by the scenario; mode 0700, for captures hold identities."""

    def __init__(self, parent: Path, title: str) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        slug = re.sub(r"[^\w]+", "-", title, flags=re.UNICODE).strip("-").lower()[:80] or "scenario"
        for number in range(1, 10_000):
            self.path = parent / (slug if number == 1 else f"{slug}-{number}")
            try:
                self.path.mkdir(mode=0o700)
            except FileExistsError:
                continue
            return
        raise FileExistsError(f"{parent} holds 10,000 runs of {slug}")

    def file(self, name: str) -> Path:
        """Path of a file in the folder."""
        return self.path / name

    def append(self, name: str, lines: Iterable[Mapping[str, Any]]) -> None:
        """Add JSON lines to a file, on disk when this returns."""
        with self.file(name).open("a", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Write a JSON file whole: the old one stays until the new one is complete."""
        scratch = self.file(name + ".part")
        scratch.write_text(json.dumps(data, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
        scratch.replace(self.file(name))
