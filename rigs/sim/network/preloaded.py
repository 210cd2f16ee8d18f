"""Parts of the bench's own that run in a copy of a process that has imported them already, not in a new interpreter.

Importing what a simulated car needs takes longer than most of its drives, and every scenario has a fresh car.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from rigs.sim.network import linux

OWN = ("rigs.sim.cloud", "rigs.sim.unit")
"""Packages whose ``__main__`` has a function ``main`` and does nothing when it is imported."""


def main_of(argv: Sequence[str]) -> Callable[[], None] | None:
    """What *argv* would execute, imported by now; None where that is no part of ours."""
    if [*argv[:2]] != [sys.executable, "-m"] or len(argv) != 3 or argv[2] not in OWN:
        return None
    main: Callable[[], None] = importlib.import_module(f"{argv[2]}.__main__").main
    return main


def run(main: Callable[[], None], argv: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Be the program *argv*: the rest of a forked process's life. Nothing of who was forked is run any more."""
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(argv[2:])
    linux.call_process(argv[2])
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - for the rest of this process's life
    sys.stdout = open(1, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    random.seed()  # else every copy would draw alike
    status = 1
    try:
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - shown as the interpreter shows it, and the status tells
        sys.excepthook(*sys.exc_info())
    finally:
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and not thread.daemon:
                thread.join()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
