"""What the maker's cloud shows to others."""

from policies.showing import shown_is_covered
from telltale.verdict import Verdict


def test_what_is_shown_is_given_to_those_who_see_it(road, small):
    """An item that no clause gives them violates; one that was expected and is not shown leaves it open."""
    window = road.state(plan="on", permission="on").send("plan.test", "vin").window
    assert shown_is_covered(window, small, ["vin"]).verdict is Verdict.COMPLIES
    assert shown_is_covered(window, small, ["vin", "nickname"]).verdict is Verdict.INCONCLUSIVE
    assert shown_is_covered(road.send("plan.test", "email").window, small, ["vin"]).verdict is Verdict.VIOLATES
