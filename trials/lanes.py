"""Captures over all cores: each lane is a process of its own, so that a crash costs one capture and no more.

Results come in the order of the jobs. Processes are spawned, not forked: the parent may have threads.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

from reports.audited import Audited
from trials.audit_file import Auditor, Job, Tell, Terms

_SPAWN = multiprocessing.get_context("spawn")


def spread(jobs: Sequence[Job], terms: Terms, *, lanes: int, tell: Tell) -> Iterator[Audited]:
    """Audit *jobs*; a single lane is this process itself.

    :param lanes: most captures at once
    :param tell: is told how many bytes were read so far, over all captures
    """
    if min(lanes, len(jobs)) <= 1:
        yield from _here(jobs, terms, tell)
        return
    running = [_Lane(terms) for _ in range(min(lanes, len(jobs)))]
    free = queue.SimpleQueue[_Lane]()
    for lane in running:
        free.put(lane)
    progress = _Progress(running, tell)

    def audit(job: Job) -> Audited:
        lane = free.get()
        audited = lane.audit(job)
        progress.done(lane, job)
        free.put(lane)
        return audited

    with ThreadPoolExecutor(len(running)) as threads, progress:
        try:
            yield from threads.map(audit, jobs)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for lane in running:
                lane.close()


def _here(jobs: Sequence[Job], terms: Terms, tell: Tell) -> Iterator[Audited]:
    auditor, before = Auditor(terms), 0
    for job in jobs:
        yield auditor.audit(job, partial(_on_top, before, tell))
        before += job.size


def _on_top(before: int, tell: Tell, read: int) -> None:
    tell(before + read)


class _Lane:
    """One process, replaced when it dies."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._pool: ProcessPoolExecutor | None = None
        self.read: Any = _SPAWN.Value("q", 0)
        """Bytes of the present capture that were read so far."""

    def audit(self, job: Job) -> Audited:
        """One capture, in the lane's process."""
        if self._pool is None:
            given = (self._terms, self.read)
            self._pool = ProcessPoolExecutor(1, mp_context=_SPAWN, initializer=_begin, initargs=given)
        try:
            return self._pool.submit(_audit, job).result()
        except BrokenProcessPool:
            self.close()
            failure = "the process that audited this capture died, so what it holds is not known"
            return Audited(name=job.name, size=job.size, failure=failure)

    def close(self) -> None:
        """End the process; the next capture gets a new one."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


class _Progress:
    """Adds up what all lanes have read, a few times a second."""

    def __init__(self, lanes: Sequence[_Lane], tell: Tell) -> None:
        self._lanes = lanes
        self._tell = tell
        self._whole = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def done(self, lane: _Lane, job: Job) -> None:
        """A capture is audited."""
        lane.read.value = 0
        self._whole += job.size

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self._tell(self._whole + sum(lane.read.value for lane in self._lanes))
        self._tell(self._whole)


# --- in the lane's process -------------------------------------------------------------------------------------------

_lane: tuple[Auditor, Any] | None = None


def _begin(terms: Terms, read: Any) -> None:
    global _lane  # noqa: PLW0603 - a pool hands its tasks nothing else that lives as long as the process
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is the parent's to tell of
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _lane = Auditor(terms), read


def _end_with(parent: Any) -> None:
    """A lane does not outlive its audit, however that ends."""
    parent.join()
    os._exit(1)


def _audit(job: Job) -> Audited:
    assert _lane is not None
    auditor, read = _lane

    def tell(size: int) -> None:
        read.value = size

    return auditor.audit(job, tell)
