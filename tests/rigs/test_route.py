"""Routes: the great circle between points, at one speed."""

import math
from itertools import pairwise

import pytest

from rigs.route import BESIDE, EARTH, MOST_FIXES, Route, beside
from telltale.times import SECOND

MINUTE = 60 * SECOND
BEIJING, HOME = (39.9042, 116.4074), (40.2105, 116.5621)


def metres(one, other):
    """Haversine, an own way to the distance."""
    (a, b), (c, d) = ([math.radians(x) for x in place] for place in (one, other))
    part = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(part))


def test_a_route_begins_and_ends_where_it_is_said_to():
    """To the sixth decimal; at its end the car stands."""
    route = Route([BEIJING, HOME])
    assert route.fix(0, MINUTE).position == BEIJING
    assert route.fix(MINUTE, MINUTE).position == HOME
    assert route.fix(2 * MINUTE, MINUTE).position == HOME
    assert route.fix(MINUTE, MINUTE).speed == 0
    assert route.length == pytest.approx(metres(BEIJING, HOME), rel=1e-9)


def test_equal_times_are_equal_ways_at_the_speed_that_is_told():
    """Over legs of different length as well; a tenth of a metre is lost to the sixth decimal."""
    route = Route([BEIJING, (40.05, 116.3), HOME])
    fixes = [route.fix(step * MINUTE, 20 * MINUTE) for step in range(20)]
    assert {round(fix.speed, 6) for fix in fixes} == {round(route.length / 1200, 6)}
    on_legs = [metres(a.position, b.position) for a, b in pairwise(fixes)]
    straight = [way for way in on_legs if way == pytest.approx(route.length / 20, abs=0.5)]
    assert len(straight) == len(on_legs) - 1, "all but the minute with the corner"


@pytest.mark.parametrize(
    ("goal", "course"), [((1, 0), 0), ((0, 1), 90), ((-1, 0), 180), ((0, -1), 270)], ids=["n", "e", "s", "w"]
)
def test_the_course_is_told_from_true_north_clockwise(goal, course):
    """On the way and on arrival."""
    route = Route([(0, 0), goal])
    assert [route.fix(at, 10).course for at in (0, 5, 10)] == pytest.approx([course] * 3, abs=1e-4)


def test_the_way_is_the_great_circle():
    """Beijing to San Francisco leads far north of either, over the date line."""
    route = Route([(39.9, 116.4), (37.8, -122.4)])
    half = route.fix(1, 2)
    assert half.latitude > 58
    assert route.length == pytest.approx(9.5e6, rel=0.01)
    assert metres((39.9, 116.4), half.position) == pytest.approx(route.length / 2, rel=1e-6)


@pytest.mark.parametrize("seconds", [1, 39, 40, 41, 1200, 86_399])
def test_no_drive_has_more_fixes_than_the_search_can_bear(seconds):
    """Whole seconds apart, from the start to the end."""
    moments = list(Route([BEIJING, HOME]).moments(seconds * SECOND))
    assert (moments[0], moments[-1]) == (0, seconds * SECOND)
    assert len(moments) <= MOST_FIXES + 1
    assert all(later > sooner and sooner % SECOND == 0 for sooner, later in pairwise(moments))


def test_a_way_to_where_it_begins_is_none():
    """Two points that are one."""
    with pytest.raises(ValueError, match="from one point to another"):
        Route([BEIJING, BEIJING])


@pytest.mark.parametrize("place", [BEIJING, (-33.9, 18.4)], ids=["north", "south"])
def test_a_car_stands_beside_the_place_that_it_is_driven_to(place):
    """Far enough that four decimals tell the one from the other."""
    assert metres(place, beside(place)) == pytest.approx(BESIDE, abs=0.2)
