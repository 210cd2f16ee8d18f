"""Starting one program inside the namespaces: fork, enter, execute; parts of the bench's own are not even executed.

For a single-threaded process only (the launcher): what runs between fork and exec is plain Python.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rigs.sim.network import linux
from rigs.sim.network.preloaded import main_of, run
from telltale.processes import FDS_VARIABLE

_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)

# Numbers of linux/capability.h. A unit's program may be root and set up its own interfaces, but must neither enter
# another namespace, nor mount, nor look into other processes, nor touch the host's kernel, devices and clock.
_DENIED_TO_UNIT = {
    "CAP_SYS_MODULE": 16,
    "CAP_SYS_RAWIO": 17,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_SYS_BOOT": 22,
    "CAP_SYS_TIME": 25,
    "CAP_MKNOD": 27,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a program runs: descriptors of its namespaces."""

    network: int
    mounts: int
    confined: bool
    """Whether it loses the capabilities that could open the seal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What is to be executed."""

    argv: Sequence[str]
    env: Mapping[str, str]
    fds: Mapping[str, int]
    """Descriptors by name, told to the program through ``TELLTALE_FDS``."""
    stdio: Sequence[int | None]
    """Three descriptors; None is /dev/null."""
    cwd: str


def start(program: Program, place: Place) -> int:
    """Execute *program* and return its process id.

    :raises OSError: it cannot be started; the message says what failed
    """
    main = main_of(program.argv)
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _become(program, place, main)
        except BaseException as error:  # noqa: BLE001 - whatever it was, the launcher must hear it and this copy end
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            os.write(tell, f"{getattr(error, 'errno', None) or 0} {reason}".encode())
        finally:
            os._exit(127)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:  # ends with the exec, or with the reason why there was none
        failure = pipe.read().decode()
    if failure:
        os.waitpid(pid, 0)
        number, _, reason = failure.partition(" ")
        raise OSError(int(number), reason)
    return pid


def _become(program: Program, place: Place, main: Callable[[], None] | None) -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, *_IGNORED_BY_PYTHON):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    linux.setns(place.network, linux.CLONE_NEWNET)
    linux.setns(place.mounts, linux.CLONE_NEWNS)
    if place.confined:
        linux.drop_capabilities(_DENIED_TO_UNIT.values())
    try:
        os.chdir(program.cwd)
    except OSError as error:
        raise OSError(error.errno, f"folder {program.cwd}: {error.strerror}") from None
    null = os.open(os.devnull, os.O_RDWR)
    for target, source in enumerate(program.stdio):
        os.dup2(null if source is None else source, target)
    for descriptor in program.fds.values():
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - positional only
    table = ",".join(f"{name}={descriptor}" for name, descriptor in program.fds.items())
    environment = {**program.env, FDS_VARIABLE: table}
    if main is not None:
        _close_all_but((*range(len(program.stdio)), *program.fds.values()))
        run(main, program.argv, environment)
    os.execvpe(program.argv[0], list(program.argv), environment)  # noqa: S606 - no shell is wanted


def _close_all_but(kept: Iterable[int]) -> None:
    """As executing a program would do, with the pipe on which the launcher waits for that."""
    low = 0
    for descriptor in sorted(set(kept)):
        if low < descriptor:  # closerange(0, 0) closes everything
            os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
