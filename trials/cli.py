"""The command line: ``telltale bench | prove | sandbox``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from reports import html
from telltale.errors import ExitStatus, RigError, TelltaleError


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``telltale``; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except TelltaleError as error:
        print(f"telltale: {error}", file=sys.stderr)
        return int(error.exit_status)
    except KeyboardInterrupt:
        print("telltale: interrupted; what had been captured is kept", file=sys.stderr)
        return int(ExitStatus.INCONCLUSIVE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="telltale",
        description="Checks on the bench what a connected car sends, against its maker's privacy policy.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    bench = commands.add_parser("bench", help="run features on their rigs and make the report")
    bench.add_argument("features", nargs="*", type=Path, default=[Path("features")], help="default: features")
    bench.add_argument("--runs", type=Path, default=Path("reports/runs"), help="where run folders go (%(default)s)")
    bench.set_defaults(run=_bench)

    prove = commands.add_parser("prove", help="show that each scenario is able to fail")
    prove.add_argument("features", nargs="*", type=Path, default=[Path("features")], help="default: features")
    prove.add_argument("--rig", type=Path, help="rig file; else the features' defaults.yaml names it")
    prove.add_argument("--policy", type=Path, help="policy folder; else the features' defaults.yaml names it")
    prove.add_argument("--runs", type=Path, default=Path("reports/runs"), help="where run folders go (%(default)s)")
    prove.add_argument("-n", dest="workers", default="2", help="simulated rigs side by side (%(default)s)")
    prove.set_defaults(run=_prove)

    sandbox = commands.add_parser("sandbox", help="run any program as the unit and tell what it sends")
    sandbox.add_argument(
        "--identities", type=Path, required=True, help="what to look for: a mapping from item to value"
    )
    sandbox.add_argument("--policy", type=Path, help="judge by this policy; without it, list what is seen")
    sandbox.add_argument("--json", type=Path, help="write a JSON object a line, a sighting each")
    sandbox.add_argument("--reveal", action="store_true", help="show values in clear")
    sandbox.add_argument("--runs", type=Path, default=Path("reports/runs"), help="where the capture goes (%(default)s)")
    sandbox.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ARGS...")
    sandbox.set_defaults(run=_sandbox)
    return parser


def _bench(options: argparse.Namespace) -> int:
    """Scenarios first, then the page; the exit status is that of the scenarios."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = options.runs.resolve() / stamp
    results = folder / "allure-results"
    status = _pytest([*map(str, options.features), "-v", "--alluredir", str(results), "--runs", str(folder)])
    if any(results.glob("*-result.json")):
        try:
            print(f"\nreport: {html.make(results, folder / 'report')}")
        except RigError as error:
            print(f"\n{error}", file=sys.stderr)
            print(f"results: {results}")
    return status


def _prove(options: argparse.Namespace) -> int:
    given = [f"--{name}={value}" for name in ("rig", "policy") if (value := getattr(options, name))]
    return _pytest(
        [*map(str, options.features), "--prove", "-n", options.workers, "--runs", str(options.runs.resolve()), *given]
    )


def _sandbox(options: argparse.Namespace) -> int:
    from trials.sandbox import sandbox  # noqa: PLC0415 - the bench is only loaded when it is used

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    return int(
        sandbox(
            command,
            identities=options.identities,
            policy=options.policy,
            json_file=options.json,
            reveal=options.reveal,
            runs=options.runs.resolve(),
        )
    )


def _pytest(arguments: Sequence[str]) -> int:
    """Run pytest in a process of its own, so that its exit status is the one any CI would see."""
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
