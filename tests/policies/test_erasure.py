"""Whether an upload can still be retrieved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.erasure import Check, erased
from policies.judge import cover
from policies.keeping import none_is_kept
from telltale.errors import InputError
from telltale.times import SECOND
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
HOUR = 3600


@pytest.fixture
def upload(road, small):
    """A video that left for the camera at bench time 100 s."""
    road.state(gear="P", lock="locked").send("cam.test", "cabin_video", path="/v1/video", at=100)
    (finding,) = cover(road.transmissions, road.sightings, road.timeline, small, reading="lenient")
    return finding


def _check(
    after: float, status: int | None = 404, *, served: bool | None = False, control=True, way="the app"
) -> Check:
    bench = round((100 + after) * SECOND)
    return Check(way=way, status=status, served=served, control_served=control, bench=bench)


@pytest.mark.parametrize(
    ("late", "verdict", "reason"),
    [
        (_check(HOUR), OK, "the app answered 404 1 h after the upload"),
        (_check(HOUR, 410), OK, "answered 410"),
        (_check(HOUR, 200, served=True), BAD, "the app still served it 1 h after the upload"),
        (_check(HOUR, 403), OPEN, "status 403 is no erasure"),
        (_check(HOUR, 401), OPEN, "status 401 is no erasure"),
        (_check(HOUR, 302), OPEN, "status 302 is no erasure"),
        (_check(HOUR, 500), OPEN, "status 500 is no erasure"),
        (_check(HOUR, 200, served=None), OPEN, "status 200 is no erasure"),
        (_check(HOUR, None, served=None), OPEN, "no answer came"),
        (_check(HOUR, control=False), OPEN, "the control object was not served either"),
        (_check(HOUR + 59), OK, "answered 404"),
        (_check(HOUR + 61), OPEN, "first tried 61 s after the limit"),
        (_check(HOUR - 1), OPEN, "not tried after the limit"),
    ],
)
def test_gone_means_not_retrievable_beside_a_control_that_is(late, verdict, reason, upload, small):
    """At the limit, and not long after it; anything else shows nothing."""
    judged = erased(upload, [_check(10, 200, served=True), late], small, reading="lenient")
    assert judged.verdict is verdict
    assert any(reason in finding.reason for finding in judged.findings if finding.verdict is verdict)


def test_the_finding_has_the_upload_s_evidence(upload, small):
    """Clause, sighting, transmission, and the time of the check."""
    judged = erased(upload, [_check(HOUR, 200, served=True)], small, reading="lenient")
    (broken,) = (finding for finding in judged.findings if finding.verdict is BAD)
    assert (broken.clauses, broken.sighting, broken.transmission) == (("T-13",), upload.sighting, upload.transmission)
    assert broken.bench == (100 + HOUR) * SECOND


def test_every_way_has_to_be_closed(upload, small):
    """A direct address may outlive the app's."""
    checks = [_check(HOUR), _check(HOUR, 200, served=True, way="its direct address")]
    judged = erased(upload, checks, small, reading="lenient")
    assert judged.verdict is BAD
    assert any("its direct address still served it" in finding.reason for finding in judged.findings)


def test_what_comes_back_was_not_erased(upload, small):
    """Gone at the limit and served later is served."""
    judged = erased(upload, [_check(HOUR), _check(HOUR + 30, 200, served=True)], small, reading="lenient")
    assert judged.verdict is BAD


NEXT_USE = ({"gear": ("D",)},)


@pytest.fixture
def until_next_use(small):
    """The small policy, whose video is gone within an hour of the next use."""
    clause = small.clauses["T-13"].model_copy(update={"begins": NEXT_USE, "under": {}, "within": HOUR * SECOND})
    return replace(small, clauses={**small.clauses, "T-13": clause})


@pytest.mark.parametrize(
    ("asked", "verdict", "reason"),
    [
        (500 + HOUR, OK, "answered 404 1 h after gear D, after it was served before that"),
        (499 + HOUR, OPEN, "not tried after the limit"),
        (HOUR, OPEN, "not tried after the limit"),
    ],
)
def test_a_deadline_may_begin_with_a_state_that_comes_about(asked, verdict, reason, road, upload, until_next_use):
    """At the first such moment after the upload, and not at a later one."""
    for at, gear in ((600, "D"), (700, "P"), (800, "D")):
        road.state(at=at, gear=gear)
    checks = [_check(10, 200, served=True), _check(asked)]
    judged = erased(upload, checks, until_next_use, reading="lenient", timeline=road.timeline)
    assert judged.verdict is verdict
    assert any(reason in finding.reason for finding in judged.findings)


def test_a_deadline_that_has_not_begun_is_inconclusive(road, upload, until_next_use):
    """Nothing is concluded from what is gone early, and the state that did not come about is named."""
    judged = erased(upload, [_check(HOUR)], until_next_use, reading="lenient", timeline=road.timeline)
    assert judged.verdict is OPEN
    assert any("the time of T-13 has not begun: gear D did not come about" in f.reason for f in judged.findings)


def test_of_deadlines_that_begin_with_different_states_the_one_that_began_decides(road, upload, until_next_use):
    """The other is not due, and leaves nothing open."""
    other = until_next_use.clauses["T-13"].model_copy(update={"id": "T-19", "begins": ({"plan": ("off",)},)})
    policy = replace(until_next_use, clauses={**until_next_use.clauses, "T-19": other})
    road.state(at=600, gear="D")
    judged = erased(upload, [_check(500 + HOUR)], policy, reading="lenient", timeline=road.timeline)
    assert (judged.verdict, "T-19" in judged.clauses) == (OK, False)


def test_nobody_tried(upload, small):
    """No check, no erasure."""
    assert erased(upload, [], small, reading="lenient").verdict is OPEN


def test_readings_have_limits_of_their_own(upload, small):
    """Served after five minutes: too long under the one, early enough under the other."""
    checks = [_check(60, 200, served=True), _check(300, 200, served=True), _check(HOUR)]
    assert erased(upload, checks, small).verdicts == {"strict": BAD, "lenient": OK}


def test_an_inferred_limit_only_warns(upload, small):
    """The clause that is not stated decides nothing."""
    judged = erased(upload, [_check(900, 200, served=True), _check(HOUR)], small, reading="lenient")
    assert judged.verdict is OK
    assert [f.clauses for f in judged.findings if f.reason.startswith("warning: the app still served it")] == [
        ("T-14",)
    ]


def test_an_edge_within_the_clocks_uncertainty_is_inconclusive(upload, small):
    """Served a second after the limit, by clocks that differ by two."""
    checks = [_check(HOUR + 1, 200, served=True)]
    assert erased(upload, checks, small, reading="lenient", uncertainty=2 * SECOND).verdict is OPEN
    assert erased(upload, checks, small, reading="lenient", uncertainty=SECOND).verdict is BAD


def test_a_first_look_within_the_uncertainty_of_the_grace_is_inconclusive(upload, small):
    """It may have come too late to speak for the limit."""
    checks = [_check(10, 200, served=True), _check(HOUR + 59)]
    assert erased(upload, checks, small, reading="lenient", uncertainty=SECOND).verdict is OK
    judged = erased(upload, checks, small, reading="lenient", uncertainty=2 * SECOND)
    assert judged.verdict is OPEN
    assert any("first tried 59 s after the limit, which the clocks leave open" in f.reason for f in judged.findings)


def test_the_time_may_count_from_another_moment(upload, small):
    """The end of a long upload."""
    checks = [_check(HOUR + 30, 200, served=True), _check(HOUR + 40)]
    assert erased(upload, checks, small, since=140 * SECOND, reading="lenient").verdict is OK


def test_gaps_make_it_inconclusive(upload, small):
    """What could not be seen."""
    assert erased(upload, [_check(HOUR)], small, reading="lenient", gaps=["the probe lost its way"]).verdict is OPEN


def test_only_what_a_clause_erases_can_be_asked_for(road, small):
    """One line, with what was given."""
    (finding,) = cover(
        *(road.send("report.test", "vin", channel="gbt32960").transmissions, road.sightings, road.timeline, small),
        reading="strict",
    )
    with pytest.raises(InputError, match="no clause has vin for report erased"):
        erased(finding, [], small)


@pytest.mark.usefixtures("upload")
@pytest.mark.parametrize(("now", "late"), [(100 + HOUR, True), (99 + HOUR, False)])
def test_what_is_still_kept_when_its_time_is_up_breaks_the_clause_that_has_it_gone(now, late, road, small):
    """Before that it is the scenario that allows none."""
    judged = none_is_kept(road.window, small, ["cabin_video"], "the car", now=now * SECOND)
    (found,) = (finding for finding in judged.findings if finding.reading in (None, "lenient"))
    assert found.verdict is BAD
    assert (found.clauses == ("T-13",)) is late
    assert ("T-13 has it gone by now" in found.reason) is late
