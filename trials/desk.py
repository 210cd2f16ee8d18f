"""The commands for which no bench is needed: ``telltale lint | drift``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

Add = Callable[[str, str, str], argparse.ArgumentParser]
"""Adds a command to the parser: its name, what it does in a line, and what its exit status means."""
_SHELF = Path("policies")
"""Where policies are looked for if none is named."""


def add(command: Add) -> None:
    """Add them all. What they need is loaded when they run."""
    lint = command(
        "lint",
        "look for contradictions in a policy, between two of them, and for clauses that say nothing",
        "Exit status: 0 nothing to tell, 1 something, 2 a file or option is wrong.",
    )
    lint.add_argument(
        "--policy", metavar="DIR", type=Path, default=_SHELF, help="policy folder, or one of several (%(default)s)"
    )
    lint.add_argument("--against", metavar="DIR", type=Path, help="another version or language to hold beside it")
    lint.add_argument("--json", metavar="FILE", type=Path, help="write a JSON object a line, a remark each")
    lint.set_defaults(run=_lint)

    drift = command(
        "drift",
        "tell which clauses a new version of a document touches",
        "Exit status: 0 no section has changed, 1 one has, 2 a file or option is wrong.",
    )
    drift.add_argument("text", metavar="TEXT", type=Path, help="the new version's text, UTF-8")
    drift.add_argument(
        "--policy",
        metavar="DIR",
        type=Path,
        default=_SHELF,
        help="policy folder, or one of several, of which the one nearest to the text is taken (%(default)s)",
    )
    drift.add_argument(
        "--digests",
        metavar="SECTION",
        nargs="*",
        help="print the text's digests for document.yaml instead, of these sections or of all",
    )
    drift.add_argument("--json", metavar="FILE", type=Path, help="write a JSON object a line, a section each")
    drift.set_defaults(run=_drift)


def _lint(options: argparse.Namespace) -> int:
    from trials.review import lint  # noqa: PLC0415 - what it needs is only loaded when it is used

    return int(lint(options.policy, against=options.against, json_file=options.json))


def _drift(options: argparse.Namespace) -> int:
    from trials.review import digests, drift  # noqa: PLC0415 - the same

    if options.digests is not None:
        return int(digests(options.text, options.digests))
    return int(drift(options.text, policy=options.policy, json_file=options.json))
