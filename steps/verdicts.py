"""From verdicts to pytest: reports without tracebacks, the exit status, the table at the end."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from reports.tables import ProofRow, ScenarioRow, proof_table, verdict_table
from steps.collector import CASE, Case
from telltale.errors import ExitStatus, TelltaleError
from telltale.verdict import Verdict
from trials.proof import Proof, prove
from trials.trial import Trial

_VERDICTS = {ExitStatus.COMPLIES: Verdict.COMPLIES, ExitStatus.VIOLATES: Verdict.VIOLATES}


class Verdicts:
    """Registered as a plugin of its own, so that it holds the session's rows."""

    def __init__(self, config: pytest.Config) -> None:
        self._proving: bool = config.getoption("prove")
        self._statuses: list[ExitStatus] = []
        self._rows: list[ScenarioRow] = []
        self._proofs: list[ProofRow] = []
        self._captions: set[str] = set()

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
        told: dict[str, Any] = {"caption": case.setup.caption}
        if self._proving and report.outcome != "skipped":
            proof = prove(case.setup, _trial(item), status, error)
            report.outcome = "passed" if proof.holds else "failed"
            report.longrepr = None if proof.holds else proof.reason
            status = ExitStatus.COMPLIES if proof.holds else ExitStatus.VIOLATES
            told["proof"] = _proof_row(case, proof)
        told["status"] = None if report.outcome == "skipped" else int(status)
        told["row"] = _scenario_row(item, case, report, error, status)
        extra: Any = report  # attributes of plain types travel with a report from worker to controller
        extra.telltale = told
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect what the reports tell, in the one process that reports."""
        told = getattr(report, "telltale", None)
        if told is None:
            return
        if told["status"] is not None:
            self._statuses.append(ExitStatus(told["status"]))
        self._captions.add(told["caption"])
        if "proof" in told:
            self._proofs.append(ProofRow(**told["proof"]))
        else:
            self._rows.append(ScenarioRow(**told["row"]))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """The gravest of 2, 1, 3, 0. Where nothing but ordinary tests ran, pytest's own status stays."""
        ran_scenarios = self._rows or self._proofs
        replaceable = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if ran_scenarios and exitstatus in replaceable and not hasattr(session.config, "workerinput"):
            session.exitstatus = int(ExitStatus.gravest(self._statuses))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The verdicts, or the proofs, as a table; with what kind of rig they say something about."""
        writer = terminalreporter._tw  # noqa: SLF001 - pytest offers no other way to learn width and colour
        width, colour = max(writer.fullwidth, 100), writer.hasmarkup
        caption = "\n".join(sorted(self._captions))
        if self._rows:
            terminalreporter.section("verdicts")
            terminalreporter.write_line(verdict_table(self._rows, caption=caption, width=width, colour=colour))
        if self._proofs:
            terminalreporter.section("proof")
            terminalreporter.write_line(proof_table(self._proofs, caption=caption, width=width, colour=colour))


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
    lines = str(error).splitlines() if error else []
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


def _proof_row(case: Case, proof: Proof) -> dict[str, Any]:
    return {
        "title": case.title,
        "defect": proof.defect or "none: the clean unit",
        "expected": proof.expected,
        "holds": proof.holds,
        "reason": proof.reason,
    }
