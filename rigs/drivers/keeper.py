"""Runs a program for as long as the bench lives, then ends it and removes its private folder.

    python -I -S keeper.py FOLDER DESCRIPTOR,... PROGRAM ARGUMENTS...

The bench holds the other end of standard input. However the bench ends, the keeper reads the end of its input; should
the keeper itself be killed, the kernel ends the program (PR_SET_PDEATHSIG, prctl(2)). Standard library only, so that it
starts at once.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def _die_with(keeper: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:  # it was killed before the kernel had been asked
        os._exit(1)


def main(folder: str, argv: list[str], fds: list[int]) -> int:
    """Keep *argv* running until standard input ends; its exit status, or 0 if it was ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the bench's, which then closes standard input
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdout.flush()
    keeper = os.getpid()
    # preexec_fn is safe here: this process has one thread
    program = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=fds, preexec_fn=lambda: _die_with(keeper))  # noqa: PLW1509
    for fd in fds:
        os.close(fd)

    def watch() -> None:
        sys.stdin.buffer.read()
        program.kill()

    threading.Thread(target=watch, daemon=True).start()
    status = program.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return max(status, 0)


if __name__ == "__main__":
    given, command = sys.argv[1:3], sys.argv[3:]
    os._exit(main(given[0], command, [int(number) for number in given[1].split(",") if number]))
