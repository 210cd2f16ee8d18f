"""A feature folder outside the repository brings its own car, maker and policy, and no Python: docs/example, copied."""

import hashlib

import pytest

from policies import load_policy
from policies.sections import section_digest

pytestmark = pytest.mark.xdist_group("runs")


@pytest.mark.usefixtures("sealed_host")
def test_a_folder_outside_runs_without_any_python(outside, run_pytest):
    """Scenario, rig, unit, cloud, vehicle and policy are its own; the clean car complies."""
    assert not list(outside.rglob("*.py"))
    done = run_pytest("-v", folder=outside)
    assert done.status == 0, done.out
    assert len(done.lines(" PASSED ")) == 2
    assert "a simulated rig, which says nothing about a real vehicle" in done.out


@pytest.mark.usefixtures("sealed_host")
def test_a_defect_of_its_own_is_caught(outside, run_pytest):
    """The defect is seeded by path; the violation tells where the VIN stood, how, to whom it went and when."""
    done = run_pytest("-k", "off", "--defect", "defects/example-ev/road-report-names-car.yaml", folder=outside)
    assert done.status == 1, done.out
    told = done.lines("violates: no clause permits vin")[0]
    for fact in (
        "EV-2",
        "vin as base64 > gzip > plain in body bytes",
        "to roads.example-ev.test over cellular",
        "at 20",
    ):
        assert fact in told
    assert "seeded with road-report-names-car" in done.out.casefold()


def test_the_digests_of_its_policy_are_those_of_its_text(outside):
    """What the example shows is true: its register was written from this very text."""
    source = load_policy(outside / "policy").document.source
    text = (outside / "policy" / "source.txt").read_text(encoding="utf-8")
    assert source.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert source.sections == {name: section_digest(text, name) for name in source.sections}
