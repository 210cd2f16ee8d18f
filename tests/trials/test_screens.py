"""What the centre screen owes its driver."""

import pytest

from telltale.verdict import Verdict
from trials import screens

NEW = "a new version of the policy comes out"
TEXT, NOTICE = "privacy policy v20260101", "policy notice"


@pytest.mark.parametrize(
    ("defects", "stimulus", "verdict"),
    [
        ((), NEW, Verdict.COMPLIES),
        (("new-version-not-told",), NEW, Verdict.VIOLATES),
        ((), "it is locked", Verdict.INCONCLUSIVE),
    ],
)
def test_what_the_car_fetched_for_its_driver_is_on_the_screen(scenario, defects, stimulus, verdict):
    """Where nothing was fetched nothing is owed, and nothing is shown by that."""
    run = scenario(*defects, clauses=("XM-NT-02",)).given().when(stimulus)
    run.then(screens.shows, TEXT, NOTICE)
    [judged] = run.trial.judgements
    assert judged.verdict is verdict
    fetched = [finding.transmission for finding in judged.findings if finding.transmission]
    assert [t.recipient for t in fetched] == ([] if verdict is Verdict.INCONCLUSIVE else ["policy.xiaomiev.test"])
