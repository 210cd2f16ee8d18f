"""From verdicts to pytest: reports without tracebacks, the exit status, the table at the end."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from reports import environment
from reports.tables import ScenarioRow, proof_table, verdict_table
from steps.collector import CASE, Case, FeatureFile
from telltale.errors import ExitStatus, TelltaleError, one_line
from telltale.verdict import Verdict
from trials import proofs
from trials.proof import Catch, Pair, judge_pair, shortcomings, unshown
from trials.trial import Trial

_VERDICTS = {ExitStatus.COMPLIES: Verdict.COMPLIES, ExitStatus.VIOLATES: Verdict.VIOLATES}


class Verdicts:
    """Registered as a plugin of its own, so that it holds the session's rows."""

    def __init__(self, config: pytest.Config) -> None:
        self._proving: bool = config.getoption("prove")
        self._statuses: list[ExitStatus] = []
        self._rows: list[ScenarioRow] = []
        self._pairs: list[Pair] = []
        self._proven: list[proofs.Entry] = []
        self._asked = False
        self._defects: set[tuple[str, str]] = set()
        self._captions: set[str] = set()
        self._provenances: list[dict[str, object]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give a scenario's report its exit status, and one clear text instead of a traceback."""
        report = yield
        case = item.stash.get(CASE, None)
        if case is None or (call.when != "call" and report.outcome == "passed"):
            return report
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, TelltaleError):
            report.longrepr = str(error)
        status = _status(report, error)
        seeded = "" if self._proving else case.setup.seeded  # the proof's table names every defect itself
        told: dict[str, Any] = {
            "caption": f"{case.setup.caption} {seeded}".strip(),
            "provenance": case.setup.provenance(),
        }
        if self._proving and report.outcome != "skipped":
            pair = judge_pair(case.name, case.setup, _trial(item), status, error)
            report.outcome = "passed" if pair.sound else "failed"
            report.longrepr = None if pair.sound else pair.reason
            told["pair"] = asdict(pair)
            told["proven"] = asdict(proofs.entry(pair, case.setup, feature=item.path, clauses=case.clauses))
            told["defects"] = [(d.defect, ", ".join(d.breaks)) for _, d in case.setup.known_defects()]
        told["status"] = None if report.outcome == "skipped" else int(status)
        told["row"] = _scenario_row(item, case, report, error, status)
        extra: Any = report  # attributes of plain types travel with a report from worker to controller
        extra.telltale = json.dumps(told)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what the reports tell, in the one process that reports."""
        if not hasattr(report, "telltale"):
            if report.failed:  # an ordinary test; or a worker died, and with it what a scenario had to tell
                ours = ".feature::" in report.nodeid
                self._statuses.append(ExitStatus.INCONCLUSIVE if ours else ExitStatus.VIOLATES)
            return
        told = json.loads(report.telltale)
        if told["status"] is not None:
            self._statuses.append(ExitStatus(told["status"]))
        self._captions.add(told["caption"])
        self._provenances.append(told["provenance"])
        if "pair" in told:
            self._proven.append(proofs.restored(told["proven"]))
            self._pairs.append(Pair(**{**told["pair"], "catch": Catch(told["pair"]["catch"])}))
            self._defects |= {(name, clauses) for name, clauses in told["defects"]}
        else:
            self._rows.append(ScenarioRow(**told["row"]))

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Remember that scenarios were asked for."""
        self._asked = self._asked or isinstance(collector, FeatureFile)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A feature file that is wrong is an input error, whatever becomes of the others."""
        if report.failed and report.nodeid.endswith(".feature"):
            self._statuses.append(ExitStatus.USAGE)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """The gravest of 2, 1, 3, 0. Where nothing but ordinary tests ran, pytest's own status stays."""
        if hasattr(session.config, "workerinput"):
            return
        if self._provenances and (results := session.config.getoption("allure_report_dir", None)):
            environment.write(Path(results), environment.merged(self._provenances))
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and (self._asked or self._proving):
            session.exitstatus = int(ExitStatus.INCONCLUSIVE)
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return
        if self._proven:
            proofs.keep(Path(session.config.getoption("runs")).resolve(), self._proven)
        if self._pairs and ExitStatus.USAGE not in self._statuses:
            proven = ExitStatus.INCONCLUSIVE if unshown(self._pairs) else ExitStatus.COMPLIES
            session.exitstatus = int(ExitStatus.VIOLATES if self._shortcomings() else proven)
        elif self._rows or ExitStatus.USAGE in self._statuses:
            session.exitstatus = int(ExitStatus.gravest(self._statuses))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The verdicts, or the proofs, as a table; with what kind of rig they say something about."""
        writer = terminalreporter._tw  # noqa: SLF001 - pytest offers no other way to learn width and colour
        width, colour = max(writer.fullwidth, 100), writer.hasmarkup
        caption = "\n".join(sorted(self._captions))
        if self._rows:
            terminalreporter.section("verdicts")
            terminalreporter.write_line(verdict_table(self._rows, caption=caption, width=width, colour=colour))
            runs = Path(terminalreporter.config.getoption("runs")).resolve()
            terminalreporter.write_line(f"Evidence: a folder for each scenario in {runs}")
        if self._pairs:
            catches: dict[str, dict[str, str]] = {}
            for pair in sorted(self._pairs, key=lambda pair: (pair.scenario, pair.defect or "")):
                catches.setdefault(pair.scenario, {})[pair.defect or "clean unit"] = pair.catch
            terminalreporter.section("proof")
            terminalreporter.write_line(
                proof_table(
                    catches, self._shortcomings(), unshown(self._pairs), caption=caption, width=width, colour=colour
                )
            )

    def _shortcomings(self) -> list[str]:
        return shortcomings(self._pairs, sorted(self._defects))


def _status(report: pytest.TestReport, error: BaseException | None) -> ExitStatus:
    if isinstance(error, TelltaleError):
        return error.exit_status
    return ExitStatus.COMPLIES if report.outcome == "passed" else ExitStatus.INCONCLUSIVE


def _trial(item: pytest.Item) -> Trial | None:
    running = item.funcargs.get("trial") if isinstance(item, pytest.Function) else None
    return running if isinstance(running, Trial) else None


def _scenario_row(
    item: pytest.Item, case: Case, report: pytest.TestReport, error: BaseException | None, status: ExitStatus
) -> dict[str, Any]:
    lines = (str(error).splitlines() if isinstance(error, TelltaleError) else [one_line(error)]) if error else []
    reason = next((line.strip() for line in lines if line.startswith("  ")), lines[0] if lines else "")
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
    running = _trial(item)
    return {
        "title": item.name,
        "unit": case.setup.unit_name,
        "clauses": list(case.clauses),
        "verdict": "skipped" if report.outcome == "skipped" else str(_VERDICTS.get(status, Verdict.INCONCLUSIVE)),
        "readings": running.readings_apart() if running else "",
        "reason": reason.removeprefix("violates: ").removeprefix("inconclusive: "),
    }
