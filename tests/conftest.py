"""What tests of several packages share: whether this host allows a sealed bench, and pytest as its users run it."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from rigs.sim.network import SealedNetwork
from telltale.errors import NamespacesRefusedError

EXAMPLE = Path(__file__).parents[1] / "docs" / "example"
PATIENCE = 300
"""Seconds for a run of pytest, which takes a few on a quiet machine."""


@dataclass(frozen=True)
class Ran:
    """A run of pytest that has ended."""

    status: int
    out: str

    def lines(self, text):
        """The lines of its output that hold *text*."""
        return [line for line in self.out.splitlines() if text in line]


def as_typed(folder, *arguments, environment=None, through=()):
    """The arguments of `subprocess.Popen` for pytest in *folder*, as a user would type it there.

    :param through: a command that runs it
    """
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return {
        "args": [
            *through,
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--runs",
            str(folder / "runs"),
            *arguments,
        ],
        "cwd": folder,
        "env": {**given, "COLUMNS": "200", **(environment or {})},
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }


@pytest.fixture
def run_pytest():
    """Runs pytest in a folder, in a process of its own, to its end."""

    def run(*arguments, folder, **around):
        command = as_typed(folder, *map(str, arguments), **around)
        done = subprocess.run(**command, timeout=PATIENCE, check=False)
        return Ran(done.returncode, done.stdout)

    return run


@pytest.fixture
def start_pytest():
    """Starts pytest in a folder, in a process of its own that is killed with the test; returns its `Popen`."""
    with ExitStack() as stack:

        def start(*arguments, folder, **around):
            process = stack.enter_context(subprocess.Popen(**as_typed(folder, *arguments, **around)))
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture
def outside(tmp_path):
    """A copy of the documentation's feature folder, away from the repository."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "theirs"))


@pytest.fixture(scope="session")
def refusing():
    """A command that runs another as on a host that refuses namespaces."""
    command = (sys.executable, str(Path(__file__).with_name("refusing_host.py")))
    if subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("this host does not let a process filter its own system calls")
    return command


@pytest.fixture(scope="session")
def sealed_host():
    """Skips, with the host's own line, where a sealed network is refused."""
    try:
        SealedNetwork.open().close()
    except NamespacesRefusedError as refused:
        pytest.skip(str(refused))
