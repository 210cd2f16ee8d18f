"""The features of this repository: each line means one thing, each scenario can fail, each clause is tested or excused.

The rules themselves are seen to fail on bad examples in tests/steps/test_lint.py.
"""

from pathlib import Path

import pytest
from pytest_bdd.steps import step_function_context_registry

import rigs
from policies import load_policy
from rigs.vehicle import Vehicle
from steps.collector import read_feature
from steps.lint import HARNESS_TAGS, complaints, tags_of
from telltale.yamlfile import load
from trials.defaults import Defaults

ROOT = Path(rigs.__file__).parents[1]
FOLDERS = [*sorted(folder for folder in (ROOT / "features").iterdir() if folder.is_dir()), ROOT / "docs" / "example"]
FILES = [file for folder in FOLDERS for file in sorted(folder.glob("*.feature"))]


@pytest.fixture(scope="module", autouse=True)
def _stimuli():
    """Vehicle files bring their own words."""
    for file in (ROOT / "rigs" / "vehicles").glob("*.yaml"):
        Vehicle.load(file)


def policy_of(folder):
    return load_policy(folder / load(folder / "defaults.yaml", Defaults).policy)


def tagged(folder):
    """Every tag of every scenario."""
    features = [read_feature(file) for file in folder.glob("*.feature")]
    return {tag for feature in features for one in feature.scenarios.values() for tag in tags_of(feature, one)}


def unaccounted(policy, tags):
    """Clauses that no scenario names and nobody excused, and those that are excused although one names them.

    What somebody attests to is excused by its procedure.
    """
    excused = {clause.id for clause in policy.clauses.values() if clause.untested or clause.modality == "attest"}
    return sorted(policy.clause_ids - excused - tags), sorted(excused & tags)


def test_there_are_features_to_look_at():
    scenarios = [name for file in FILES for name in read_feature(file).scenarios]
    assert len(scenarios) >= 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_means_one_step_and_every_scenario_can_fail(file):
    """One definition a step line, a When and a Then a scenario, known clauses, names that differ."""
    definitions = list(step_function_context_registry.values())
    assert [str(c) for c in complaints(read_feature(file), definitions, policy_of(file.parent).clause_ids)] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_clause_is_named_by_a_scenario_or_excused(folder):
    assert unaccounted(policy_of(folder), tagged(folder) - HARNESS_TAGS) == ([], [])


def test_a_clause_without_a_scenario_and_a_needless_excuse_are_seen():
    """The check itself, on a policy whose scenarios name one clause that is excused, and miss one that is not."""
    policy = policy_of(ROOT / "features" / "xiaomi-ev-2025-06")
    tags = (policy.clause_ids - {"XM-21-03"}) | {"XM-20-08"}
    missed, needless = unaccounted(policy, tags)
    assert missed == ["XM-21-03"]
    assert "XM-20-08" in needless


@pytest.mark.parametrize("folder", FOLDERS[:-1], ids=lambda folder: folder.name)
def test_a_reason_is_a_sentence(folder):
    for clause in policy_of(folder).clauses.values():
        assert clause.untested is None or (len(clause.untested) > 30 and clause.untested.endswith("."))
