"""Whether an upload was kept for as long as a clause says."""

from dataclasses import replace

import pytest

from policies.erasure import Check
from policies.judge import cover
from policies.model import Clause
from policies.retaining import retained
from telltale.errors import InputError
from telltale.times import SECOND
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
HOUR = 3600


@pytest.fixture
def policy(small):
    """The small policy, whose video is kept for an hour at least."""
    kept = Clause(
        id="T-20",
        section="一",
        statement="s",
        modality="retain",
        items="cabin_video",
        within=HOUR * SECOND,
        counted_from="u",
    )
    return replace(small, clauses={**small.clauses, "T-20": kept})


@pytest.fixture
def upload(road, small):
    """A video that left for the camera at bench time 100 s."""
    road.state(gear="P", lock="locked").send("cam.test", "cabin_video", path="/v1/video", at=100)
    (finding,) = cover(road.transmissions, road.sightings, road.timeline, small, reading="lenient")
    return finding


def _check(after, status=200, *, control=True, way="the app"):
    bench = round((100 + after) * SECOND)
    return Check(way=way, status=status, served=status == 200, control_served=control, bench=bench)


@pytest.mark.parametrize(
    ("checks", "verdict", "reason"),
    [
        ([_check(HOUR)], OK, "it was still served 1 h after the upload"),
        ([_check(HOUR), _check(HOUR, 410, way="its direct address")], OK, "still served"),
        ([_check(10), _check(HOUR - 60, 404)], BAD, "no way served it 59 min after the upload"),
        ([_check(10), _check(HOUR - 60, 404), _check(HOUR - 60, 410, way="its direct address")], BAD, "no way served"),
        ([_check(10), _check(HOUR - 60, 404, control=False)], OPEN, "it was last seen 10 s after the upload"),
        ([_check(10), _check(HOUR - 60, 500)], OPEN, "it was last seen 10 s"),
        ([_check(10), _check(HOUR + 60, 404)], OPEN, "when its least time was not surely over"),
        ([_check(HOUR + 60, 404)], OPEN, "it was not seen to be served"),
        ([], OPEN, "nobody tried"),
    ],
)
def test_kept_means_that_some_way_serves_it(checks, verdict, reason, policy, upload):
    """Lost means that none does before its time is over, beside a control object that is served."""
    judged = retained(upload, checks, policy, since=100 * SECOND)
    assert judged.verdict is verdict
    assert all(reason in finding.reason and finding.clauses == ("T-20",) for finding in judged.findings)


def test_what_the_clocks_leave_open_is_open(policy, upload):
    """Served within their uncertainty of the limit it may have been too early, lost within it too late."""
    for check in (_check(HOUR + 1), _check(HOUR - 1, 404)):
        judged = retained(upload, [_check(10), check], policy, since=100 * SECOND, uncertainty=2 * SECOND)
        assert judged.verdict is OPEN


def test_without_such_a_clause_there_is_nothing_to_judge(small, upload):
    with pytest.raises(InputError, match="no clause has cabin_video for camera kept for a time"):
        retained(upload, [_check(HOUR)], small, since=100 * SECOND)
