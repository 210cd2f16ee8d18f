"""The pytest plugin: options, the collector, fixtures and the Allure bridge.

Loaded by pytest through the ``pytest11`` entry point, so that features outside this repository run the same way.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import allure_bridge
from reports.csvtables import as_csv
from rigs.instruments import MissingInstrumentError
from steps.collector import CASE, FeatureFile
from steps.lint import HARNESS_TAGS
from steps.phrases import duration
from steps.verdicts import Verdicts
from telltale.errors import HostRefusedError, InputError, TelltaleError
from trials.bench import Benches
from trials.evidence import introduction
from trials.fidelity import ASKED, Asked, choose
from trials.outcome import Inconclusive, Violation
from trials.trial import NotOnThisRigError, Trial

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, Scenario, Step

pytest_plugins = [
    "steps.car",
    "steps.life",
    "steps.time",
    "steps.leaving",
    "steps.retention",
    "steps.rights",
    "steps.switches",
    "steps.keeping",
    "steps.workshop",
    "steps.road",
    "steps.uplinks",
]

_ALLURE_STEP = pytest.StashKey[str]()
_PLACE = pytest.StashKey[tuple[Path, int]]()
"""On an item: feature file and line of its latest step."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run of scenarios can be told."""
    group = parser.getgroup("telltale", "Telltale: what leaves the car, judged against the declared policy")
    group.addoption("--rig", metavar="RIG.yaml", help="bench to run on; else the features' defaults.yaml names it")
    group.addoption("--policy", metavar="DIR", help="declared policy; else defaults.yaml or the rig names it")
    group.addoption(
        "--defect", metavar="FILE", action="append", default=[], help="seed the simulated unit with it (repeatable)"
    )
    group.addoption(
        "--fidelity",
        choices=ASKED,
        default="auto",
        help="of simulated rigs: the sealed network, or loopback, where not everything can be seen; auto is sealed "
        "wherever this host allows it (default: %(default)s)",
    )
    group.addoption("--runs", metavar="DIR", default="reports/runs", help="where run folders go (default: %(default)s)")
    group.addoption("--ledger", metavar="FILE", help="where what falls due later is entered (default: RUNS/ledger.db)")
    group.addoption(
        "--park", metavar="TIME", help="on a real rig, leave to the ledger what would take longer, such as `10 minutes`"
    )
    group.addoption(
        "--prove", action="store_true", help="run each scenario on the clean unit and on every defect of its clauses"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register what holds the session's verdicts."""
    for tag in HARNESS_TAGS:
        config.addinivalue_line("markers", f"{tag}: a tag of the harness, not a clause")
    allure_bridge.install()
    config.pluginmanager.register(Verdicts(config), "telltale-verdicts")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Before anything else: how much can be seen on this host, if scenarios are asked for at all."""
    places = (Path(argument.partition("::")[0]) for argument in config.args)
    features = any(place.suffix == ".feature" or any(place.rglob("*.feature")) for place in places)
    asked: Asked = config.getoption("fidelity")
    return f"fidelity of simulated rigs: {choose(asked)}" if features and not config.getoption("collectonly") else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> FeatureFile | None:
    """Feature files are collected wherever they are."""
    if file_path.suffix == ".feature":
        return FeatureFile.from_parent(parent, path=file_path)
    return None


@pytest.fixture(scope="session")
def benches(request: pytest.FixtureRequest) -> Iterator[Benches]:
    """The benches of this session (or of this worker): opened when first needed, closed at the end."""
    config = request.config
    runs = Path(config.getoption("runs")).resolve()
    ledger = None if config.getoption("prove") else Path(config.getoption("ledger") or runs / "ledger.db").resolve()
    park = config.getoption("park")
    with Benches(runs, ledger=ledger, patience=None if park is None else duration(park)) as opened:
        yield opened


@pytest.fixture
def trial(request: pytest.FixtureRequest, benches: Benches) -> Iterator[Trial]:
    """One scenario's run on the bench: rig, capture, policy and evidence."""
    case = request.node.stash.get(CASE, None)
    if case is None:
        raise InputError(f"{request.node.nodeid} is not a scenario of a .feature file, so it has no rig")
    try:
        running = benches.trial(case.setup, title=request.node.name, clauses=case.clauses)
    except HostRefusedError as refused:
        if hasattr(request.config, "workerinput"):
            raise  # a worker that exits is taken for one that crashed
        pytest.exit(str(refused), returncode=int(refused.exit_status))
    try:
        yield running
    finally:
        running.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Tell what ended a scenario before its verdict: the line of the step, and what had been shown by then.

    What the rig lacks skips a scenario, as long as nothing was judged.
    """
    try:
        return (yield)
    except (Violation, Inconclusive):
        raise
    except InputError as error:
        place = item.stash.get(_PLACE, None)
        if place is None or error.file == place[0]:
            raise
        raise InputError(str(error), file=place[0], line=place[1]) from None
    except TelltaleError as error:
        running = item.funcargs.get("trial") if isinstance(item, pytest.Function) else None
        if not isinstance(running, Trial):
            raise
        if isinstance(error, (NotOnThisRigError, MissingInstrumentError)) and not running.judgements:
            raise pytest.skip.Exception(str(error), _use_item_location=True) from None
        ended = running.cut_short(error)
        if ended is error:
            raise
        raise ended from error
    except (
        Exception,
        pytest.fail.Exception,
        pytest.skip.Exception,
    ) as error:  # in somebody's own step, or a fault of ours
        running = item.funcargs.get("trial") if isinstance(item, pytest.Function) else None
        if not isinstance(running, Trial) or (ended := running.cut_short(error)) is error:
            raise
        raise ended from error


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Close the run before the fixtures are torn down, so that Allure files its evidence with the scenario.

    Title and labels are given here as well, so that a scenario has them even if its bench could not be set up.
    """
    if (case := item.stash.get(CASE, None)) is not None:
        allure_bridge.describe(
            title=item.name,
            feature=case.feature,
            rule=case.rule,
            description=introduction(case.setup, case.clauses, case.said),
            labels=case.setup.labels(case.clauses),
        )
    running = item.funcargs.get("trial") if isinstance(item, pytest.Function) else None
    try:
        if isinstance(running, Trial):
            running.close()
            for name, kind, text in running.evidence():
                allure_bridge.attach(name, text, kind)
    finally:
        result = yield
    return result


def pytest_bdd_before_step(request: pytest.FixtureRequest, feature: Feature, step: Step) -> None:
    """Open the step in the trial and in Allure."""
    text = f"{step.keyword.strip()} {step.name}"
    request.node.stash[_PLACE] = (Path(feature.filename), step.line_number)
    running: Trial = request.getfixturevalue("trial")
    running.begin_step(step.type, text)
    request.node.stash[_ALLURE_STEP] = allure_bridge.start_step(text)
    if step.datatable is not None:
        headings, *rows = step.datatable.raw()
        allure_bridge.attach("table", as_csv([str(heading) for heading in headings], rows), ".csv")


def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """Close the step with the verdict of what it judged, and attach its evidence."""
    running: Trial = request.getfixturevalue("trial")
    for name, kind, text in running.step_evidence():
        allure_bridge.attach(name, text, kind)
    allure_bridge.stop_step(request.node.stash[_ALLURE_STEP], running.step_error())


def pytest_bdd_step_error(request: pytest.FixtureRequest, scenario: Scenario, step: Step, exception: Exception) -> None:
    """Close the step as failed or broken, and show those that it kept from running."""
    allure_bridge.stop_step(request.node.stash[_ALLURE_STEP], exception)
    steps = list(scenario.steps)
    for missed in steps[steps.index(step) + 1 :]:
        handle = allure_bridge.start_step(f"{missed.keyword.strip()} {missed.name}")
        allure_bridge.stop_step(handle, pytest.skip.Exception("not run: the scenario had ended"))
