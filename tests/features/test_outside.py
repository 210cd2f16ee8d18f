"""A feature folder outside the repository brings its own car, maker and policy, and no Python."""

import hashlib

import pytest

from policies import load_policy
from policies.sections import section_digest

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.usefixtures("sealed_host")]


def test_a_folder_outside_runs_without_any_python(outside, run_pytest):
    """Scenario, rig, unit, cloud, vehicle and policy are its own; the clean car complies."""
    assert not list(outside.rglob("*.py"))
    done = run_pytest(folder=outside)
    assert done.status == 0, done.out
    assert done.lines("With the trip diary off no VIN leaves the car for it")[0].split()[-1] == "complies"
    assert "a simulated rig, which says nothing about a real vehicle" in done.out


def test_a_defect_of_its_own_is_caught(outside, run_pytest):
    """The defect is seeded by path, and the violation tells where the VIN stood and to whom it went."""
    done = run_pytest("--defect", "vin-with-diary-off.yaml", folder=outside)
    assert done.status == 1, done.out
    told = done.lines("violates: no clause permits vin")[0]
    for fact in ("EX-02", "vin as plain in body bytes", "to roads.roadster.test over cellular", "at 20"):
        assert fact in told


def test_the_digests_of_its_policy_are_those_of_its_text(outside):
    """What the example shows is true: the register was written from this very text."""
    policy = load_policy(outside / "policy")
    text = (outside / "policy" / "source.txt").read_text()
    assert policy.document.source.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert policy.document.source.sections == {name: section_digest(text, name) for name in ("1", "2")}
