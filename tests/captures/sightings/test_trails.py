"""Places of the car at several moments: each told once, and together a trajectory."""

import json

import pytest

from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.transmission import Part

WAY = [(39.9042 + step / 50, 116.4074 + step / 80) for step in range(8)]
HOME = (40.0447, 116.4949)
"""Beside the end of the way."""


@pytest.fixture(scope="module")
def engine():
    """Eight fixes of a drive, and the home."""
    fixes = [Identity(item="position", value=(round(lat, 6), round(lon, 6))) for lat, lon in WAY]
    return Engine(Identities([*fixes, Identity(item="home_position", value=HOME)]))


@pytest.fixture
def search(engine, send):
    """What is seen in bodies, a part each."""

    def see(*bodies):
        data = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
        return engine.search(send(*(Part(name=f"body {n}", data=each) for n, each in enumerate(data))))

    return see


def items(seen):
    return [(one.item, one.form) for one in seen]


def test_a_place_on_the_way_is_a_position(search):
    """Of any moment, with the fix that it is."""
    (seen,) = search({"lat": WAY[3][0], "lon": WAY[3][1]})
    assert (seen.item, seen.form, seen.value) == ("position", "plain", f"{WAY[3][0]:.6f},{WAY[3][1]:.6f}")


def test_a_coarse_place_that_fits_many_moments_is_told_once(search):
    """And is the car's place, though the home fits it as well."""
    assert items(search({"lat": 40.0, "lon": 116.5})) == [("position", "coarse")]


def test_the_home_itself_is_told_from_where_the_car_stands_beside_it(search):
    """By digits that only the home has."""
    assert items(search({"lat": HOME[0], "lon": HOME[1]})) == [("home_position", "plain")]


@pytest.mark.parametrize(("count", "found"), [(1, False), (2, False), (3, True), (8, True)])
def test_three_places_side_by_side_are_a_trajectory(search, count, found):
    """Two are where it is and where it goes."""
    seen = search({"path": [list(place) for place in WAY[:count]]})
    assert [one.item for one in seen].count("position") == count
    assert any(one.item == "trajectory" for one in seen) is found


def test_a_coarse_trajectory_is_one_too(search):
    """With the bytes from its first place to its last, and how exact it is."""
    body = b"path=39.9,116.4;40.0,116.4;40.0,116.5&v=2"
    (trail,) = [one for one in search(body) if one.item == "trajectory"]
    assert (trail.form, trail.part) == ("coarse", "body 0")
    assert body[trail.offset : trail.offset + trail.length] == b"39.9,116.4;40.0,116.4;40.0,116.5"
    assert trail.precision == pytest.approx(11_132, rel=0.01)


def test_signs_that_a_url_escapes_are_signs(search):
    """Between the numbers of a place and between the places."""
    seen = search(b"/v1/now?path=39.9%2C116.4%3B40.0%2C116.4%3b40.0%2C116.5&x=1")
    assert items(seen) == [("position", "coarse")] * 3 + [("trajectory", "coarse")]
    assert items(search(b"/v1/now?pos=39.9%2C116.4")) == [("position", "coarse")]


@pytest.mark.parametrize(
    "body",
    [
        b"path=39.9,116.4;40.0,116.4&v=2",  # two of them
        b"path=39.9,116.4;39.9,116.4;39.9,116.4",  # one of them
        b"t=39.9,116.4 rev 7 t=40.0,116.4 rev 8 t=40.0,116.5",  # other numbers between
        b"39.9 volts at 116.4 rpm; 40.0 volts at 116.4 rpm; 40.0 volts at 116.5 rpm",  # words between
    ],
    ids=["two", "one", "numbers between", "words between"],
)
def test_numbers_as_poor_as_these_are_no_places_without_a_row_of_them(search, body):
    """They may be anything."""
    assert items(search(body)) == []


def test_the_same_place_over_and_over_is_no_trajectory(search):
    """A car that stands."""
    seen = items(search({"path": [list(WAY[2])] * 5}))
    assert set(seen) == {("position", "plain")}


def test_places_in_parts_of_their_own_are_no_trajectory(search):
    """Parts may be messages of one stream, each with the place of its moment."""
    seen = search(*({"lat": lat, "lon": lon} for lat, lon in WAY[:4]))
    assert items(seen) == [("position", "plain")] * 4
