"""``telltale audit CAPTURE...``: what captures that anybody made hold of the identities, and whether it was allowed."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from rich.console import Console

from captures.decode import KeyLog
from captures.sources import KINDS, SourceFile, read_keylog
from reports.audit_lines import capture_lines, clean, closing
from reports.audited import Audited
from telltale.errors import ExitStatus, InputError, near_miss
from telltale.identity import Identities
from telltale.timeline import Timeline
from telltale.times import utc
from trials.audit_controls import nonces_beside
from trials.audit_file import Job, Terms
from trials.lanes import spread
from trials.scratch import scratch

if TYPE_CHECKING:
    from rich.progress import Progress

    from policies import Policy

CAPTURES = (".pcap", ".pcapng", ".cap", ".har", ".mitm", ".blf", ".asc", ".trc")
"""Ends of file names that promise a capture. In a folder, other files count only if they begin like a capture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What is to be made of an audit, beside the tables."""

    json: Path | None = None
    html: Path | None = None
    reveal: bool = False
    recognise: bool = True
    """Values of others too, by their shape."""


def audit(
    captures: Sequence[Path],
    *,
    identities: Path,
    policy: Path | None = None,
    state: Path | None = None,
    keylog: Path | None = None,
    lanes: int | None = None,
    wishes: Wishes,
) -> ExitStatus:
    """Audit files, and whole folders of them, and tell what they hold.

    :param lanes: most captures at once; None takes every core
    :raises InputError: a file that was named is not there, or is wrong
    """
    if lanes is not None and lanes < 1:
        raise InputError(f"`-j` is {lanes}, expected 1 or more")
    judged_by = _policy(policy) if policy else None  # what is wrong in it is told before any capture is read
    terms = Terms(
        identities=Identities.load(identities),
        policy=judged_by,
        timeline=_state(state, judged_by) if state else Timeline(),
        keylog=read_keylog(keylog) if keylog else KeyLog(),
        reveal=wishes.reveal,
        recognise=wishes.recognise,
    )
    for line in terms.identities.doubts:
        print(f"telltale: {line}", file=sys.stderr)
    secrets = () if wishes.reveal else tuple(i.value for i in terms.identities if isinstance(i.value, str))
    found = _found(captures)
    out, err = Console(), Console(stderr=True)
    audited: list[Audited] = []
    with ExitStack() as stack:
        lines = stack.enter_context(_written(wishes.json, found)) if wishes.json else None
        page = stack.enter_context(_written(wishes.html, found)) if wishes.html else None
        folder = stack.enter_context(scratch()) if lines else None
        jobs = [
            Job(
                path=path,
                name=clean(name, secrets),
                size=path.stat().st_size,
                lines=folder / f"{number}.jsonl" if folder else None,
                controls=nonces_beside(path),
            )
            for number, (path, name) in enumerate(found.items())
        ]
        bar = stack.enter_context(_Bar(err, sum(job.size for job in jobs)))
        for job, one in zip(jobs, spread(jobs, terms, lanes=lanes or _cores(), tell=bar.tell), strict=True):
            audited.append(one)
            with bar.paused():
                print("\n" * (len(audited) > 1), end="")
                for line in capture_lines(one, width=out.width, colour=out.is_terminal, secrets=secrets):
                    print(line)
                if one.failure:
                    print(clean(f"telltale: {job.path}: {one.failure}", secrets), file=sys.stderr)
            if lines and job.lines and job.lines.exists():
                with job.lines.open("rb") as part:
                    shutil.copyfileobj(part, lines)
                job.lines.unlink()
        if page:
            from reports.audit_page import audit_page  # noqa: PLC0415 - as `_policy`

            made = audit_page(audited, facts=_facts(terms, judged_by, state, keylog), secrets=secrets)
            page.write(made.encode(errors="replace"))
    if len(audited) > 1:
        print(f"\n{closing(audited)}")
    return ExitStatus.gravest(one.status for one in audited if policy is None or not one.aboard)


def _policy(folder: Path) -> Policy:
    from policies import load_policy  # noqa: PLC0415 - an audit of a small file need not wait for it

    return load_policy(folder)


def _state(path: Path, policy: Policy | None) -> Timeline:
    from trials.statefile import load_state  # noqa: PLC0415 - as `_policy`

    return load_state(path, policy)


def _facts(terms: Terms, policy: Policy | None, state: Path | None, keylog: Path | None) -> dict[str, str]:
    """What an audit was made with, for people."""
    counts = Counter(identity.item for identity in terms.identities)
    looked = ", ".join(item if count == 1 else f"{item} ({count})" for item, count in counts.items())
    given = {
        "looked for": looked,
        "policy": f"{policy.document.publisher}, {policy.document.title}, {policy.document.version}"
        if policy
        else "none",
        "unit state": (state.name if state else "not known") if policy else "",
        "TLS keys": f"{len(terms.keylog):,} secrets of {keylog.name}" if keylog else "those in the captures",
        "made": f"{utc(time.time_ns())} by telltale-bench {version('telltale-bench')}",
    }
    return {name: value for name, value in given.items() if value}


def _found(captures: Sequence[Path]) -> dict[Path, str]:
    """Every capture with its name, each file once, in the order given; a folder's in order of their names.

    :raises InputError: no such file or folder, or a folder without a capture
    """
    found: dict[Path, str] = {}
    for given in captures:
        if given.is_dir():
            inside = [path for path in sorted(_files(given)) if _is_capture(path)]
            if not inside:
                raise InputError("holds no capture", file=given)
            found |= {path: str(path.relative_to(given)) for path in inside if path not in found}
        elif given.exists():
            found.setdefault(given, given.name)
        else:
            beside = [path.name for path in given.parent.iterdir()] if given.parent.is_dir() else []
            raise InputError("no such capture" + near_miss(given.name, beside), file=given)
    alike = Counter(found.values())
    return {path: name if alike[name] == 1 else str(path) for path, name in found.items()}


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (path for name in names if (path := Path(parent, name)).is_file())


def _is_capture(path: Path) -> bool:
    """Whether a file of a folder is to be audited: by how it begins, or by what its name promises."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(CAPTURES):
        return True
    try:
        head = SourceFile(path).head
    except InputError:
        return False
    return any(kind.begins(head) for kind in KINDS)


def _written(path: Path, captures: Iterable[Path]) -> BinaryIO:
    """A file that is made. :raises InputError: it cannot be written, or is one of the captures"""
    if any(path.exists() and path.samefile(capture) for capture in captures):
        raise InputError("is one of the captures, and would be overwritten", file=path)
    try:
        return path.open("wb")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=path) from None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Bar:
    """How many bytes were read, on a terminal that somebody watches."""

    def __init__(self, console: Console, whole: int) -> None:
        self._bar = _progress(console) if console.is_terminal else None
        self._task = self._bar.add_task("audit", total=whole) if self._bar else None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def tell(self, read: int) -> None:
        """So many bytes of all captures were read."""
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=read)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Out of the way of lines that are printed."""
        self.__exit__()
        yield
        self.__enter__()


def _progress(console: Console) -> Progress:
    from rich import progress  # noqa: PLC0415 - as `_policy`

    columns = (
        progress.TextColumn("audit"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    # what is printed goes where it was meant to go, not through the bar's own stream
    return progress.Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
