"""The pytest plugin: options, the collector, fixtures and the Allure bridge.

Loaded by pytest through the ``pytest11`` entry point, so that features outside this repository run the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import allure_bridge
from steps.collector import CASE, FeatureFile
from steps.lint import HARNESS_TAGS
from steps.verdicts import Verdicts
from telltale.errors import InputError
from trials.bench import Benches
from trials.trial import Trial

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, Scenario, Step

pytest_plugins = ["steps.car", "steps.time", "steps.leaving", "steps.retention", "steps.switches"]

_ALLURE_STEP = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run of scenarios can be told."""
    group = parser.getgroup("telltale", "Telltale: what leaves the car, judged against the declared policy")
    group.addoption("--rig", metavar="RIG.yaml", help="bench to run on; else the features' defaults.yaml names it")
    group.addoption("--policy", metavar="DIR", help="declared policy; else defaults.yaml or the rig names it")
    group.addoption(
        "--defect", metavar="FILE", action="append", default=[], help="seed the simulated unit with it (repeatable)"
    )
    group.addoption("--runs", metavar="DIR", default="reports/runs", help="where run folders go (default: %(default)s)")
    group.addoption(
        "--prove", action="store_true", help="run each scenario on the clean unit and on every defect of its clauses"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register what holds the session's verdicts."""
    for tag in HARNESS_TAGS:
        config.addinivalue_line("markers", f"{tag}: a tag of the harness, not a clause")
    config.pluginmanager.register(Verdicts(config), "telltale-verdicts")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> FeatureFile | None:
    """Feature files are collected wherever they are."""
    if file_path.suffix == ".feature":
        return FeatureFile.from_parent(parent, path=file_path)
    return None


@pytest.fixture(scope="session")
def benches(request: pytest.FixtureRequest) -> Iterator[Benches]:
    """The benches of this session (or of this worker): opened when first needed, closed at the end."""
    runs = Path(request.config.getoption("runs")).resolve()
    with Benches(runs) as opened:
        yield opened


@pytest.fixture
def trial(request: pytest.FixtureRequest, benches: Benches) -> Iterator[Trial]:
    """One scenario's run on the bench: rig, capture, policy and evidence."""
    case = request.node.stash.get(CASE, None)
    if case is None:
        raise InputError(f"{request.node.nodeid} is not a scenario of a .feature file, so it has no rig")
    running = benches.trial(case.setup, title=request.node.name, clauses=case.clauses)
    try:
        yield running
    finally:
        running.close()
        for name, path in running.evidence():
            allure_bridge.attach_file(name, path)
    if request.node.stash.get(_STEPS_DONE, False) and not running.concluded:
        running.conclude()  # bound from Python by someone else: what was judged must count all the same


_STEPS_DONE = pytest.StashKey[bool]()
"""On an item: its last step ended without an error."""


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature, scenario: Scenario) -> None:
    """Title, labels and description of the test as Allure shows it."""
    case = request.node.stash.get(CASE, None)
    if case is not None:
        allure_bridge.start_scenario(
            title=request.node.name,
            feature=feature.name,
            rule=scenario.rule.name if scenario.rule else None,
            description=f"{scenario.description}\n\n{case.setup.caption} {case.setup.seeded}".strip(),
            labels=case.setup.labels(case.clauses),
            unit=case.setup.unit_name,
        )


def pytest_bdd_before_step(request: pytest.FixtureRequest, step: Step) -> None:
    """Open the step in Allure and in the trial."""
    text = f"{step.keyword.strip()} {step.name}"
    request.node.stash[_ALLURE_STEP] = allure_bridge.start_step(text)
    running: Trial = request.getfixturevalue("trial")
    running.begin_step(step.type, text)


def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """Close the step with the verdict of what it judged, and attach its evidence."""
    running: Trial = request.getfixturevalue("trial")
    for name, kind, text in running.step_evidence():
        allure_bridge.attach_text(name, text, kind)
    allure_bridge.stop_step(request.node.stash[_ALLURE_STEP], running.step_error())
    request.node.stash[_STEPS_DONE] = True


def pytest_bdd_step_error(request: pytest.FixtureRequest, exception: Exception) -> None:
    """Close the step as failed or broken."""
    request.node.stash[_STEPS_DONE] = False
    allure_bridge.stop_step(request.node.stash[_ALLURE_STEP], exception)
