"""Steps of somebody's own beside the features: an error in one is no finding, and takes back none."""

import pytest

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.usefixtures("sealed_host")]

STEPS = """\
import pytest
from pytest_bdd import then

@then("the diary is thin")
def is_thin():
    assert len("diary") < 3, "it has 5 pages"

@then("the diary has a page 7")
def has_page():
    {}["page 7"]

@then("the diary is left alone")
def is_left_alone():
    pytest.skip("nobody reads it")
"""
SCENARIO = """
  @EV-1
  Scenario: {step}
    Given an Example EV with the trip diary off
    When it is driven for 10 minutes
    Then no VIN leaves the car
    And the diary {step}
"""


@pytest.fixture
def told(outside, run_pytest):
    """Runs scenarios that end with these steps; gives the exit status and the verdicts in the table."""

    def run(*steps, defect=None):
        (outside / "conftest.py").write_text(STEPS)
        feature = "Feature: Own steps\n" + "".join(SCENARIO.format(step=step) for step in steps)
        (outside / "trip_diary.feature").write_text(feature)
        done = run_pytest(*(["--defect", defect] if defect else []), folder=outside)
        rows = {step: line.split()[-1] for step in steps for line in done.lines(f"  {step}  ") if "EV-1" in line}
        return done, rows

    return run


def test_an_error_in_a_step_that_is_no_finding_is_inconclusive(told):
    """A plain assert and a slip alike end 3, never 1 like a violation."""
    done, verdicts = told("is thin", "has a page 7")
    assert done.status == 3, done.out
    assert verdicts == {"is thin": "inconclusive", "has a page 7": "inconclusive"}
    assert done.lines("inconclusive AssertionError: it has 5 pages")
    assert done.lines("inconclusive KeyError: 'page 7'")


def test_a_violation_that_was_shown_stays_one_whatever_ends_the_scenario_after_it(told):
    """An assert, a slip or a skip in a later step takes nothing back."""
    steps = ("is thin", "has a page 7", "is left alone")
    done, verdicts = told(*steps, defect="defects/example-ev/road-report-names-car.yaml")
    assert done.status == 1, done.out
    assert verdicts == dict.fromkeys(steps, "violates")
    assert done.lines("then the scenario was cut short: KeyError: 'page 7'")
