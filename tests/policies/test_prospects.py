"""Which clauses a rig will be able to judge."""

from __future__ import annotations

from policies.prospects import forecast


def told(rows):
    """Clause to prospect and reasons."""
    return {row.clause: (row.prospect, row.because) for row in rows}


def test_a_rig_that_opens_everything_can_judge_all_that_is_tested(small):
    """What no scenario names is told with the register's reason."""
    rows = told(forecast(small, {}))
    assert {prospect for prospect, _ in rows.values()} <= {"can judge", "not tested"}
    untested = {clause.id: clause.untested for clause in small.clauses.values() if clause.untested}
    assert {clause: because for clause, (prospect, because) in rows.items() if prospect == "not tested"} == {
        clause: (reason,) for clause, reason in untested.items()
    }


def test_a_closed_recipient_takes_the_clauses_of_its_functions(small):
    """Clauses about any function are judged for the others, and say so."""
    rows = forecast(small, {"plan.test": "metadata"})
    reason = "what goes to plan.test for plan stays closed to this rig, whose access to it is metadata"
    closed = {row.clause for row in rows if row.closed}
    assert "T-01" in closed
    assert all(row.prospect == "cannot" and row.because == (reason,) for row in rows if row.closed)
    assert told(rows)["T-12"] == ("can judge", (f"but {reason}",))


def test_what_leaves_unseen_takes_every_clause_that_rests_on_an_absence(small):
    """A duty and an erasure are judged by what is there."""
    rows = told(forecast(small, {}, exits=["usb tethering"]))
    reason = "what leaves by usb tethering is not observed on this bench"
    assert rows["T-02"] == ("cannot", (reason,))
    assert rows["T-04"] == ("can judge", ())
    assert rows["T-13"] == ("can judge", ())


def test_missing_instruments_take_what_they_are_needed_for(small):
    """Facts that nobody can bring about, and the cloud that nobody can ask."""
    rows = told(forecast(small, {}, facts={"plan": "this rig has no adb"}, probe=False))
    assert rows["T-01"] == ("cannot", ("plan cannot be brought about: this rig has no adb",))
    assert rows["T-13"] == ("cannot", ("this rig has no probe to ask the maker's cloud with",))
    assert rows["T-10"] == ("can judge", ())
