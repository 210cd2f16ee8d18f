"""The command line: ``telltale bench | prove | ca | sandbox | audit | doctor``, and what `trials.desk` adds."""

from __future__ import annotations

import argparse
import itertools
import os
import select
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from telltale.errors import ExitStatus, InputError, RigError, TelltaleError, near_miss, one_line
from trials import desk
from trials.fidelity import ASKED

EXIT_STATUS = "Exit status: 0 complies, 1 violates, 2 a file or an option is wrong, 3 inconclusive or interrupted."
CLOSING = 60
"""Seconds that an interrupted pytest has to close its benches and to print what was judged."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``telltale``; returns the exit status."""
    try:
        options = _parser().parse_args(arguments)
        status = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_gone():
            raise
        return int(ExitStatus.INCONCLUSIVE)
    except TelltaleError as error:
        print(f"telltale: {error}", file=sys.stderr)
        return int(error.exit_status)
    except KeyboardInterrupt:
        print("telltale: interrupted; what had been captured is kept", file=sys.stderr)
        return int(ExitStatus.INCONCLUSIVE)
    except Exception as error:  # noqa: BLE001 - a fault of ours; Python's own status for it, 1, would be a verdict
        print(f"telltale: {_crash(error)}", file=sys.stderr)
        return int(ExitStatus.INCONCLUSIVE)
    return status


def _crash(error: Exception) -> str:
    """One line for a fault of ours; the traceback goes to a file that its owner alone can read."""
    handle, name = tempfile.mkstemp(prefix="telltale-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(traceback.format_exception(error))
    return f"the harness itself failed, and nothing is judged by that ({one_line(error)}); its traceback is in {name}"


def _reader_gone() -> bool:
    """Whether nobody reads standard output any more, as after ``| head``; then what is left for it goes nowhere."""
    ear = select.poll()
    ear.register(sys.stdout.fileno(), select.POLLOUT)
    if not any(event & select.POLLERR for _, event in ear.poll(0)):
        return False
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return True


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with the options in one line, as everything else is told, with the near-miss."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse does; but the command that an unknown argument was meant for is the one that tells of it."""
        self._given = list(sys.argv[1:] if args is None else args)
        parsed, unknown = super().parse_known_args(self._given, namespace)
        if unknown:
            self.error(f"unknown argument{'s' * (len(unknown) > 1)}: {' '.join(unknown)}")
        return parsed, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.nargs == argparse.PARSER and action.choices and value not in action.choices:
            raise InputError(f"{self.prog} has no command `{value}`{near_miss(value, action.choices)}")
        super()._check_value(action, value)

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong, an unknown option before all that may follow from it.

        :raises InputError: always
        """
        ours = itertools.takewhile(lambda word: word != "--", self._given)  # what follows is a program's own
        known = [option for option in self._option_string_actions if option.startswith("--")]
        for name in (word.partition("=")[0] for word in ours if word.startswith("--")):
            if not self._subparsers and not any(option.startswith(name) for option in known):
                raise InputError(f"{self.prog} has no option `{name}`{near_miss(name, known)}")
        raise InputError(f"{message}; `{self.prog} --help` tells more")


def _parser() -> _Parser:
    parser = _Parser(
        prog="telltale",
        description="Checks on the bench what a connected car sends, against its maker's privacy policy.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    bench = _command(commands, "bench", "run features on their rigs and make the report", EXIT_STATUS)
    _add_features(bench)
    bench.add_argument(
        "--defect", metavar="FILE", action="append", default=[], help="seed the simulated unit with it (repeatable)"
    )
    _add_runs(bench, "where run folders and the report go")
    bench.set_defaults(run=_bench)

    prove = _command(
        commands,
        "prove",
        "show that each scenario is able to fail",
        "Exit status: 0 the proof is whole, 1 it is not, 2 a file or option is wrong, 3 nothing tried or interrupted.",
    )
    _add_features(prove)
    _add_runs(prove, "where run folders go")
    prove.add_argument("-n", dest="workers", metavar="N", default="2", help="simulated rigs side by side (%(default)s)")
    prove.set_defaults(run=_prove)

    ca = _command(
        commands,
        "ca",
        "make the CA of a real bench, for its units to trust",
        "Exit status: 0 made, 2 the folder holds one already, or cannot be written.",
    )
    ca.add_argument("folder", metavar="FOLDER", type=Path, help="where it is kept; a rig file names it as `ca`")
    ca.set_defaults(run=_ca)

    sandbox = _command(
        commands,
        "sandbox",
        "run any program as the unit and tell what it sends",
        f"{EXIT_STATUS} Without --policy, what is seen is listed and 0 says that all could be seen.",
    )
    sandbox.add_argument(
        "--identities",
        metavar="FILE",
        type=Path,
        required=True,
        help="what to look for: a YAML file with a line for each item, such as `vin: LNBSCB3F6A0D00001`",
    )
    sandbox.add_argument(
        "--policy", metavar="DIR", type=Path, help="judge by this policy; without it, list what is seen"
    )
    sandbox.add_argument("--json", metavar="FILE", type=Path, help="write a JSON object a line, a sighting each")
    sandbox.add_argument("--reveal", action="store_true", help="show values in clear")
    _add_runs(sandbox, "where the capture goes")
    sandbox.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ARGS...")
    sandbox.set_defaults(run=_sandbox)

    _add_audit(commands)

    doctor = _command(
        commands,
        "doctor",
        "check every connection of a rig, and tell which clauses it can judge",
        "Exit status: 0 all well, 1 something is wrong with the rig, 2 a file is wrong, 3 the host refuses namespaces.",
    )
    doctor.add_argument("rig", metavar="RIG.yaml", type=Path, help="rig file, simulated or real")
    doctor.add_argument("--policy", metavar="DIR", type=Path, help="policy folder; else the one that the rig names")
    doctor.add_argument("--json", metavar="FILE", type=Path, help="write a JSON object a line, a row each")
    doctor.set_defaults(run=_doctor)

    desk.add(partial(_command, commands))
    return parser


def _command(
    commands: argparse._SubParsersAction[_Parser], name: str, says: str, epilog: str
) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.", epilog=epilog)


def _add_audit(commands: argparse._SubParsersAction[_Parser]) -> None:
    audit = _command(
        commands,
        "audit",
        "tell what captures hold, whoever made them",
        f"{EXIT_STATUS} Without --policy, what is seen is listed and the status is 0.",
    )
    audit.add_argument("captures", metavar="CAPTURE", type=Path, nargs="+", help="a capture, or a folder of captures")
    audit.add_argument(
        "--identities",
        metavar="FILE",
        type=Path,
        required=True,
        help="what to look for: a YAML file with a line for each item, such as `vin: LNBSCB3F6A0D00001`",
    )
    audit.add_argument("--policy", metavar="DIR", type=Path, help="judge by this policy; without it, list what is seen")
    audit.add_argument("--state", metavar="FILE", type=Path, help="the unit's state over time, YAML or CSV")
    audit.add_argument("--keylog", metavar="FILE", type=Path, help="TLS keys, as SSLKEYLOGFILE has them")
    audit.add_argument("--json", metavar="FILE", type=Path, help="write a JSON object a line, a sighting each")
    audit.add_argument("--html", metavar="FILE", type=Path, help="write a page that needs nothing else")
    audit.add_argument("--reveal", action="store_true", help="show values in clear")
    audit.add_argument(
        "--no-recognisers", action="store_true", help="only the identities, no other values that have the shape of one"
    )
    audit.add_argument("-j", dest="lanes", metavar="N", type=int, help="captures side by side (default: every core)")
    audit.set_defaults(run=_audit)


def _add_features(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "features", nargs="*", default=["features"], help="feature files or folders (default: features)"
    )
    command.add_argument(
        "--rig", metavar="RIG.yaml", type=Path, help="rig file; else the features' defaults.yaml names it"
    )
    command.add_argument(
        "--policy", metavar="DIR", type=Path, help="policy folder; else defaults.yaml or the rig names it"
    )
    command.add_argument(
        "--fidelity",
        choices=ASKED,
        default="auto",
        help="of simulated rigs: the sealed network, or loopback, where not everything can be seen; auto is sealed "
        "wherever this host allows it (%(default)s)",
    )


def _add_runs(command: argparse.ArgumentParser, says: str) -> None:
    command.add_argument("--runs", metavar="DIR", type=Path, default=Path("reports/runs"), help=f"{says} (%(default)s)")


def _bench(options: argparse.Namespace) -> int:
    """Scenarios first, then the page; the exit status is that of the scenarios."""
    from reports import html  # noqa: PLC0415 - an audit of a small file need not wait for it

    given = [*_given(options), *(f"--defect={defect}" for defect in options.defect)]
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = options.runs.resolve() / stamp
    results = folder / "allure-results"
    status = _pytest([*given, "-v", "--alluredir", str(results), "--runs", str(folder)])
    if any(results.glob("*-result.json")):
        try:
            print(f"\nreport: {html.make(results, folder / 'report')}")
        except RigError as error:
            print(f"\n{error}", file=sys.stderr)
            print(f"results: {results}")
    return status


def _prove(options: argparse.Namespace) -> int:
    return _pytest([*_given(options), "--prove", "-n", options.workers, "--runs", str(options.runs.resolve())])


def _given(options: argparse.Namespace) -> list[str]:
    """Features, rig and policy for pytest, which would tell of a missing folder as "no tests ran".

    :raises InputError: features that are not there
    :raises NamespacesRefusedError: a sealed network is asked for, and this host allows none
    """
    from rigs.rigfile import SimulatedRig, load_rig  # noqa: PLC0415 - an audit of a small file need not wait for it
    from rigs.sim.network import SealedNetwork  # noqa: PLC0415 - the same

    for name in options.features:
        path = Path(name.partition("::")[0])
        if not path.exists():
            beside = (
                [p.name for p in path.parent.iterdir() if p.is_dir() or p.suffix == ".feature"]
                if path.parent.is_dir()
                else []
            )
            raise InputError("no such feature file or folder" + near_miss(path.name, beside), file=path)
    simulated = options.rig is None or isinstance(load_rig(options.rig), SimulatedRig)
    if simulated and options.fidelity == "sealed":
        SealedNetwork.open().close()  # told once, and not by every scenario
    given = [f"--{name}={value}" for name in ("rig", "policy", "fidelity") if (value := getattr(options, name))]
    return [*options.features, *given]


def _ca(options: argparse.Namespace) -> int:
    """A CA that outlives runs: its key never leaves the folder."""
    from captures.gateway import authority  # noqa: PLC0415 - mitmproxy is only loaded when it is used

    made = authority.create(options.folder)
    print(f"install on the unit: {made.certificate}")
    print(f"on Android, in /system/etc/security/cacerts: {authority.android_name(made)}")
    print(f"SHA-256 {made.fingerprint}, valid until {made.until}")
    print(f"keep to the bench: {options.folder / authority.KEY_AND_CERTIFICATE}")
    return int(ExitStatus.COMPLIES)


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


def _audit(options: argparse.Namespace) -> int:
    from trials.audit import Wishes, audit  # noqa: PLC0415 - what it needs is only loaded when it is used

    return int(
        audit(
            options.captures,
            identities=options.identities,
            policy=options.policy,
            state=options.state,
            keylog=options.keylog,
            lanes=options.lanes,
            wishes=Wishes(
                json=options.json,
                html=options.html,
                reveal=options.reveal,
                recognise=not options.no_recognisers,
            ),
        )
    )


def _doctor(options: argparse.Namespace) -> int:
    from trials.doctor import doctor  # noqa: PLC0415 - the bench is only loaded when it is used

    return int(doctor(options.rig, policy=options.policy, json_file=options.json))


def _pytest(arguments: Sequence[str]) -> int:
    """Run pytest in a process of its own, so that its exit status is the one any CI would see.

    Ctrl-C reaches it as well. It is left to close its benches: killed, it would leave processes and a folder behind.
    """
    process = subprocess.Popen([sys.executable, "-m", "pytest", *arguments])
    try:
        return process.wait()
    except KeyboardInterrupt:
        try:
            process.wait(CLOSING)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


if __name__ == "__main__":
    sys.exit(main())
