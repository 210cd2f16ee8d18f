"""The bench clock of a simulated rig: virtual, shared by all simulated parts, moved only by the rig.

A page of memory holds integers, bench nanoseconds: the time now, and when each part has something to do next.
`VirtualClock` is the bench's end, `SharedClock` a part's. Advancing goes from one due event to the next in order; at
one and the same moment the parts come in the order of `ROLES`, the cloud first, so that what is due for deletion is
gone before the car acts. While no other part comes first, a unit steps the clock itself (`SharedClock.step`), which
saves the bench two process switches an event. A part updates its due time before it answers whatever changed it.

Every step is appended to a log as (wall, bench), from which `telltale.times.ClockMap` tells the bench time of a packet.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, Self

from telltale.errors import RigError
from telltale.processes import inherited
from telltale.times import SECOND, ClockMap, utc

Role = Literal["cloud", "unit", "phone"]
ROLES: tuple[Role, ...] = ("cloud", "unit", "phone")
"""In the order of precedence at one and the same moment."""
_SETTLING: tuple[Role, ...] = ("phone", "cloud", "unit")
NEVER = 2**63 - 1
"""The due time of a part that has nothing to do."""

_NOW = 0
_DUE: dict[Role, int] = {role: place for place, role in enumerate(ROLES, start=1)}
_SIZE = mmap.PAGESIZE
_STEP = struct.Struct("<QQ")


class SharedClock:
    """A part's end of the clock.

    :param page: descriptor of the page of memory
    :param log: descriptor of the step log, open for appending
    """

    def __init__(self, page: int, log: int, role: Role) -> None:
        self._memory = mmap.mmap(page, _SIZE)
        self._words = memoryview(self._memory).cast("q")
        self._log = log
        self.role = role

    @classmethod
    def inherited(cls, role: Role) -> Self:
        """The clock handed to this process by the bench.

        :raises RigError: it handed none
        """
        return cls(inherited("clock"), inherited("clock_log"), role)

    def now(self) -> int:
        """Bench time, ns."""
        return self._words[_NOW]

    def due(self, role: Role | None = None) -> int:
        """When this part (or *role*) has something to do next; `NEVER` if nothing."""
        return self._words[_DUE[role or self.role]]

    def set_due(self, due: int, role: Role | None = None) -> None:
        """Publish when this part (or *role*) has something to do next."""
        self._words[_DUE[role or self.role]] = due

    def comes_first(self, due: int) -> bool:
        """Whether what this part has due at *due* comes before everything that the others have due."""
        mine = ROLES.index(self.role)
        return all(
            due < self.due(other) or (due == self.due(other) and mine < rank)
            for rank, other in enumerate(ROLES)
            if rank != mine
        )

    def step(self, to: int) -> None:
        """Move the clock to *to*, ns; a moment that has passed leaves it where it is."""
        if to > self.now():
            os.write(self._log, _STEP.pack(time.time_ns(), to))
            self._words[_NOW] = to

    def close(self) -> None:
        """Unmap the page."""
        self._words.release()
        self._memory.close()


class Settles(Protocol):
    """A part of the bench that can say when it has dealt with everything that was given to it."""

    def settle(self) -> None:
        """Return when it is idle. :raises RigError: it is gone, or does not come to rest"""
        ...


class Part(Settles, Protocol):
    """A simulated part that acts on the clock."""

    def run(self, until: int) -> None:
        """Do what is due, in order, up to *until* at most; may return earlier, with more to do."""
        ...


Progress = Callable[[int, int], None]
"""Told the time passed and the time asked for, both bench ns."""


class VirtualClock:
    """The bench's end of the clock.

    :param log: file for the steps; it must not exist yet
    :param start: bench time at the start, ns; the host's time, truncated to a second, if None
    """

    def __init__(self, log: Path, *, start: int | None = None) -> None:
        self.page_fd = os.memfd_create("telltale-clock")
        self.log_fd = os.open(log, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.ftruncate(self.page_fd, _SIZE)
        self._shared = SharedClock(self.page_fd, self.log_fd, "unit")
        self._parts: dict[Role, Part] = {}
        self._others: list[Settles] = []
        for role in _DUE:
            self._shared.set_due(NEVER, role)
        self._shared.step(time.time_ns() // SECOND * SECOND if start is None else start)

    @property
    def fds(self) -> dict[str, int]:
        """The descriptors a part inherits, by name."""
        return {"clock": self.page_fd, "clock_log": self.log_fd}

    def attach(self, role: Role, part: Part) -> None:
        """From now on *part* is run when it has something due."""
        self._parts[role] = part

    def detach(self, role: Role) -> None:
        """The part is off: nothing of it is due any more."""
        self._parts.pop(role, None)
        self._shared.set_due(NEVER, role)

    def watch(self, other: Settles) -> None:
        """Also wait for *other* (the gateway, say) before and after time passes."""
        self._others.append(other)

    def now(self) -> int:
        """Bench time, ns."""
        return self._shared.now()

    def settle(self) -> None:
        """Wait until all parts are idle, in the order in which one gives another something to do.

        The phone asks the cloud, whose commands are in the car's hands when it says that it is idle.

        :raises RigError: a part is gone, or does not come to rest
        """
        self._settle_parts()
        for other in self._others:
            other.settle()

    def advance(self, duration: int, progress: Progress | None = None) -> None:
        """Let *duration* ns pass: everything due by then has happened, with its traffic, when this returns.

        :raises ValueError: *duration* is negative
        :raises RigError: a part is gone, does not come to rest, or does not do what it has due
        """
        if duration < 0:
            raise ValueError(f"time does not run backwards: {duration} ns")
        start = self.now()
        until = start + duration
        self.settle()
        while (due := self._next()) <= until:
            role = next(role for role in ROLES if self._shared.due(role) == due)
            before = self.now()
            if role == "cloud":
                self._shared.step(due)
            if (part := self._parts.get(role)) is None:
                continue  # its power was cut at this moment
            part.run(until)
            self._settle_parts()
            if self._next() == due and self.now() == before:
                raise RigError(f"the {role} leaves undone what is due at {utc(due)}")
            if progress:
                progress(self.now() - start, duration)
        self._shared.step(until)
        self.settle()
        if progress:
            progress(duration, duration)

    def steps(self) -> ClockMap:
        """What the clock said at any wall time so far."""
        recorded = os.pread(self.log_fd, os.fstat(self.log_fd).st_size, 0)
        return ClockMap(_STEP.iter_unpack(recorded[: len(recorded) // _STEP.size * _STEP.size]))

    def close(self) -> None:
        """Close the page and the log; parts that still run keep theirs."""
        self._shared.close()
        os.close(self.page_fd)
        os.close(self.log_fd)

    def _settle_parts(self) -> None:
        for role in _SETTLING:
            if role in self._parts:
                self._parts[role].settle()

    def _next(self) -> int:
        return min(self._shared.due(role) for role in ROLES)
