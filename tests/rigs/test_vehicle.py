"""Vehicle files against their DBC."""

from pathlib import Path

import pytest

from rigs.vehicle import Vehicle
from telltale.errors import InputError

RIGS = Path(__file__).parents[2] / "rigs"
CAR = f"""\
vehicle: Test car
called: [test car, the prototype]
dbc: {RIGS}/dbc/body.dbc
stimuli:
  it drives off:
    - can:
        VehicleStatus:
          Gear: D
          VehicleSpeed: 50
    - facts: {{gear: D}}
switches:
  plan:
    adb setting: {{namespace: global, key: plan, on: "1", off: "0"}}
    fact: plan
"""


@pytest.fixture
def write(tmp_path):
    def writer(text):
        path = tmp_path / "car.yaml"
        path.write_text(text)
        return path

    return writer


@pytest.mark.parametrize("path", sorted((RIGS / "vehicles").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_vehicles_of_this_repository_fit_their_dbc(path):
    """Every stimulus can be looked up by its name."""
    vehicle = Vehicle.load(path)
    assert vehicle.stimuli
    assert all(vehicle.stimulus(name) for name in vehicle.stimuli)
    assert all(vehicle.is_called(name) for name in vehicle.called)


def test_a_vehicle_is_known_by_its_names(write):
    """Case and blanks do not matter."""
    vehicle = Vehicle.load(write(CAR))
    assert vehicle.is_called(" The Prototype")
    assert vehicle.is_called("Test car")
    assert not vehicle.is_called("other car")


def test_a_switch_translates_both_ways(write):
    """A value that means neither is neither."""
    switch = Vehicle.load(write(CAR)).switch("plan")
    assert (switch.value("on"), switch.value("off")) == ("1", "0")
    assert [switch.position(value) for value in ("1", "0", "2", None)] == ["on", "off", None, None]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("Gear: D", "Gaer: D", 8, "has no signal `Gaer`; did you mean `Gear`"),
        ("Gear: D", "Gear: X", 8, "signal `Gear` is `X`: no such value; known: `D`, `N`, `P`, `R`"),
        ("VehicleSpeed: 50", "VehicleSpeed: 500", 9, "signal `VehicleSpeed` is `500`, expected 0 to 300 km/h"),
        ("VehicleStatus:", "VehicleState:", 7, "the DBC has no message `VehicleState`; did you mean `VehicleStatus`"),
        ("body.dbc", "bdoy.dbc", 3, "no such CAN database; did you mean `body.dbc`"),
        ("body.dbc", "../mini-os9.yaml", 3, "is no CAN database"),
        (
            "facts: {gear: D}",
            "facts: {gear: D}\n      wait: 1 s",
            10,
            "expected exactly one of can, ",
        ),
        ("facts: {gear: D}", "app: {post: x}", 10, "`owner's app` is missing, which `app` needs"),
        ("facts: {gear: D}", "switch: {plam: off}", 10, "unknown switch `plam`; did you mean `plan`?"),
        ("facts: {gear: D}", "switch: {plan: up}", 10, "expected one of on, off"),
        ("facts: {gear: D}", "wait: soon", 10, "`soon` is not a duration"),
        ("stimuli:", "stimluli:", 4, "unknown key `stimluli`; did you mean `stimuli`"),
        ("namespace: global", "namespace: globl", 13, "expected one of global, secure, system"),
        (
            "vehicle: Test car",
            "vehicle: Test car\nmanufacturer code: ln",
            2,
            "capitals and digits that a VIN starts with",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(write, old, new, line, message):
    """File, line, what was given, near-misses."""
    assert old in CAR
    path = write(CAR.replace(old, new))
    with pytest.raises(InputError) as caught:
        Vehicle.load(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("places: {home: {at: hom_position}}", r"`hom_position` is no place; did you mean `home_position`"),
        ("places: {home: {at: vin}}", r"`vin` is no place"),
        (
            "places: {home: {at: home_position}}\nroutes: {way: [home, hoem]}",
            r"`hoem` is no place of this file; did you",
        ),
        ("places: {home: {at: home_position}}\nroutes: {way: [home]}", r"at least 2"),
        ("speedometer: VehicleStatus.Speed", r"`Speed`"),
    ],
)
def test_a_place_or_a_route_that_leads_nowhere_is_told_with_its_line(write, more, complaint):
    """Before anything is driven."""
    with pytest.raises(InputError, match=complaint):
        Vehicle.load(write(CAR + more + "\n"))


def test_places_and_routes_are_known_by_their_names(write):
    """A name that is none is told with those that are near."""
    places = "places: {home: {at: home_position, facts: {place: home}}}\n"
    vehicle = Vehicle.load(write(CAR + places + "routes: {way: [home, {lat: 1, lon: 2}]}\n"))
    assert (vehicle.place("home").at, vehicle.place("home").facts) == ("home_position", {"place": "home"})
    assert vehicle.route("way")[0] == "home"
    with pytest.raises(InputError, match=r"Test car has no place `hone`; did you mean `home`"):
        vehicle.place("hone")
    with pytest.raises(InputError, match=r"Test car has no route `wa`"):
        vehicle.route("wa")
