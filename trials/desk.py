"""The commands for which no bench is needed: ``telltale matrix | lint | drift | due``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from telltale.errors import InputError
from telltale.times import parse_duration

Add = Callable[[str, str, str], argparse.ArgumentParser]
"""Adds a command to the parser: its name, what it does in a line, and what its exit status means."""
_SHELF = Path("policies")
"""Where policies are looked for if none is named."""


def add(command: Add) -> None:
    """Add them all. What they need is loaded when they run."""
    matrix = command(
        "matrix",
        "tell of every clause which scenarios test it, what came of them, and whether they can fail",
        "Exit status: 0 told, 1 a clause has neither a scenario nor a reason, 2 a file or option is wrong.",
    )
    matrix.add_argument("--policy", metavar="DIR", type=Path, required=True, help="policy folder")
    matrix.add_argument(
        "--features", metavar="DIR", type=Path, default=Path("features"), help="feature file or folder (%(default)s)"
    )
    matrix.add_argument(
        "--runs",
        metavar="DIR",
        type=Path,
        default=Path("reports/runs"),
        help="where the last runs and `proof.json` are (%(default)s)",
    )
    matrix.add_argument(
        "--run",
        dest="shown",
        metavar="RUN_FOLDER",
        type=Path,
        help="verdicts from this run, or the runs below this folder, instead",
    )
    matrix.add_argument("--json", metavar="FILE", type=Path, help="write a JSON object a line, a clause each")
    matrix.add_argument("--html", metavar="FILE", type=Path, help="write a page that needs nothing else")
    matrix.set_defaults(run=_matrix)

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

    due = command(
        "due",
        "list what falls due later, and ask for what has fallen due",
        "Exit status: 0 nothing is due, or all of it complies; 1 something violates; 2 a file or an option is wrong; "
        "3 something is due and could not be judged, or the ledger is locked.",
    )
    due.add_argument(
        "--ledger", metavar="FILE", type=Path, default=Path("reports/runs/ledger.db"), help="which one (%(default)s)"
    )
    due.add_argument(
        "--check", action="store_true", help="ask the makers' clouds for what has fallen due, and judge it"
    )
    due.add_argument("--wait", action="store_true", help="wait until everything has fallen due, and check each then")
    due.add_argument(
        "--grace",
        metavar="TIME",
        default="60 s",
        help="how long after a limit a first look may come and still speak for the limit (%(default)s)",
    )
    due.add_argument("--all", action="store_true", help="list what is settled as well")
    due.add_argument("--json", metavar="FILE", type=Path, help="write a JSON object a line, an obligation each")
    due.set_defaults(run=_due)


def _matrix(options: argparse.Namespace) -> int:
    from trials.matrix import matrix  # noqa: PLC0415 - what it needs is only loaded when it is used

    return int(
        matrix(
            options.policy,
            features=options.features,
            runs=options.runs,
            run=options.shown,
            json_file=options.json,
            html_file=options.html,
        )
    )


def _lint(options: argparse.Namespace) -> int:
    from trials.review import lint  # noqa: PLC0415 - the same

    return int(lint(options.policy, against=options.against, json_file=options.json))


def _drift(options: argparse.Namespace) -> int:
    from trials.review import digests, drift  # noqa: PLC0415 - the same

    if options.digests is not None:
        return int(digests(options.text, options.digests))
    return int(drift(options.text, policy=options.policy, json_file=options.json))


def _due(options: argparse.Namespace) -> int:
    from trials.due import due  # noqa: PLC0415 - the same

    try:
        grace = parse_duration(options.grace)
    except ValueError as error:
        raise InputError(f"--grace: {error}") from None
    wishes = {"check": options.check, "wait": options.wait, "everything": options.all, "grace": grace}
    return int(due(options.ledger, json_file=options.json, **wishes))
