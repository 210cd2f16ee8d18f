"""What goes on once something else has been refused."""

import pytest

from policies.continuing import goes_on
from telltale.times import SECOND
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
SINCE = 10 * SECOND


def sent(road, *moments, host="logs.test", item="vin"):
    road.state(plan="on")
    for at in moments:
        road.send(host, item, at=at)
    return road.window


@pytest.mark.parametrize(
    ("moments", "gaps", "verdict"),
    [
        ((1, 20), (), OK),
        ((1,), (), BAD),
        ((1,), ("the control was not seen",), OPEN),
        ((20,), (), OPEN),
        ((), (), OPEN),
    ],
)
def test_what_left_before_leaves_since(moments, gaps, verdict, road, small):
    """What never left before shows nothing, and what a gap may hide is not told to have stopped."""
    judged = goes_on(sent(road, *moments), small, "logs", ["vin"], since=SINCE, gaps=gaps)
    assert judged.verdict is verdict


def test_the_last_that_left_is_the_evidence_of_a_function_that_stopped(road, small):
    [finding] = goes_on(sent(road, 1, 4), small, "logs", ["vin"], since=SINCE).findings
    assert (finding.transmission.index, finding.reason) == (1, "logs has sent no vin since; the last left before")


def test_another_function_is_no_continuation(road, small):
    sent(road, 1)
    judged = goes_on(sent(road, 20, host="plan.test"), small, "logs", ["vin"], since=SINCE)
    assert judged.verdict is BAD


def test_what_goes_on_without_a_permit_violates_all_the_same(road, small):
    judged = goes_on(sent(road, 1, 20, item="account_id"), small, "logs", ["account_id"], since=SINCE)
    assert judged.verdict is BAD
