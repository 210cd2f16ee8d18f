"""What a unit keeps over power-off: settings, counters, its software and the queues that its file says are kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rigs.sim.unit.message import Message


class Flash:
    """A folder with one file, replaced as a whole, so that losing power in mid-write loses the last change only."""

    def __init__(self, folder: Path, kept_queues: set[str]) -> None:
        self._folder = folder
        self._file = folder / "flash.json"
        self._kept = kept_queues
        stored: dict[str, Any] = json.loads(self._file.read_bytes()) if self._file.exists() else {}
        self.settings: dict[str, str] = stored.get("settings", {})
        """``namespace/key`` to value."""
        self.software: str | None = stored.get("software")
        """The version that was installed last; None: the one that it left the factory with."""
        self.kept: dict[str, Any] = stored.get("kept", {})
        """What else is kept, by name; JSON data."""
        self._counters: dict[str, int] = stored.get("counters", {})
        self._queues: dict[str, list[Message]] = {
            name: [Message.restored(message) for message in messages]
            for name, messages in stored.get("queues", {}).items()
        }

    def set(self, setting: str, value: str) -> None:
        """Keep a setting."""
        self.settings[setting] = value
        self._save()

    def keep(self, name: str, value: Any) -> None:
        """Keep something else."""
        self.kept[name] = value
        self._save()

    def install(self, version: str) -> None:
        """The next boot runs this version."""
        self.software = version
        self._save()

    def reset(self, settings: Collection[str], queues: Collection[str]) -> None:
        """Back to the factory state: everything goes, but for the software and what is named here."""
        for path in self._folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        self.settings = {name: value for name, value in self.settings.items() if name in settings}
        self._counters = {}
        self._queues = {name: messages for name, messages in self._queues.items() if name in queues}
        self._save()

    def count(self, name: str) -> int:
        """The next number of a counter that starts at 1."""
        self._counters[name] = self._counters.get(name, 0) + 1
        self._save()
        return self._counters[name]

    def last(self, name: str) -> int:
        """The number that a counter gave last; 0 before the first."""
        return self._counters.get(name, 0)

    def put(self, queue: str, message: Message) -> None:
        """Append to a queue."""
        self._queues.setdefault(queue, []).append(message)
        self._save_if(queue)

    def first(self, queue: str) -> Message | None:
        """The oldest message of a queue, left where it is."""
        waiting = self._queues.get(queue)
        return waiting[0] if waiting else None

    def drop_first(self, queue: str) -> None:
        """Take the oldest message away, once it has been sent."""
        self._queues[queue].pop(0)
        self._save_if(queue)

    def waiting(self) -> dict[str, int]:
        """How many messages each queue holds."""
        return {name: len(messages) for name, messages in self._queues.items()}

    def _save_if(self, queue: str) -> None:
        if queue in self._kept:
            self._save()

    def _save(self) -> None:
        kept = {name: [m.stored() for m in messages] for name, messages in self._queues.items() if name in self._kept}
        new = self._file.with_suffix(".new")
        data = {
            "settings": self.settings,
            "kept": self.kept,
            "counters": self._counters,
            "queues": kept,
            "software": self.software,
        }
        new.write_text(json.dumps(data))
        new.replace(self._file)
