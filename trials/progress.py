"""A bar on the terminal while a real bench waits, whatever becomes of this process's own output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from rigs import protocols
from telltale.times import SECOND, format_duration

SHORT = 3 * SECOND
"""Waits that nobody needs to be told of, ns."""
TERMINAL = Path("/dev/tty")
"""Not standard error: pytest keeps that to itself while a scenario runs."""


@contextmanager
def waiting(what: str, duration: int) -> Iterator[protocols.Progress]:
    """Something to tell how much of *duration*, ns, has passed; silent without a terminal."""
    with ExitStack() as stack:
        try:
            terminal = stack.enter_context(TERMINAL.open("w")) if duration > SHORT else None
        except OSError:
            terminal = None  # nobody watches
        if terminal is None:
            yield lambda _passed, _asked: None
            return
        columns = (
            TextColumn(f"{what}: {format_duration(duration)}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        bar = stack.enter_context(Progress(*columns, console=Console(file=terminal), transient=True))
        task = bar.add_task(what, total=duration)
        yield lambda passed, _asked: bar.update(task, completed=passed)
