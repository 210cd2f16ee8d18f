"""The gravest wins, and nothing judged is never a pass."""

from itertools import permutations

import pytest

from telltale.errors import ExitStatus, near_miss
from telltale.finding import Finding, Judgement
from telltale.verdict import Verdict

C, V, X = Verdict.COMPLIES, Verdict.VIOLATES, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "gravest"), [((C, C), C), ((C, X), X), ((C, X, V), V), ((C, V), V), ((X, V), V), ((), X)]
)
def test_the_gravest_verdict_wins_in_any_order(verdicts, gravest):
    assert all(Verdict.gravest(order) is gravest for order in permutations(verdicts))


def test_exit_statuses_rank_usage_violates_inconclusive_complies():
    status = ExitStatus
    assert status.gravest([0, 3, 1, 2]) == 2
    assert status.gravest([0, 3, 1]) == 1
    assert status.gravest([0, 3]) == 3
    assert status.gravest([0]) == 0
    assert status.gravest([]) == 3


def finding(verdict, reading=None):
    return Finding(verdict=verdict, reason="because", reading=reading)


def test_a_gap_turns_complies_into_inconclusive_but_never_hides_a_violation():
    assert Judgement.of("x", [finding(C)]).verdict is C
    assert Judgement.of("x", [finding(C)], gaps=["drops"]).verdict is X
    assert Judgement.of("x", [finding(V)], gaps=["drops"]).verdict is V


def test_each_reading_is_judged_by_its_own_findings():
    judged = Judgement.of("x", [finding(V, "strict"), finding(C, "lenient")], readings=("strict", "lenient"))
    assert judged.verdicts == {"strict": V, "lenient": C}
    assert judged.readings_differ
    assert judged.verdict is V


def test_near_misses_come_first_then_the_few_known_names():
    assert near_miss("serail", ["serial", "power"]) == "; did you mean `serial`?"
    assert near_miss("zzz", ["serial", "power"]) == "; known: `power`, `serial`"
    assert near_miss("zzz", [f"name{n}" for n in range(50)]) == ""
