"""Unit state over time."""

import pytest

from telltale.timeline import Condition, Timeline


def timeline(*changes):
    made = Timeline()
    for bench, fact, value in changes:
        made.record(bench, fact, value, "test")
    return made


def test_a_change_counts_from_its_own_moment_on():
    line = timeline((10, "plan", "on"), (20, "plan", "off"))
    assert [line.state_at(t).get("plan") for t in (9, 10, 19, 20, 99)] == [None, "on", "on", "off", "off"]


def test_bench_time_never_runs_backwards():
    line = timeline((10, "plan", "on"))
    with pytest.raises(ValueError, match="before the last change"):
        line.record(9, "plan", "off", "test")


def test_phases_join_equal_neighbours_and_end_where_asked():
    line = timeline((0, "plan", "on"), (5, "plan", "on"), (10, "plan", "off"), (30, "plan", "on"))
    assert line.phases("plan", 40) == [(0, 10, "on"), (10, 30, "off"), (30, 40, "on")]


def test_an_unknown_fact_is_not_false_but_unmet():
    assert Condition({"plan": ("off",)}).unmet({}) == "plan is unknown, not off"


def test_a_condition_names_the_first_fact_that_does_not_hold():
    condition = Condition({"gear": ("P",), "lock": ("locked",)})
    assert condition.unmet({"gear": "P", "lock": "unlocked"}) == "lock is unlocked, not locked"
    assert condition.unmet({"gear": "P", "lock": "locked"}) is None
