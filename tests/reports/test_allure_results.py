"""What the bridge puts into Allure's results, recorded by a real pytest with allure-pytest."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

SESSION = """
import pytest

from reports import allure_bridge
from telltale.errors import RigError, TelltaleError

allure_bridge.install()


class Violation(TelltaleError, AssertionError):
    pass


@pytest.fixture
def trial():
    yield


@pytest.fixture
def benches(request):
    if request.node.name.startswith("test_no_bench"):
        raise RigError("the host refuses namespaces")
    yield


@pytest.fixture
def fixture_of_someone_else():
    yield


@pytest.fixture(autouse=True)
def described(trial, request):
    yield
    allure_bridge.attach("timeline", "<svg xmlns='http://www.w3.org/2000/svg'/>", ".svg")
    allure_bridge.describe(
        title=request.node.name.removeprefix("test_").replace("_", " "),
        feature="Experience plan",
        rule="Off is off",
        description="**XM-21-03**: no VIN",
        labels={"document": ["Xiaomi (V1)"], "section": ["21"], "clause": ["XM-21-03"], "unit": ["su7"],
                "fidelity": ["sealed"], "tag": ["XM-21-03", "XM-21-03"]},
    )


def run(*endings):
    for number, error in enumerate(endings):
        handle = allure_bridge.start_step(f"Then claim {number}")
        allure_bridge.attach("judgement", "claim", ".txt")
        allure_bridge.stop_step(handle, error)


def test_it_violates(trial, fixture_of_someone_else):
    broken = Violation("XM-21-03 forbids vin")
    run(None, broken, RigError("could not see"), pytest.skip.Exception("not run"), None)
    raise broken


@pytest.mark.parametrize("_pytest_bdd_example", [{"plan": "off"}], ids=["off"])
def test_it_complies(trial, _pytest_bdd_example):
    run(None)


def test_no_bench(benches):
    pass
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Results and containers of a session with three scenarios."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "test_session.py").write_text(textwrap.dedent(SESSION), encoding="utf-8")
    results = folder / "results"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:telltale"]
    subprocess.run(
        [*command, "--rootdir", str(folder), "--alluredir", str(results), str(folder)],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return results


@pytest.fixture(scope="module")
def results(recorded):
    read = [json.loads(path.read_text(encoding="utf-8")) for path in recorded.glob("*-result.json")]
    return {result["name"]: result for result in read}


def labels(result, name):
    return [label["value"] for label in result["labels"] if label["name"] == name]


def test_a_scenario_has_its_title_description_and_labels(results):
    """Filed by policy, feature and rule; each label once."""
    result = results["it violates"]
    assert result["description"] == "**XM-21-03**: no VIN"
    assert result["titlePath"] == ["Xiaomi (V1)", "Experience plan", "Off is off"]
    assert labels(result, "document") == ["Xiaomi (V1)"]
    assert labels(result, "section") == ["21"]
    assert labels(result, "clause") == ["XM-21-03"]
    assert labels(result, "unit") == ["su7"]
    assert labels(result, "fidelity") == ["sealed"]
    assert labels(result, "tag") == ["XM-21-03"]
    assert labels(result, "epic") == ["Xiaomi (V1)"]
    assert labels(result, "story") == ["Off is off"]


def test_steps_have_the_verdicts_of_what_they_judged(results):
    """Violated is failed, inconclusive broken, what never ran skipped; later steps keep their own."""
    steps = results["it violates"]["steps"]
    assert [step["name"] for step in steps] == [f"Then claim {n}" for n in range(5)]
    assert [step["status"] for step in steps] == ["passed", "failed", "broken", "skipped", "passed"]
    assert results["it violates"]["status"] == "failed"


def test_errors_are_words_without_class_names_and_traces(results):
    """A reviewer reads the reason."""
    step = results["it violates"]["steps"][1]
    assert step["statusDetails"] == {"message": "XM-21-03 forbids vin"}
    assert results["it violates"]["statusDetails"] == {"message": "XM-21-03 forbids vin"}


def test_evidence_is_attached_to_its_step_and_to_the_scenario(results, recorded):
    """As files of their kind."""
    step = results["it violates"]["steps"][0]
    [judgement] = step["attachments"]
    assert (judgement["name"], judgement["type"]) == ("judgement", "text/plain")
    assert (recorded / judgement["source"]).read_text(encoding="utf-8") == "claim"


def test_a_row_of_examples_is_shown_as_title_and_parameters(results):
    """Not as pytest-bdd's own parameter."""
    result = results["it complies [off]"]
    assert result["parameters"] == [{"name": "plan", "value": "off"}]


def test_machinery_shows_only_when_it_failed(recorded):
    """Set-up of pytest-bdd and of the bench is no evidence; anybody else's fixtures stay."""
    shown = {}
    for path in recorded.glob("*-container.json"):
        container = json.loads(path.read_text(encoding="utf-8"))
        for fixture in [*container.get("befores", []), *container.get("afters", [])]:
            shown[fixture["name"]] = fixture.get("status")
    assert "trial" not in shown
    assert not [name for name in shown if "lambda" in name or "pytest_bdd" in name]
    assert shown["benches"] == "broken"
    assert shown["fixture_of_someone_else"] == "passed"


def test_a_scenario_without_a_bench_is_broken_and_says_why(results):
    """With its labels all the same."""
    result = results["no bench"]
    assert result["status"] == "broken"
    assert result["statusDetails"]["message"] == "the host refuses namespaces"
    assert labels(result, "clause") == ["XM-21-03"]
