"""A car that is driven along a way: where its unit takes itself to be, and what the run knows of it."""

import pytest

from rigs.route import beside
from telltale.errors import InputError
from telltale.times import SECOND
from trials.road import Loss

MINUTE = 60 * SECOND


def unit(run):
    return run.session._unit.ask("state")


def test_a_drive_ends_where_it_was_to_and_the_run_knows_every_fix(scenario):
    """Position, place and gear of the unit; identities of the run; route and satellites in the timeline."""
    run = scenario().given()
    run.when()
    run.trial.road.drive_between("home", "the office", 30 * MINUTE, Loss(after=MINUTE, duration=30 * SECOND))
    goal = beside(run.session.stimulator.position_of("position"))
    state = unit(run)
    assert state["position"] == pytest.approx(goal, abs=2e-6)
    assert (state["facts"]["fix"], state["facts"]["place"], state["facts"]["gear"]) == ("valid", "elsewhere", "P")
    told = [identity.value for identity in run.session.identities.of("position")]
    assert goal in told
    assert len(set(told)) > 30
    changes = [(c.fact, c.value) for c in run.trial.timeline if c.fact in ("route", "satellites")]
    assert changes == [
        ("route", "home to the office"),
        ("satellites", "lost"),
        ("satellites", "in view"),
        ("route", "none"),
    ]
    (drive,) = run.trial.road.drives
    assert drive[1] - drive[0] == pytest.approx(30 * MINUTE, abs=SECOND)


def test_a_place_may_be_a_point_of_the_map_with_facts_of_its_own(scenario):
    """The car stands there, the run knows it, and the timeline says what is so at that place."""
    run = scenario().given()
    run.when()
    run.trial.road.drive_between("the border", "Lang Son", 30 * MINUTE)
    state = unit(run)
    assert (state["position"], state["facts"]["country"]) == (pytest.approx((21.85, 106.76), abs=2e-6), "abroad")
    assert run.trial.timeline.state_at(run.trial.now)["country"] == "abroad"
    assert (21.85, 106.76) in [identity.value for identity in run.session.identities.of("position")]


def test_without_satellites_a_driven_car_knows_its_last_place(scenario):
    """It is somewhere else by then, and told so as soon as they are back; a restart finds it where it is."""
    run = scenario().given()
    run.when()
    run.trial.road.lose_satellites()
    run.trial.road.drive_along("commute", 40 * MINUTE)
    before = run.session.identities.first("position").value
    state = unit(run)
    assert (state["position"], state["facts"]["fix"]) == (pytest.approx(before, abs=2e-6), "lost")
    run.trial.road.find_satellites()
    there = run.session.stimulator.whereabouts
    state = unit(run)
    assert (state["position"], state["facts"]["fix"]) == (pytest.approx(there, abs=2e-6), "valid")
    run.session.restarted()
    assert unit(run)["position"] == pytest.approx(there, abs=2e-6)


@pytest.mark.parametrize(
    ("drive", "complaint"),
    [
        (lambda road: road.drive_between("home", "offce", MINUTE), r"has no place `offce`; did you mean `the office`"),
        (lambda road: road.drive_along("comute", MINUTE), r"has no route `comute`; did you mean `commute`"),
        (lambda road: road.drive_between("home", "home", MINUTE), r"home to home`: a route leads from one point to"),
        (
            lambda road: road.drive_between("home", "the office", MINUTE, Loss(after=MINUTE, duration=SECOND)),
            r"lost for 1 s after 1 min, and the drive is over after 1 min",
        ),
    ],
    ids=["no place", "no route", "no way", "over before"],
)
def test_a_drive_that_cannot_be_is_told_before_it_begins(scenario, drive, complaint):
    """In one line, with what was meant."""
    run = scenario().given()
    run.when()
    with pytest.raises(InputError, match=complaint):
        drive(run.trial.road)
    assert not run.trial.road.drives
