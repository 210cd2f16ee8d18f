"""Where a unit takes itself to be, with and without satellites."""

import pytest

from rigs.sim.unit.gbt32960 import _position
from rigs.sim.unit.places import coordinates, item_of
from rigs.sim.unit.templates import render_all
from rigs.sim.unit.whereabouts import KEPT, Whereabouts
from telltale.times import SECOND

STATE = {
    "fix": {"gnss": "fix", "values": {"valid": "there", "lost": "none"}},
    "place": {"near": ["home_position"], "within": 200, "values": {"near": "home", "away": "elsewhere"}},
}
HOME = {"home_position": {"lat": 40.2, "lon": 116.5}}


class Clock:
    now = 0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def unit(clock):
    return Whereabouts(STATE, HOME, lambda: clock.now)


def test_a_unit_that_never_had_a_fix_knows_no_place(unit):
    """So nothing is composed of one, and no fact of places is known."""
    assert unit.facts() == {"fix": "none"}
    with pytest.raises(KeyError):
        unit.value("position.lat")


def test_a_lost_fix_stays_the_last_known_place_and_grows_old(unit, clock):
    """From the moment of the loss, however often it is told; a new fix is young."""
    unit.fixed(40.2, 116.5)
    clock.now = 90 * SECOND
    assert (unit.value("position.fix"), unit.value("position.age")) == ("valid", 0)
    unit.lost()
    clock.now += 30 * SECOND
    unit.lost()
    clock.now += 30 * SECOND
    assert unit.facts() == {"fix": "none", "place": "home"}
    assert (unit.value("position.lat"), unit.value("position.fix"), unit.value("position.age")) == (40.2, "lost", 60)
    unit.fixed(40.3, 116.5)
    assert unit.facts() == {"fix": "there", "place": "elsewhere"}
    assert unit.value("position.age") == 0


def test_a_place_of_the_run_is_told_in_degrees():
    """By its item, in templates; other items are left alone."""
    values = coordinates({**HOME, "vin": "LNBSCPAE5RW000017"})
    assert values == {"home_position.lat": 40.2, "home_position.lon": 116.5}
    assert render_all("{home_position.lat:.3f}", values.__getitem__) == "40.200"
    assert (item_of("home_position.lat"), item_of("now.unix"), item_of("vin")) == ("home_position", "now.unix", "vin")


@pytest.mark.parametrize(
    ("place", "code"),
    [((57.64911, 10.40744), "u4pruydqqvj8"), ((-90, -180), "000000000000"), ((90, 180), "zzzzzzzzzzzz")],
)
def test_the_last_fix_has_a_geohash(unit, place, code):
    """The first is its inventor's own example; the world's ends lie in its last cells. A shorter one is coarser."""
    unit.fixed(*place)
    assert unit.value("position.geohash") == code
    assert render_all("{position.geohash:.3}", unit.value) == code[:3]


def test_the_trail_is_every_fix_so_far_as_exact_as_asked(unit):
    """A format goes for each number; the oldest are forgotten."""
    for step in range(KEPT + 2):
        unit.fixed(39 + step / 1000, 116.5)
    text = render_all({"path": "{position.trail}", "coarse": "x={position.trail:.1f}"}, unit.value)
    assert text["path"].startswith("39.002000,116.500000;39.003000,116.500000;")
    assert text["path"].count(";") == KEPT - 1
    assert text["coarse"].startswith("x=39.0,116.5;")


@pytest.mark.parametrize(("valid", "status"), [(True, 0b000), (False, 0b001)], ids=["fix", "none"])
def test_a_report_marks_a_place_that_is_not_of_this_moment(valid, status):
    """GB/T 32960.3, table 15: the last valid one is sent, as invalid."""
    assert _position((40.2, 116.5), valid=valid) == bytes([status]) + (116500000).to_bytes(4) + (40200000).to_bytes(4)
