"""Files that a unit writes, on the USB stick and in itself: piece by piece, and deleted when their time is over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rigs.sim.agenda import Agenda, Entry
from rigs.sim.clock import SharedClock
from rigs.sim.unit.message import Message, SendError
from telltale.times import SECOND

_PIECE = SECOND
"""Bench time between two pieces."""


class Writing(Protocol):
    """A file being written."""

    @property
    def path(self) -> str:
        """As the place writes it."""
        ...

    def append(self, data: bytes, moment: int) -> None:
        """:raises OSError: it cannot be written"""
        ...

    def close(self, moment: int) -> None:
        """Complete it."""
        ...


class Place(Protocol):
    """Somewhere that files are written to."""

    def begin(self, path: str, moment: int) -> Writing:
        """:raises OSError: nothing can be written there"""
        ...

    def delete(self, path: str) -> None:
        """Nothing happens if there is no such file."""
        ...

    def done(self) -> None:
        """Nothing is being written there any more."""
        ...


class Storage(Place, Protocol):
    """The car's own."""

    def below(self, folder: str) -> list[str]:
        """Paths of all files below *folder*."""
        ...


@dataclass(slots=True, eq=False)
class _Job:
    """One file on its way."""

    message: Message
    writing: Writing
    pieces: list[bytes]
    entry: Entry | None = None


class Recordings:
    """All of a unit's.

    :param ledger: file in flash with what is to be deleted when
    :param failed: told of a file that was not completed, see `Engine.failed`
    """

    def __init__(
        self,
        *,
        usb: Place,
        storage: Storage,
        agenda: Agenda,
        clock: SharedClock,
        ledger: Path,
        failed: Callable[..., None],
    ) -> None:
        self._places: Mapping[str, Place] = {"usb": usb, "storage": storage}
        self._storage = storage
        self._agenda = agenda
        self._clock = clock
        self._ledger = ledger
        self._failed = failed
        self._jobs: list[_Job] = []
        stored: list[list[str | int]] = json.loads(ledger.read_text()) if ledger.exists() else []
        self._kept = [(str(send), str(channel), str(path), int(due)) for send, channel, path, due in stored]
        for _, channel, path, due in self._kept:
            if due:
                self._expire(channel, path, due)

    @property
    def writing(self) -> list[str]:
        """Paths of the files that are being written now."""
        return [job.writing.path for job in self._jobs]

    def begin(self, message: Message) -> None:
        """Start to write the message's file; the rest follows as time passes.

        :raises SendError: it cannot be written
        """
        try:
            writing = self._places[message.channel].begin(message.target, message.generated)
            count = max(message.over // _PIECE, 1)
            size = -(-len(message.body) // count) or 1
            pieces = [message.body[start : start + size] for start in range(0, len(message.body), size)] or [b""]
            job = _Job(message, writing, pieces)
            self._jobs.append(job)
            self._write(job)
        except OSError as error:
            raise SendError(str(error)) from None

    def finish(self, channel: str) -> None:
        """Complete what is being written there with what has been written so far."""
        for job in self._of(channel):
            self._complete(job)

    def wipe(self, folder: str) -> None:
        """Delete every file of the car's below *folder*, and give up what is being written there."""
        for job in self._of("storage"):
            if job.writing.path.startswith(f"{folder}/"):
                self._abandon(job)
        for path in self._storage.below(folder):
            self._drop("storage", path)
        self._save()

    def lose(self, channel: str, reason: str) -> None:
        """What was being written there stays as it is."""
        for job in self._of(channel):
            self._abandon(job)
            self._failed(job.message.function, job.message.send, reason, then="lost")

    def _of(self, channel: str) -> list[_Job]:
        return [job for job in self._jobs if job.message.channel == channel]

    def _continue(self, job: _Job) -> None:
        try:
            self._write(job)
        except OSError as error:
            self._failed(job.message.function, job.message.send, str(error), then="lost")

    def _write(self, job: _Job) -> None:
        now = self._clock.now()
        try:
            job.writing.append(job.pieces.pop(0), now)
        except OSError:
            self._abandon(job)
            raise
        if job.pieces or now < job.message.generated + job.message.over:
            job.pieces = job.pieces or [b""]
            job.entry = self._agenda.at(now + _PIECE, lambda: self._continue(job))
        else:
            self._complete(job)

    def _abandon(self, job: _Job) -> None:
        self._jobs.remove(job)
        if job.entry is not None:
            job.entry.cancel()

    def _complete(self, job: _Job) -> None:
        self._abandon(job)
        message, path = job.message, job.writing.path
        job.writing.close(self._clock.now())
        if not self._of(message.channel):
            self._places[message.channel].done()
        send = f"{message.function}/{message.send}"
        due = self._clock.now() + message.keep if message.keep else 0
        self._kept = [kept for kept in self._kept if kept[1:3] != (message.channel, path)]
        if due or message.keep_last:
            self._kept.append((send, message.channel, path, due))
        if due:
            self._expire(message.channel, path, due)
        if message.keep_last:
            own = [kept for kept in self._kept if kept[0] == send]
            for _, channel, old, _ in own[: -message.keep_last]:
                self._drop(channel, old)
        self._save()

    def _expire(self, channel: str, path: str, due: int) -> None:
        def gone() -> None:
            if any(kept[1:] == (channel, path, due) for kept in self._kept):  # not written anew meanwhile
                self._drop(channel, path)
                self._save()

        self._agenda.at(max(due, self._clock.now()), gone)

    def _drop(self, channel: str, path: str) -> None:
        self._places[channel].delete(path)
        self._kept = [kept for kept in self._kept if kept[1:3] != (channel, path)]

    def _save(self) -> None:
        new = self._ledger.with_suffix(".new")
        new.write_text(json.dumps(self._kept))
        new.replace(self._ledger)
