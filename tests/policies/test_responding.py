"""Whether a request was answered in time."""

from dataclasses import replace

import pytest

from policies.model import Clause
from policies.responding import Look, responded
from telltale.errors import InputError
from telltale.times import SECOND
from telltale.verdict import Verdict

OK, BAD, OPEN = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE
DAY = 86_400
BEGUN = 1_772_416_800 * SECOND  # Monday, 2026-03-02, ten in the morning in China
TEN_DAYS = 10 * DAY
WORKING = 14 * DAY + 14 * 3600  # to the end of Monday, 2026-03-16: ten working days


def respond(name, **given):
    """A clause that gives a time for an answer."""
    return Clause(id=name, section="一", statement="s", modality="respond", counted_from="the request", **given)


def asking(small, *clauses):
    """The small policy with two requests, and these clauses."""
    document = small.document.model_copy(update={"requests": {"a copy": "副本", "deletion": "删除"}})
    return replace(small, document=document, clauses={**small.clauses, **{c.id: c for c in clauses}})


@pytest.fixture
def policy(small):
    """Any request is answered within ten days."""
    return asking(small, respond("T-20", requests=("any",), within=TEN_DAYS * SECOND))


def _look(after, answer=None, *, dated=None, doubt=None):
    moment = None if dated is None else BEGUN + dated * SECOND
    return Look(bench=BEGUN + round(after * SECOND), answer=answer, dated=moment, doubt=doubt)


@pytest.mark.parametrize(
    ("looks", "verdict", "reason"),
    [
        ([_look(9 * DAY, "done", dated=9 * DAY)], OK, "seen answered (done) 9 d after it was taken"),
        ([_look(TEN_DAYS + 59, "done")], OK, "seen answered"),
        ([_look(TEN_DAYS)], BAD, "still open 10 d after it was taken"),
        ([_look(TEN_DAYS), _look(TEN_DAYS + 30, "done")], BAD, "still open 10 d"),
        ([_look(12 * DAY, "done", dated=11 * DAY)], BAD, "by an answer dated 2026-03-13T02:00:00.000Z"),
        ([_look(12 * DAY, "done", dated=9 * DAY)], OPEN, "nobody had looked when its time was up"),
        ([_look(12 * DAY, "done")], OPEN, "nobody had looked when its time was up"),
        ([_look(9 * DAY, "refused: no proof")], OK, "seen answered (refused: no proof)"),
        ([_look(9 * DAY)], OPEN, "still open 9 d after it was taken, when its time was not up"),
        ([_look(TEN_DAYS, doubt="status 503 tells nothing")], OPEN, "no look shows anything: status 503"),
        ([_look(DAY, doubt="status 503 tells nothing"), _look(9 * DAY, "done")], OK, "seen answered"),
        ([], OPEN, "nobody looked for an answer"),
    ],
    ids=str,
)
def test_an_answer_counts_from_when_it_was_seen(looks, verdict, reason, policy):
    """The cloud's own word for its moment is believed against the cloud alone."""
    judged = responded("deletion", looks, policy, since=BEGUN)
    assert judged.verdict is verdict
    assert all(reason in finding.reason for finding in judged.findings)
    assert {finding.clauses for finding in judged.findings} == {("T-20",)}


def test_working_days_end_with_the_day(small):
    """Nobody has to answer before midnight, and nobody may after it."""
    policy = asking(small, respond("T-20", requests=("any",), working_days=10))
    assert responded("a copy", [_look(WORKING - 1)], policy, since=BEGUN).verdict is OPEN
    assert responded("a copy", [_look(WORKING)], policy, since=BEGUN).verdict is BAD
    (told, *_) = responded("a copy", [_look(WORKING, "done")], policy, since=BEGUN).findings
    assert "T-20 has it answered within 10 working days, that is by 2026-03-16T16:00:00.000Z" in told.reason


def test_a_year_that_is_not_announced_is_open_between_its_bounds(small):
    """Answered before the earliest end it was in time whatever will be announced; open after the latest it was not."""
    policy = asking(small, respond("T-20", requests=("any",), working_days=10))
    begun = 3_831_670_800 * SECOND  # 2091-06-03, a Sunday
    for days, answer, verdict in ((8, "done", OK), (16, "done", OPEN), (16, None, OPEN), (40, None, BAD)):
        looks = [Look(bench=begun + days * DAY * SECOND, answer=answer)]
        assert responded("a copy", looks, policy, since=begun).verdict is verdict, (days, answer)


def test_each_clause_about_the_request_judges_it(small):
    """Deletion is to be answered sooner than other things."""
    sooner = respond("T-21", requests=("deletion",), within=5 * DAY * SECOND)
    policy = asking(small, respond("T-20", requests=("any",), within=TEN_DAYS * SECOND), sooner)
    looks = [_look(5 * DAY), _look(7 * DAY, "done")]
    assert responded("a copy", looks, policy, since=BEGUN).verdict is OK
    judged = responded("deletion", looks, policy, since=BEGUN)
    assert {f.clauses for f in judged.findings if f.verdict is BAD} == {("T-21",)}


def test_an_inferred_clause_decides_nothing(small):
    policy = asking(small, respond("T-20", requests=("any",), within=DAY * SECOND, warning=True))
    judged = responded("deletion", [_look(2 * DAY)], policy, since=BEGUN)
    assert judged.verdict is OK
    assert all(finding.reason.startswith("warning: ") for finding in judged.findings)


def test_a_reading_of_its_own_judges_alone(small):
    """A clause that gives longer under one reading."""
    policy = asking(
        small,
        respond("T-20", requests=("any",), within=5 * DAY * SECOND, under={"lenient": {"within": "10 days"}}),
    )
    looks = [_look(5 * DAY), _look(7 * DAY, "done")]
    judged = responded("deletion", looks, policy, since=BEGUN)
    assert judged.verdicts == {"strict": BAD, "lenient": OK}
    assert responded("deletion", looks, policy, since=BEGUN, reading="lenient").verdict is OK


def test_what_nobody_can_judge_is_an_error(policy, small):
    """An unknown request, and one that no clause gives a time for."""
    with pytest.raises(InputError, match="unknown request `deletoin`; did you mean `deletion`"):
        responded("deletoin", [], policy, since=BEGUN)
    with pytest.raises(InputError, match="no clause says by when deletion is answered"):
        responded("deletion", [], asking(small), since=BEGUN)
